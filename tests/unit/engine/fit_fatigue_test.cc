// Wear-out fitted to worlds where it is known, and to such as cannot tell it.
#include "core/random.h"
#include "engine/stage/fatigue_curve.h"
#include "engine/train/fit_fatigue.h"
#include "tests/simulation/fatigue_world.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

namespace takt {
namespace {

double days_of(Duration length) { return static_cast<double>(length.count()) / static_cast<double>(days(1).count()); }
bool has(const std::vector<FatigueDoubt>& doubts, FatigueDoubt doubt) { return std::find(doubts.begin(), doubts.end(), doubt) != doubts.end(); }

FatigueTruth small_world(std::uint64_t seed) {
  FatigueTruth truth;
  truth.seed = seed;
  truth.impressions = 40'000;
  return truth;
}

struct Known { double beta; double half_life_days; };
class FatigueRecovery : public testing::TestWithParam<Known> {};

TEST_P(FatigueRecovery, FindsTheTruthThoughWhoRespondsMoreIsShownMore) {
  FatigueTruth truth = small_world(11);
  truth.beta = GetParam().beta;
  truth.half_life = hours(static_cast<int>(24 * GetParam().half_life_days));
  const FatigueFit fit = fit_fatigue(make_fatigue_world(truth));
  const FatigueEstimate& beta = fit.betas.at(0);
  ASSERT_TRUE(beta.learnt());
  EXPECT_LT(beta.error, 0.15);
  EXPECT_LT(std::abs(beta.value - truth.beta), 0.1);
  EXPECT_LE(beta.low - 0.02, truth.beta);
  EXPECT_GE(beta.high + 0.02, truth.beta);
  EXPECT_NEAR(fit.offset_slope, 1, 0.15);
  if (truth.beta < 0.4) return; // forty thousand sights tell the half-life of what wears out, not of what hardly does
  ASSERT_TRUE(fit.half_life_doubts.empty());
  EXPECT_LE(days_of(fit.half_life_low) * 0.9, GetParam().half_life_days);
  EXPECT_GE(days_of(fit.half_life_high) * 1.1, GetParam().half_life_days);
  EXPECT_NEAR(std::log(days_of(fit.half_life) / GetParam().half_life_days), 0, 0.5);
}

INSTANTIATE_TEST_SUITE_P(Truths, FatigueRecovery,
                         testing::Values(Known{0.2, 3}, Known{0.2, 7}, Known{0.2, 15}, Known{0.43, 3}, Known{0.43, 7}, Known{0.43, 15}, Known{0.8, 3}, Known{0.8, 7}, Known{0.8, 15}));

TEST(FitFatigue, InventsNoneWhereThereIsNone) {
  FatigueTruth truth = small_world(3);
  truth.beta = 0;
  const FatigueFit fit = fit_fatigue(make_fatigue_world(truth));
  const FatigueEstimate& beta = fit.betas.at(0);
  EXPECT_LE(beta.low, 0);
  EXPECT_LT(beta.learnt() ? beta.value : 0, 0.06);
  EXPECT_TRUE(has(fit.half_life_doubts, FatigueDoubt::flat_profile));
  EXPECT_EQ(fit.half_life, days(7));
}

TEST(FitFatigue, SaysThatARareResponseTellsNoHalfLifeAndWidensWhatHangsOnIt) {
  FatigueTruth truth = small_world(6);
  truth.base_rate = 0.02;
  const FatigueFit fit = fit_fatigue(make_fatigue_world(truth));
  EXPECT_TRUE(has(fit.half_life_doubts, FatigueDoubt::too_few_responses));
  EXPECT_EQ(fit.half_life, days(7));
  EXPECT_LT(fit.half_life_low, fit.half_life_high);
  const FatigueEstimate& beta = fit.betas.at(0);
  EXPECT_LE(beta.low, truth.beta);
  EXPECT_GE(beta.high, truth.beta);
  EXPECT_GT(beta.high - beta.low, 2 * 1.97 * beta.error); // more than at seven days alone
}

TEST(FitFatigue, KeepsThePriorWhereNothingWasDrawn) {
  FatigueTruth truth = small_world(1);
  truth.temperature = 0;
  const FatigueFit fit = fit_fatigue(make_fatigue_world(truth));
  EXPECT_EQ(fit.betas.at(0).value, 0.43);
  EXPECT_TRUE(has(fit.betas.at(0).doubts, FatigueDoubt::nothing_drawn));
  EXPECT_EQ(fit.half_life, days(7));
  EXPECT_TRUE(fit.observational);
  ASSERT_FALSE(fit.points.empty());
  EXPECT_NEAR(fit.points.front().observed, 1, 1e-12);
}

TEST(FitFatigue, KeepsThePriorWhereACapLetsNobodySeeAnythingTwice) {
  FatigueTruth truth = small_world(1);
  truth.cap = 1;
  const FatigueFit fit = fit_fatigue(make_fatigue_world(truth));
  EXPECT_TRUE(has(fit.betas.at(0).doubts, FatigueDoubt::no_repeats));
  EXPECT_EQ(fit.betas.at(0).value, 0.43);
  EXPECT_EQ(fit.exposures_max, 0U);
}

TEST(FitFatigue, TellsHowFarACapLetsItSee) {
  FatigueTruth truth = small_world(1);
  truth.cap = 3;
  EXPECT_EQ(fit_fatigue(make_fatigue_world(truth)).exposures_max, 2U);
}

TEST(FitFatigue, KeepsThePriorForAHandfulOfResponses) {
  FatigueTruth truth = small_world(1);
  truth.impressions = 500;
  const FatigueFit fit = fit_fatigue(make_fatigue_world(truth));
  EXPECT_TRUE(has(fit.betas.at(0).doubts, FatigueDoubt::too_few_responses));
  EXPECT_EQ(fit.betas.at(0).value, 0.43);
  EXPECT_FALSE(fit.observational);
}

TEST(FitFatigue, AnEmptyLogIsNoReasonToFall) {
  const FatigueFit fit = fit_fatigue(FatigueSights(2));
  EXPECT_EQ(fit.betas.size(), 2U);
  EXPECT_TRUE(has(fit.betas.at(1).doubts, FatigueDoubt::nothing_drawn));
  EXPECT_TRUE(fit.points.empty());
}

/// One item, drawn by a fair coin at every beat: seen again after whole beats only where `skips`.
FatigueSights beats(bool skips) {
  FatigueSights sights(1);
  for (std::uint64_t customer = 0; customer < 1200; ++customer) {
    Random draws(customer + 77);
    FatigueStory story;
    double fatigue = 0;
    for (int beat = 0; beat < 24; ++beat) {
      fatigue *= std::exp2(-1.0 / 7);
      if (skips && draws.uniform() < 0.6) continue;
      const bool responds = draws.uniform() < 0.3 * fatigue_discount(fatigue, 0.6);
      const UtcTime at{Duration(1'700'000'000'000 + beat * days(1).count())};
      if (responds) story.clicks.push_back({at, story.exposures.size()});
      story.exposures.push_back({at, true, responds ? 1.0F : 0.0F, 0.5F, 0, 0, {{0, 1}}, {{0, 1}}});
      fatigue = (fatigue + 1) * (responds ? fatigue_left_by_click : 1);
    }
    sights.add(story);
  }
  return sights;
}

TEST(FitFatigue, EvenSpacingTellsNoHalfLife) {
  const FatigueFit even = fit_fatigue(beats(false)), uneven = fit_fatigue(beats(true));
  EXPECT_TRUE(has(even.half_life_doubts, FatigueDoubt::even_spacing));
  EXPECT_EQ(even.half_life, days(7));
  EXPECT_FALSE(has(uneven.half_life_doubts, FatigueDoubt::even_spacing));
}

TEST(FitFatigue, WhatWasSeenElsewhereTeachesNothing) {
  FatigueSights sights(1);
  FatigueStory story;
  const auto at = [](int day) { return UtcTime(Duration(1'700'000'000'000 + day * days(1).count())); };
  for (int day = 0; day < 4; ++day) story.exposures.push_back({at(day), true, 0, day < 2 ? 0.0F : 0.5F, 0, 0, {{0, 1}}, {{0, 1}}});
  sights.add(story);
  EXPECT_EQ(sights.drawn(), 2U);
  EXPECT_FALSE(sights.takes_part(0));
  EXPECT_FALSE(sights.takes_part(2)); // all that tired them was elsewhere
  EXPECT_FALSE(sights.takes_part(3)); // most of it
  EXPECT_EQ(sights.rows()[3].exposures, 3U);
}

TEST(FitFatigue, DrawsCategoriesTogetherAsFarAsTheyAreAlike) {
  FatigueTruth truth = small_world(2);
  const FatigueFit alike = fit_fatigue(make_fatigue_world(truth));
  truth.more_by_category = {-0.3, 0.3, 0, 0};
  truth.impressions = 80'000;
  const FatigueFit differ = fit_fatigue(make_fatigue_world(truth));
  ASSERT_EQ(alike.categories.size(), 4U);
  ASSERT_EQ(differ.categories.size(), 4U);
  EXPECT_LT(alike.category_spread, differ.category_spread);
  for (const FatigueFit* fit : {&alike, &differ})
    for (const FatigueOfCategory& one : fit->categories) {
      const double own = std::abs(one.raw - fit->betas[0].value), shrunk = std::abs(one.beta.value - fit->betas[0].value);
      EXPECT_LE(shrunk, own);
      EXPECT_LT(one.beta.error, std::hypot(one.raw_error, fit->betas[0].error));
    }
  EXPECT_NEAR(differ.categories[0].beta.value, 0.13, 0.15);
  EXPECT_NEAR(differ.categories[1].beta.value, 0.73, 0.15);
}

TEST(FitFatigue, TellsTheItemsWearFromItsCategorys) {
  FatigueTruth truth = small_world(4);
  truth.category_share = 0.25;
  truth.impressions = 60'000;
  const FatigueFit fit = fit_fatigue(make_fatigue_world(truth));
  ASSERT_EQ(fit.betas.size(), 2U);
  EXPECT_NEAR(fit.betas[0].value, 0.43, 0.12);
  EXPECT_LE(fit.betas[1].low, 0.1075);
  EXPECT_GE(fit.betas[1].high, 0.1075);
}

TEST(FitFatigue, PointsFollowTheCurve) {
  const FatigueFit fit = fit_fatigue(make_fatigue_world(small_world(8)));
  ASSERT_GT(fit.points.size(), 6U);
  EXPECT_FALSE(fit.observational);
  EXPECT_NEAR(fit.points[0].observed, 1, 0.06);
  EXPECT_LT(fit.points[4].observed, 0.9);
  for (const FatiguePoint& point : fit.points) {
    EXPECT_LE(point.low - 0.03, point.fitted) << point.exposures;
    EXPECT_GE(point.high + 0.03, point.fitted) << point.exposures;
  }
}

TEST(FitFatigue, SameSightsSameBits) {
  FatigueTruth truth = small_world(9);
  truth.impressions = 8000;
  const FatigueFit a = fit_fatigue(make_fatigue_world(truth)), b = fit_fatigue(make_fatigue_world(truth));
  EXPECT_EQ(a.betas, b.betas);
  EXPECT_EQ(a.half_life, b.half_life);
  EXPECT_EQ(a.profile, b.profile);
  EXPECT_EQ(a.points, b.points);
}

/// F of the n-th exposure as the fatigue stage has it.
double plain_fatigue(const FatigueStory& story, std::size_t n, const FatigueKey& key, Duration half_life) {
  const auto adds = [&](const FatigueExposure& one) { return std::find(one.adds.begin(), one.adds.end(), key) != one.adds.end(); };
  std::vector<UtcTime> clicks;
  for (const FatigueClick& click : story.clicks)
    if (adds(story.exposures[click.exposure]) && click.at < story.exposures[n].shown) clicks.push_back(click.at);
  double fatigue = 0;
  for (const FatigueExposure& one : story.exposures)
    if (one.shown < story.exposures[n].shown && adds(one))
      fatigue += exposure_weight(one.shown, story.exposures[n].shown, half_life) * left_by_clicks(clicks, one.shown, story.exposures[n].shown);
  return fatigue;
}

TEST(FatigueSights, FatigueIsThatOfTheStage) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random draws(seed);
    FatigueStory story;
    std::int64_t at = 1'700'000'000'000;
    for (std::size_t i = 0; i < 30; ++i) {
      at += static_cast<std::int64_t>(draws.below(3)) * hours(9).count(); // some together
      FatigueExposure exposure;
      exposure.shown = UtcTime(Duration(at));
      exposure.has_outcome = draws.uniform() < 0.8;
      exposure.propensity = 0.5F;
      exposure.reads = {{0, draws.below(4)}, {1, 10 + draws.below(2)}};
      exposure.adds = exposure.reads;
      if (exposure.reads[1].key == 11) exposure.adds.push_back({1, 10}); // the category above
      if (draws.uniform() < 0.3) story.clicks.push_back({UtcTime(Duration(at + static_cast<std::int64_t>(draws.below(20)) * hours(1).count() + 1)), i});
      story.exposures.push_back(std::move(exposure));
    }
    FatigueSights sights(2);
    sights.add(story);
    const std::vector<float> columns = sights.columns(days(3));
    std::size_t row = 0;
    for (std::size_t i = 0; i < story.exposures.size(); ++i) {
      if (!story.exposures[i].has_outcome) continue;
      for (std::size_t kind = 0; kind < 2; ++kind)
        ASSERT_NEAR(static_cast<double>(columns[row * 2 + kind]), std::log1p(plain_fatigue(story, i, story.exposures[i].reads[kind], days(3))), 1e-5) << seed << " " << i << " " << kind;
      ++row;
    }
    ASSERT_EQ(row, sights.size());
  }
}

} // namespace
} // namespace takt
