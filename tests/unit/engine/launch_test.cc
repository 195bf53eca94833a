// What is new gets places among the candidates and a bonus that shrinks, where the policy asks for it, and passes every rule like the rest.
#include "engine/stage/launch.h"

#include "engine/source/source.h"
#include "engine/taste.h"
#include "tests/support/engine_builders.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace takt {
namespace {

using test::Bound;
using test::noon;
using test::Scene;

class Launch : public testing::Test {
protected:
  Launch() {
    for (int i = 0; i < 40; ++i) {
      Item& item = scene.add_item("old-" + std::to_string(100 + i));
      item.category = {i % 2 == 0 ? "Shoes" : "Coffee"};
      item.added_at = noon - days(100);
      scene.models.popular.push_back({scene.symbol(item.id.text()), static_cast<float>(100 - i)});
      scene.models.popularity.emplace(scene.symbol(item.id.text()), 1.0F - static_cast<float>(i) / 50);
    }
    for (int i = 0; i < 30; ++i) {
      Item& item = scene.add_item("new-" + std::to_string(100 + i));
      item.category = {i < 15 ? "Shoes" : "Coffee"};
      item.added_at = noon - days(1);
    }
    scene.placement.sources = {Source::popular};
    scene.policy.exploration.launch = LaunchPolicy{};
  }
  Item& item(std::string_view id) {
    return *std::find_if(scene.items.begin(), scene.items.end(), [&](const Item& one) { return one.id.text() == id; });
  }
  Candidates retrieved(Bound& bound) {
    const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
    return retrieve_items(bound.call, bound.opening, features, {}, false);
  }
  Candidates scored(Bound& bound, Candidates items) {
    const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
    return score_items(bound.call, bound.opening, features, std::move(items));
  }
  /// Ids that the source launch found.
  std::set<std::string> launched() {
    Bound bound(scene);
    std::set<std::string> ids;
    for (const Candidate& one : retrieved(bound).alive)
      if (one.source == Source::launch) ids.insert(bound.name(one.index));
    return ids;
  }
  void look_at(std::string_view id) {
    JourneyEvent event;
    event.at = noon - hours(1);
    event.kind = JourneyKind::view;
    event.item = scene.symbol(id);
    scene.record.journey.push_back(event);
  }
  ScoreTerms terms_of(std::string_view id) {
    Bound bound(scene);
    for (const Candidate& one : scored(bound, bound.candidates()).alive)
      if (bound.name(one.index) == id) return one.terms;
    return {};
  }

