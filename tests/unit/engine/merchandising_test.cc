// What people put forward, back or away by hand: pins, boosts, hides, and what they cost.
#include "engine/decide.h"
#include "engine/stage/merchandising.h"
#include "engine/taste.h"
#include "tests/support/engine_builders.h"

#include <cmath>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

class StoppedClock final : public Clock {
public:
  UtcTime utc_now() const override { return noon; }
  SteadyTime steady_now() const override { return SteadyTime{}; }
};

class Merchandising : public ::testing::Test {
protected:
  Merchandising() {
    for (const auto& [id, worth] : {std::pair{"a", 4'000'000}, {"b", 3'000'000}, {"c", 2'000'000}, {"d", 1'000'000}}) scene.add_item(id).value_micros = worth;
    scene.placement.slots = 2;
  }
  MerchandisingRule& rule(std::string id = "shelf") {
    scene.policy.merchandising.emplace_back().id = std::move(id);
    return scene.policy.merchandising.back();
  }
  void pin(std::string_view item, std::uint32_t slot) { rule("pin-" + std::string(item)).pins = {{scene.symbol(item), slot}}; }
  /// The whole pipeline on what retrieval would find: "chosen|dropped".
  std::string slate_text() {
    Bound bound(scene);
    const CustomerFeatures features = customer_features(*bound.world.models, bound.person);
    Candidates items = bound.candidates();
    place_pins(pins_now(bound.call, bound.opening), items);
    items = apply_caps(bound.call, bound.opening, drop_ineligible(bound.call, bound.opening, std::move(items)));
    items = score_items(bound.call, bound.opening, features, std::move(items));
    slate = compose(bound.call, bound.opening, features, arbitrate(bound.call, bound.opening, std::move(items)));
    return names(bound, slate.choices) + "|" + dropped_text(bound, slate.dropped);
  }
  double worth(std::size_t slot) const { return unboosted_score(slate.choices.at(slot).candidate); }
  Scene scene;
  Slate slate;
};

TEST_F(Merchandising, a_pin_has_its_slot_and_says_so) {
  EXPECT_EQ(slate_text(), "a,b|c:outranked,d:outranked");
  const double of_b = slate.choices[1].candidate.score;
  pin("d", 2);
  EXPECT_EQ(slate_text(), "a,d|b:outranked,c:outranked");
  EXPECT_EQ(slate.choices[1].propensity, 1.0);
  EXPECT_FALSE(slate.choices[1].usable_for_evaluation);
  ASSERT_EQ(slate.choices[1].candidate.reasons.size(), 1U);
  EXPECT_EQ(slate.choices[1].candidate.reasons[0].code, ReasonCode::pinned);
  EXPECT_EQ(slate.choices[1].candidate.reasons[0].rule, "pin-d");
  EXPECT_DOUBLE_EQ(slate.merchandising_cost, of_b - slate.choices[1].candidate.score); // b would have stood there
}

TEST_F(Merchandising, pins_obey_caps_and_what_is_for_sale) {
  pin("d", 1);
  scene.add_cap("once", Per::item, 1);
  scene.add_shown("d", noon - hours(1));
  EXPECT_EQ(slate_text(), "a,b|d:capped,c:outranked");
  EXPECT_EQ(slate.merchandising_cost, 0);
  scene.policy.caps.clear();
  scene.items.back().stock = 0;
  EXPECT_EQ(slate_text(), "a,b|d:out_of_stock,c:outranked");
}

TEST_F(Merchandising, a_slot_and_an_item_are_given_away_once) {
  pin("c", 1);
  pin("d", 1);
  rule("again").pins = {{scene.symbol("c"), 2}};
  EXPECT_EQ(slate_text(), "c,a|b:outranked,d:outranked");
  const Bound bound(scene);
  const auto pins = pins_now(bound.call, bound.opening);
  ASSERT_EQ(pins.size(), 1U);
  EXPECT_EQ(pins[0].rule->id, "pin-c");
}

TEST_F(Merchandising, pins_that_nobody_asked_for_are_left_out) {
  pin("d", 3);           // two slots
  pin("nobody", 1);      // no such item
  rule("elsewhere").pins = {{scene.symbol("c"), 1}};
  scene.policy.merchandising.back().match.placements = scene.symbol_list({"cart"});
  EXPECT_EQ(slate_text(), "a,b|c:outranked,d:outranked");
}

