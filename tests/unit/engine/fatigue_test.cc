#include "engine/fatigue_model.h"
#include "engine/stage/fatigue_curve.h"
#include "tests/support/engine_builders.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

TEST(FatigueCurve, follows_the_published_discounts) {
  // (N+1)^-0.43: .74 .62 .55 .46 .36 after 1, 2, 3, 5, 10 exposures just now
  for (const auto& [exposures, factor] : {std::pair{1, 0.74}, {2, 0.62}, {3, 0.55}, {5, 0.46}, {10, 0.36}})
    EXPECT_NEAR(fatigue_discount(exposures, 0.43), factor, 0.005);
  EXPECT_DOUBLE_EQ(fatigue_discount(0, 0.43), 1.0);
}

TEST(FatigueCurve, an_exposure_halves_per_half_life) {
  EXPECT_DOUBLE_EQ(exposure_weight(noon, noon, days(7)), 1.0);
  EXPECT_DOUBLE_EQ(exposure_weight(noon - days(7), noon, days(7)), 0.5);
  EXPECT_DOUBLE_EQ(exposure_weight(noon - hours(84), noon, days(7)), std::sqrt(0.5));
}

TEST(FatigueCurve, each_click_from_the_exposure_until_now_leaves_a_third) {
  const std::vector<UtcTime> clicks{noon, noon - days(10), noon + Duration{1}};
  EXPECT_DOUBLE_EQ(left_by_clicks(clicks, noon - days(14), noon), 0.09);
  EXPECT_DOUBLE_EQ(left_by_clicks(clicks, noon - days(10), noon), 0.09); // at the same instant
  EXPECT_DOUBLE_EQ(left_by_clicks(clicks, noon - days(7), noon), 0.3);
  EXPECT_DOUBLE_EQ(left_by_clicks({}, noon - days(7), noon), 1.0);
}

class Fatigue : public ::testing::Test {
protected:
  Fatigue() {
    scene.policy.fatigue = {{Per::item}, 0.43, days(7), true};
    scene.add_item("a").category = {"Shoes", "Pumps"};
    scene.add_item("b").category = {"Shoes"};
    scene.add_item("c").category = {"Hats"};
  }
  std::vector<Candidate> tired() {
    const Bound bound(scene);
    return apply_fatigue(bound.call, bound.opening, bound.candidates()).alive;
  }
  std::vector<double> factors() {
    std::vector<double> all;
    for (const Candidate& candidate : tired()) all.push_back(candidate.terms.fatigue_factor);
    return all;
  }
  static double discount(double fatigue) { return std::pow(1 + fatigue, -0.43); }
  Scene scene;
};

TEST_F(Fatigue, discounts_what_was_shown_and_says_so) {
  scene.add_shown("a", noon);
  scene.add_shown("a", noon - days(7));
  const std::vector<Candidate> items = tired();
  EXPECT_DOUBLE_EQ(items[0].terms.fatigue_factor, discount(1.5));
  ASSERT_EQ(items[0].reasons.size(), 1U);
  EXPECT_EQ(items[0].reasons[0].stage, Stage::fatigue);
  EXPECT_EQ(items[0].reasons[0].code, ReasonCode::fatigued);
  EXPECT_EQ(items[0].reasons[0].observed, 2U);
  EXPECT_EQ(items[0].reasons[0].factor, items[0].terms.fatigue_factor);
  EXPECT_DOUBLE_EQ(items[1].terms.fatigue_factor, 1.0);
  EXPECT_TRUE(items[1].reasons.empty());
}

TEST_F(Fatigue, counts_only_what_was_shown) {
  scene.add_live("a", noon - minutes(1), noon + minutes(9));            // reserved
  scene.add_live("a", noon - days(2), noon - days(1));                  // expired
  scene.add_shown("b", noon).origin = EntryOrigin::unverified;
  scene.add_shown("c", noon).origin = EntryOrigin::ghost;
  EXPECT_THAT(factors(), ::testing::Each(1.0));
}

TEST_F(Fatigue, a_second_look_after_half_an_hour_is_another_exposure) {
  scene.add_shown("a", noon - minutes(30)).marks.push_back({MarkKind::viewed, Symbol::none, noon, 0});
  EXPECT_DOUBLE_EQ(factors()[0], discount(1 + std::exp2(-30.0 / (7 * 24 * 60))));
}

TEST_F(Fatigue, clicks_on_the_key_take_it_away) {
  scene.add_shown("a", noon - days(7));
  scene.add_click(scene.add_shown("a", noon), noon);
  EXPECT_DOUBLE_EQ(factors()[0], discount(0.5 * 0.3 + 0.3));
  scene.add_shown("a", noon + Duration{1}); // of the future
  EXPECT_DOUBLE_EQ(factors()[0], discount(0.5 * 0.3 + 0.3));
}