  Scene scene;
};

TEST_F(Launch, left_shrinks_with_each_impression_and_each_day_to_nothing) {
  const LaunchPolicy policy;
  const UtcTime added = noon - days(7);
  double before = 2;
  for (std::uint32_t impressions = 0; impressions <= 250; impressions += 10) {
    const double left = launch_left(policy, added, noon, impressions);
    EXPECT_LE(left, before);
    if (impressions < 200) { EXPECT_LT(left, before); }
    else { EXPECT_EQ(left, 0); }
    before = left;
  }
  EXPECT_EQ(launch_left(policy, noon, noon, 0), 1);
  EXPECT_DOUBLE_EQ(launch_left(policy, added, noon, 100), 0.25);
  EXPECT_EQ(launch_left(policy, noon - days(14), noon, 0), 0);
  EXPECT_EQ(launch_left(policy, noon + hours(1), noon, 0), 0) << "tomorrow's";
  EXPECT_EQ(launch_left(policy, UtcTime{}, noon, 0), 0) << "without a date nothing is new";
}

TEST_F(Launch, gets_its_places_among_the_candidates_only_where_the_policy_asks) {
  EXPECT_EQ(launched().size(), 10U);
  scene.placement.sources = {Source::similar};
  EXPECT_TRUE(launched().empty()) << "a placement for something else";
  scene.placement.sources = {Source::launch};
  EXPECT_EQ(launched().size(), 10U);
  scene.placement.mode = PlacementMode::organic;
  EXPECT_TRUE(launched().empty()) << "who searches is not explored with";
  scene.placement.mode = PlacementMode::promote;
  scene.placement.sources = {Source::popular};
  scene.policy.exploration.launch.reset();
  EXPECT_TRUE(launched().empty());
}

TEST_F(Launch, takes_what_fits_the_person_first_and_with_strangers_takes_turns) {
  std::set<std::string> over_calls;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    scene.request.seed = seed;
    const auto ids = launched();
    EXPECT_EQ(ids, launched()) << "a seed is an answer";
    over_calls.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(over_calls.size(), 30U) << "everything that is new has its turn";
  look_at("old-101");
  for (const std::string& id : launched()) EXPECT_GE(id, "new-115") << "coffee for who looks at coffee";
}

TEST_F(Launch, takes_nothing_that_was_shown_enough_or_is_not_on_offer) {
  for (int i = 1; i < 30; ++i) scene.models.cold_start.impressions.emplace(scene.symbol("new-" + std::to_string(100 + i)), 200U);
  EXPECT_EQ(launched(), std::set<std::string>{"new-100"});
  item("new-100").starts_at = noon + hours(1);
  EXPECT_TRUE(launched().empty());
  item("new-100").starts_at.reset();
  item("new-100").active = false;
  EXPECT_TRUE(launched().empty());
}

TEST_F(Launch, the_bonus_is_a_term_of_its_own_with_its_reason) {
  scene.models.cold_start.impressions.emplace(scene.symbol("new-100"), 50U);
  Bound bound(scene);
  const Candidates items = scored(bound, bound.candidates());
  for (const Candidate& one : items.alive) {
    const std::string id = bound.name(one.index);
    if (id.starts_with("old")) {
      EXPECT_EQ(one.terms.lever, 1) << id;
      EXPECT_TRUE(one.reasons.empty()) << id;
      continue;
    }
    const double seen = id == "new-100" ? 50.0 / 200 : 0;
    ASSERT_EQ(one.reasons.size(), 1U) << id;
    EXPECT_EQ(one.reasons[0].code, ReasonCode::launch);
    EXPECT_EQ(one.reasons[0].stage, Stage::score);
    EXPECT_EQ(one.reasons[0].observed, id == "new-100" ? 50U : 0U);
    EXPECT_EQ(one.reasons[0].limit, 200U);
    EXPECT_DOUBLE_EQ(*one.reasons[0].factor, 1 + 0.5 * (1 - seen) * 13 / 14);
    EXPECT_DOUBLE_EQ(one.terms.lever, *one.reasons[0].factor);
    const ScoreTerms& t = one.terms;
    EXPECT_NEAR(t.score(), (t.p_act * t.fatigue_factor - t.p_nothing) * t.value * t.context * t.lever - t.contact_cost - t.attention_price, 1e-12);
  }
}

TEST_F(Launch, p_act_stays_what_the_scorer_said_and_without_a_policy_nothing_moves) {
  const ScoreTerms with = terms_of("new-100"), old = terms_of("old-100");
  scene.policy.exploration.launch.reset();
  const ScoreTerms without = terms_of("new-100");
  EXPECT_EQ(with.p_act, without.p_act);
  EXPECT_EQ(without.lever, 1);
  EXPECT_EQ(terms_of("old-100"), old);
}

TEST_F(Launch, rules_hold_for_what_is_new_too) {
  scene.add_cap("item-weekly", Per::item, 1);
  scene.add_shown("new-100", noon - days(1));
  item("new-101").purpose = "marketing";
  item("new-102").purpose = "service";
  scene.request.context.consent = {{Purpose::marketing, false}};
  for (Item& one : scene.items)
    if (one.id.text() != "new-102" && one.id.text() != "new-100") one.purpose = "marketing";
  item("new-100").purpose = "service";
  Bound bound(scene);
  const Candidates left = apply_caps(bound.call, bound.opening, drop_ineligible(bound.call, bound.opening, bound.candidates()));
  EXPECT_EQ(names(bound, left.alive), "new-102");
  scene.policy.fatigue.enabled = true;
  scene.policy.caps.clear();
  scene.request.context.consent.clear();
  Bound tired(scene);
  for (const Candidate& one : apply_fatigue(tired.call, tired.opening, scored(tired, tired.candidates())).alive)
    if (tired.name(one.index) == "new-100") {
      EXPECT_LT(one.terms.fatigue_factor, 1);
      EXPECT_GT(one.terms.lever, 1);
      EXPECT_EQ(one.reasons.size(), 2U);
    }
}

TEST_F(Launch, never_beats_what_is_worth_more_than_its_bound) {
  scene.policy.exploration.launch->strength = 0.2;
  Bound bound(scene);
  Candidates plain = scored(bound, bound.candidates());
  std::map<std::string, double> worth; // without the bonus
  for (const Candidate& one : plain.alive) worth[bound.name(one.index)] = one.terms.score() / one.terms.lever;
  const Ranked ranked = arbitrate(bound.call, bound.opening, std::move(plain));
  for (std::size_t i = 0; i < ranked.alive.size(); ++i)
    for (std::size_t j = i + 1; j < ranked.alive.size(); ++j)
      EXPECT_LE(worth[bound.name(ranked.alive[j].index)], 1.2 * worth[bound.name(ranked.alive[i].index)]);
}

} // namespace
} // namespace takt