TEST_F(Merchandising, boosts_multiply_the_worth_and_tell_their_cost) {
  slate_text();
  const double of_a = slate.choices[0].candidate.score, of_b = slate.choices[1].candidate.score;
  rule("own").boosts.push_back({{}, 3});
  scene.policy.merchandising.back().boosts[0].match.items = scene.symbol_list({"d"});
  rule("more").boosts.push_back({{}, 2});
  scene.policy.merchandising.back().boosts[0].match.items = scene.symbol_list({"d"});
  EXPECT_EQ(slate_text(), "d,a|b:outranked,c:outranked");
  const Candidate& boosted = slate.choices[0].candidate;
  EXPECT_DOUBLE_EQ(boosted.terms.lever, 6);
  EXPECT_DOUBLE_EQ(boosted.score, boosted.terms.score());
  ASSERT_EQ(boosted.reasons.size(), 2U);
  EXPECT_EQ(boosted.reasons[0].code, ReasonCode::boosted);
  EXPECT_EQ(boosted.reasons[0].rule, "own");
  EXPECT_EQ(boosted.reasons[0].factor, 3.0);
  EXPECT_NEAR(slate.merchandising_cost, of_a + of_b - (worth(0) + worth(1)), 1e-12); // d instead of b, in the end
}

TEST_F(Merchandising, boosts_of_many_rules_stay_a_number) {
  for (const double factor : {5.0, 0.2}) {
    scene.policy.merchandising.clear();
    for (int i = 0; i < 50; ++i) {
      MerchandisingRule& more = rule("m" + std::to_string(i));
      more.boosts.assign(20, {{}, factor});
      for (MerchandisingRule::Boost& boost : more.boosts) boost.match.items = scene.symbol_list({"b"});
    }
    slate_text();
    for (const SlateChoice& choice : slate.choices) {
      EXPECT_TRUE(std::isfinite(choice.candidate.score));
      EXPECT_GE(choice.candidate.boost, boost_min);
      EXPECT_LE(choice.candidate.boost, boost_max);
      EXPECT_NEAR(choice.candidate.terms.lever, choice.candidate.boost, 1e-12);
    }
    EXPECT_TRUE(std::isfinite(slate.merchandising_cost));
  }
}

TEST_F(Merchandising, every_rule_that_hides_is_named_with_its_own_end) {
  rule("first").hide.emplace().items = scene.symbol_list({"a"});
  scene.policy.merchandising.back().schedule.to = noon + hours(2);
  rule("second").hide.emplace().items = scene.symbol_list({"a"});
  Condition evening;
  evening.kind = Condition::Kind::compare;
  evening.field = "context.hour";
  evening.op = ConditionOp::lt;
  evening.value = 18.0;
  scene.policy.merchandising.back().audience = evening;
  scene.request.context.timezone = "UTC";
  slate_text();
  ASSERT_EQ(slate.dropped[0].reasons.size(), 2U);
  EXPECT_EQ(slate.dropped[0].reasons[0].eligible_again, noon + hours(2));
  EXPECT_EQ(slate.dropped[0].reasons[1].rule, "second");
  EXPECT_EQ(slate.dropped[0].reasons[1].eligible_again, noon + hours(6));
}

TEST_F(Merchandising, two_nights_that_never_end_are_asked_about_quickly) { // 400 days of edges, once for all items
  for (const auto& [from, to] : {std::pair{hours(0), hours(12)}, {hours(12), hours(0)}}) {
    QuietPolicy quiet{"quiet-" + std::to_string(scene.policy.quiet_hours.size()), {}, std::nullopt, {from, to}, std::nullopt, std::nullopt, {}, std::nullopt};
    Condition always;
    always.kind = Condition::Kind::any;
    for (const ConditionOp op : {ConditionOp::ge, ConditionOp::lt}) {
      Condition& part = always.children.emplace_back();
      part.kind = Condition::Kind::compare;
      part.field = "context.hour";
      part.op = op;
      part.value = 12.0;
    }
    quiet.audience = always;
    scene.policy.quiet_hours.push_back(std::move(quiet));
  }
  scene.request.context.timezone = "Europe/Berlin";
  const Bound bound(scene);
  for (const std::string_view id : {"a", "b", "c", "d"}) EXPECT_EQ(eligible_again_at(bound.call, bound.opening, bound.item(id)).at, std::nullopt);
  EXPECT_EQ(bound.call.audience_times.size(), 2U);
}