TEST_F(Fatigue, a_category_is_tired_of_what_lies_under_its_full_path) {
  scene.policy.fatigue.per = {Per::category};
  scene.add_shown("a", noon);
  EXPECT_EQ(factors(), (std::vector<double>{discount(1), discount(1), 1.0}));
  scene.record.ledger = {};
  scene.add_shown("b", noon);
  EXPECT_EQ(factors(), (std::vector<double>{1.0, discount(1), 1.0})); // "Shoes" does not tire "Pumps"
}

TEST_F(Fatigue, keys_multiply) {
  scene.policy.fatigue.per = {Per::item, Per::category, Per::channel};
  scene.add_shown("a", noon);
  scene.add_shown("c", noon);
  const std::vector<double> all = factors();
  EXPECT_DOUBLE_EQ(all[0], discount(1) * discount(1) * discount(2));
  EXPECT_DOUBLE_EQ(all[1], discount(0) * discount(1) * discount(2));
  EXPECT_DOUBLE_EQ(all[2], discount(1) * discount(1) * discount(2));
  EXPECT_EQ(tired()[1].reasons.front().observed, 0U); // of the item itself
}

TEST_F(Fatigue, is_off_without_profile_on_organic_placements_and_by_policy) {
  scene.add_shown("a", noon);
  scene.request.context.consent = {{Purpose::profile, false}};
  EXPECT_THAT(factors(), ::testing::Each(1.0));
  scene.request.context.consent.clear();
  scene.placement.mode = PlacementMode::organic;
  EXPECT_THAT(factors(), ::testing::Each(1.0));
  scene.placement.mode = PlacementMode::promote;
  EXPECT_LT(factors()[0], 1.0);
  scene.policy.fatigue.enabled = false;
  EXPECT_THAT(factors(), ::testing::Each(1.0));
}

class LearntFatigue : public Fatigue {
protected:
  LearntFatigue() {
    scene.policy.fatigue = {{Per::item, Per::category}, 0.43, days(7), true, true};
    learnt.kinds = {{Per::category, {0.1, 0.05, 0.15, 0.02, {}}}, {Per::item, {0.8, 0.7, 0.9, 0.05, {}}}};
    learnt.half_life = days(3);
    scene.add_shown("a", noon - days(3));
  }
  std::vector<double> factors_now() {
    scene.models.fatigue = std::make_shared<const FatigueModel>(learnt);
    return factors();
  }
  static double worn(double fatigue, double beta) { return std::pow(1 + fatigue, -beta); }
  FatigueModel learnt;
};

TEST_F(LearntFatigue, serves_where_the_policy_says_so) {
  EXPECT_DOUBLE_EQ(factors_now()[0], worn(0.5, 0.8) * worn(0.5, 0.1)); // by kind, whatever the order
  scene.policy.fatigue.learn = false;
  EXPECT_DOUBLE_EQ(factors_now()[0], discount(std::exp2(-3.0 / 7)) * discount(std::exp2(-3.0 / 7)));
}

TEST_F(LearntFatigue, leaves_the_policys_number_where_the_data_told_none) {
  learnt.kinds[1].beta.doubts = {FatigueDoubt::too_wide};
  learnt.half_life_doubts = {FatigueDoubt::flat_profile};
  const double fatigue = std::exp2(-3.0 / 7);
  EXPECT_DOUBLE_EQ(factors_now()[0], discount(fatigue) * worn(fatigue, 0.1));
  scene.models.fatigue = nullptr;
  EXPECT_DOUBLE_EQ(factors()[0], discount(fatigue) * discount(fatigue));
}

TEST_F(LearntFatigue, a_category_of_items_may_tire_faster) {
  learnt.by_category.emplace(scene.record.ledger.label_sets.at(0).category.back(), FatigueEstimate{1.2, 1, 1.4, 0.1, {}});
  scene.add_shown("c", noon - days(3));
  const std::vector<double> all = factors_now();
  EXPECT_DOUBLE_EQ(all[0], worn(0.5, 1.2) * worn(0.5, 0.1));
  EXPECT_DOUBLE_EQ(all[2], worn(0.5, 0.8) * worn(0.5, 0.1));
}

TEST_F(LearntFatigue, that_nobody_tires_is_an_answer_too) {
  learnt.kinds = {{Per::category, {0, -0.02, 0.02, 0.01, {}}}, {Per::item, {0, -0.02, 0.02, 0.01, {}}}};
  EXPECT_THAT(factors_now(), ::testing::Each(1.0));
}

} // namespace
} // namespace takt::test
