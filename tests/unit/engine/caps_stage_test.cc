#include "tests/support/engine_builders.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

class Caps : public ::testing::Test {
protected:
  Caps() {
    scene.add_item("a");
    scene.add_item("b");
  }
  Candidates capped() {
    const Bound bound(scene);
    Candidates out = apply_caps(bound.call, bound.opening, bound.candidates());
    text = names(bound, out.alive) + "|" + dropped_text(bound, out.dropped);
    return out;
  }
  Scene scene;
  std::string text;
};

TEST_F(Caps, a_full_cap_drops_with_rule_count_and_limit) {
  scene.add_cap("weekly", Per::item, 2);
  scene.add_shown("a", noon - days(1));
  capped();
  EXPECT_EQ(text, "a,b|");
  scene.add_shown("a", noon - days(2));
  const Candidates out = capped();
  EXPECT_EQ(text, "b|a:capped");
  const Reason& reason = out.dropped.front().reasons.front();
  EXPECT_EQ(reason.stage, Stage::caps);
  EXPECT_EQ(reason.rule, "weekly");
  EXPECT_EQ(reason.observed, 2U);
  EXPECT_EQ(reason.limit, 2U);
  EXPECT_EQ(reason.eligible_again, std::nullopt); // nobody asked, and something is left to show
}

TEST_F(Caps, eligible_again_is_told_with_explain_full_or_when_nothing_is_left) {
  scene.add_cap("weekly", Per::item, 1);
  scene.add_shown("a", noon - days(2));
  scene.request.explain = Explain::full;
  EXPECT_EQ(capped().dropped.front().reasons.front().eligible_again, noon + days(5));
  scene.request.explain = Explain::none;
  scene.add_shown("b", noon - days(1));
  const Candidates out = capped();
  EXPECT_EQ(text, "|a:capped,b:capped");
  EXPECT_EQ(out.dropped[0].reasons.front().eligible_again, noon + days(5));
  EXPECT_EQ(out.dropped[1].reasons.front().eligible_again, noon + days(6));
}

TEST_F(Caps, every_blocking_rule_is_reported_once_and_gaps_have_their_own_code) {
  scene.add_cap("weekly", Per::item, 1).min_gap = hours(30);
  scene.add_cap("everything", Per::all, 1);
  scene.add_shown("a", noon - days(1));
  const Candidates out = capped();
  EXPECT_EQ(text, "|a:capped+gap+capped,b:capped");
  EXPECT_EQ(out.dropped[0].reasons[1].eligible_again, noon + days(6)); // of the rule: its limit lasts longer than its gap
  EXPECT_EQ(out.dropped[1].reasons[0].rule, "everything");
}

TEST_F(Caps, many_full_tags_of_one_rule_are_one_reason_with_the_fullest) {
  scene.items[0].tags = {"sale", "new"};
  scene.items[1].tags = {"sale"};
  scene.add_cap("tags", Per::tag, 1);
  scene.add_shown("a", noon - days(1));
  scene.add_shown("b", noon - days(2));
  const Candidates out = capped();
  EXPECT_EQ(text, "|a:capped,b:capped");
  EXPECT_EQ(out.dropped[0].reasons.front().observed, 2U);
  EXPECT_EQ(out.dropped[0].reasons.front().eligible_again, noon + days(6)); // both tags must be free
}

TEST_F(Caps, exempt_items_pass) {
  scene.items[0].tags = {"service"};
  scene.add_cap("all", Per::all, 0).exempt.emplace().tags = scene.symbol_list({"service"});
  capped();
  EXPECT_EQ(text, "a|b:capped");
}

TEST_F(Caps, organic_placements_are_not_capped) {
  scene.placement.mode = PlacementMode::organic;
  scene.add_cap("all", Per::all, 0);
  capped();
  EXPECT_EQ(text, "a,b|");
}

TEST_F(Caps, live_reservations_count) {
  scene.add_cap("weekly", Per::item, 1);
  scene.add_live("b", noon - minutes(1), noon + minutes(1));
  capped();
  EXPECT_EQ(text, "a|b:capped");
}

} // namespace
} // namespace takt::test