TEST_F(Merchandising, a_reservation_ends_where_a_cap_or_a_rest_begins) {
  scene.add_cap("soon", Per::item, 0).schedule.from = noon + minutes(3);
  scene.policy.caps.back().applies_to.items = scene.symbol_list({"a"});
  PausePolicy pause;
  pause.schedule.from = noon + minutes(5);
  scene.policy.post_purchase.push_back(pause);
  scene.add_order("o1", noon - days(1), {{"b", 1}});
  Bound bound(scene);
  const StoppedClock clock;
  StageRunner stages(clock);
  const auto decision = run_stages(bound.world, bound.person, scene.request, stages);
  ASSERT_TRUE(decision);
  ASSERT_EQ(decision->placements[0].choices.size(), 2U);
  EXPECT_EQ(decision->placements[0].choices[0].reserved_until, noon + minutes(3));
  EXPECT_EQ(decision->placements[0].choices[1].reserved_until, noon + minutes(5));
}

TEST_F(Merchandising, a_hidden_item_is_dropped_with_the_rule_until_its_schedule_ends) {
  rule("weekend").hide.emplace().items = scene.symbol_list({"a"});
  scene.policy.merchandising.back().schedule.to = noon + hours(5);
  EXPECT_EQ(slate_text(), "b,c|a:hidden,d:outranked");
  EXPECT_EQ(slate.dropped[0].reasons[0].rule, "weekend");
  EXPECT_EQ(slate.dropped[0].reasons[0].eligible_again, noon + hours(5));
  scene.request.now = noon + hours(5);
  EXPECT_EQ(slate_text(), "a,b|c:outranked,d:outranked");
}

TEST_F(Merchandising, a_reservation_ends_where_the_item_will_be_hidden) {
  rule("tonight").hide.emplace().items = scene.symbol_list({"a"});
  scene.policy.merchandising.back().schedule.from = noon + minutes(4);
  Bound bound(scene);
  const StoppedClock clock;
  StageRunner stages(clock);
  const auto decision = run_stages(bound.world, bound.person, scene.request, stages);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->placements[0].choices[0].item.text(), "a");
  EXPECT_EQ(decision->placements[0].choices[0].reserved_until, noon + minutes(4));
  EXPECT_GT(decision->placements[0].choices[1].reserved_until, noon + minutes(4));
}

TEST_F(Merchandising, is_for_its_audience_and_never_for_a_search_result) {
  MerchandisingRule& gold = rule("gold");
  gold.hide.emplace().items = scene.symbol_list({"a"});
  Condition audience;
  audience.kind = Condition::Kind::compare;
  audience.field = "customer.traits.tier";
  audience.value = std::string("gold");
  gold.audience = audience;
  EXPECT_EQ(slate_text(), "a,b|c:outranked,d:outranked");
  scene.record.traits = {{"tier", "\"gold\"", noon}};
  EXPECT_EQ(slate_text(), "b,c|a:hidden,d:outranked");
  scene.placement.mode = PlacementMode::organic;
  EXPECT_EQ(slate_text(), "a,b|c:outranked,d:outranked");
}

TEST_F(Merchandising, pins_are_found_where_the_placement_takes_them) {
  pin("d", 1);
  Bound bound(scene);
  const CustomerFeatures features = customer_features(*bound.world.models, bound.person);
  const Candidates found = retrieve_items(bound.call, bound.opening, features, {}, false);
  const auto pinned = std::find_if(found.alive.begin(), found.alive.end(), [](const Candidate& candidate) { return candidate.source == Source::pinned; });
  ASSERT_NE(pinned, found.alive.end());
  EXPECT_EQ(bound.name(pinned->index), "d");
  EXPECT_EQ(pinned->pinned_slot, 1U);
  EXPECT_EQ(pinned->because, Because::picked);
  scene.placement.sources = {Source::popular};
  Bound without(scene);
  for (const Candidate& candidate : retrieve_items(without.call, without.opening, features, {}, false).alive) EXPECT_FALSE(candidate.pinned_slot);
  scene.request.placements.front().candidates = {{item_id("d"), 1.0}, {item_id("a"), 9.0}}; // the caller brings them: the slot is the marketer's
  Bound called(scene);
  for (const Candidate& candidate : retrieve_items(called.call, called.opening, features, {}, false).alive) EXPECT_EQ(candidate.pinned_slot.has_value(), called.name(candidate.index) == "d");
}

} // namespace
} // namespace takt::test
