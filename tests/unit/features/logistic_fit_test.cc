#include "features/logistic_fit.h"

#include "core/random.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

namespace takt {
namespace {

/// Impressions of a world whose truth is known: three columns, and slots that are seen less the further down.
constexpr double true_intercept = -2, slot_drop = -0.35;
constexpr double true_weights[] = {1.5, -0.8, 0};

LabelledRows planted(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  LabelledRows data;
  data.width = 3;
  for (std::size_t i = 0; i < count; ++i) {
    const auto slot = static_cast<std::uint32_t>(1 + random.below(5));
    double log_odds = true_intercept + slot_drop * (slot - 1);
    for (const double weight : true_weights) {
      // The best items come first, as a ranker would have it: without a term for the slot their weight would take up its drop.
      const double value = random.normal() + (weight > 1 ? 0.5 * (3.0 - slot) : 0.0);
      data.rows.push_back(static_cast<float>(value));
      log_odds += weight * static_cast<double>(data.rows.back());
    }
    data.labels.push_back(random.uniform() < 1 / (1 + std::exp(-log_odds)) ? 1.0F : 0.0F);
    data.weights.push_back(1);
    data.slots.push_back(slot);
  }
  return data;
}

std::vector<std::uint32_t> all_of(const LabelledRows& data) {
  std::vector<std::uint32_t> picked(data.size());
  std::iota(picked.begin(), picked.end(), 0U);
  return picked;
}

LogisticFit fit(const LabelledRows& data, std::vector<double> prior = {0, 0, 0}, double intercept = 0, FitOptions options = {}) {
  return fit_logistic(data, all_of(data), intercept, prior, options, {});
}

TEST(LogisticFit, FindsPlantedWeightsAndTheDropOfTheSlots) {
  const LogisticFit found = fit(planted(1, 60'000));
  EXPECT_TRUE(found.converged);
  EXPECT_NEAR(found.intercept, true_intercept, 0.05);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(found.weights[c], true_weights[c], 0.05) << c;
  for (std::uint32_t slot = 0; slot < 5; ++slot) EXPECT_NEAR(found.slot_offsets[slot], slot_drop * slot, 0.08) << slot;
  EXPECT_NEAR(found.mean_slot_offset, 2 * slot_drop, 0.1);
}

TEST(LogisticFit, WithoutATermForTheSlotTheBestItemsWouldSeemBetter) {
  FitOptions blind;
  blind.slots_max = 1;
  const LabelledRows data = planted(1, 60'000);
  EXPECT_GT(fit(data, {0, 0, 0}, 0, blind).weights[0], fit(data).weights[0] + 0.1);
}

TEST(LogisticFit, NoDataGiveThePriorBitForBitAndFewStayNearIt) {
  const std::vector<double> prior{0.3, -0.7, 0.1};
  LabelledRows none;
  none.width = 3;
  const LogisticFit same = fit(none, prior, -3.8);
  EXPECT_EQ(same.weights, prior);
  EXPECT_EQ(same.intercept, -3.8);
  const LogisticFit few = fit(planted(2, 10), prior, -2);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(few.weights[c], prior[c], 0.4) << c; // the truth of the first is 1.5
}

TEST(LogisticFit, TheSameRowsGiveTheSameBits) {
  const LogisticFit one = fit(planted(3, 5'000)), two = fit(planted(3, 5'000));
  EXPECT_EQ(one.weights, two.weights);
  EXPECT_EQ(one.intercept, two.intercept);
  EXPECT_EQ(one.slot_offsets, two.slot_offsets);
}

TEST(LogisticFit, AFixedColumnKeepsItsWeight) {
  FitOptions options;
  options.fixed = {0};
  const LogisticFit found = fit(planted(4, 20'000), {1.5, 0, 0}, 0, options);
  EXPECT_EQ(found.weights[0], 1.5);
  EXPECT_NEAR(found.weights[1], true_weights[1], 0.08);
}

/// Clicks on anything, half of them accidents that say nothing about the first column.
TEST(LogisticFit, ClicksThatWereHardlyMeantHardlyCount) {
  LabelledRows data = planted(5, 40'000);
  Random random(6);
  std::vector<bool> accident(data.size(), false);
  for (std::size_t i = 0; i < data.size(); ++i)
    if (data.labels[i] == 0 && random.uniform() < 0.15) accident[i] = true;
  LabelledRows naive = data, weighed = data;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (!accident[i]) continue;
    naive.labels[i] = 1;
    weighed.labels[i] = 0.1F; // P(intended) of a click of 1.8 seconds
  }
  EXPECT_LT(fit(naive).weights[0], true_weights[0] - 0.4);
  EXPECT_NEAR(fit(weighed).weights[0], true_weights[0], 0.2);
}

TEST(LogisticFit, AWeightOfTwoIsTheRowTwice) {
  LabelledRows once = planted(7, 400), twice = once;
  for (std::size_t i = 0; i < once.size(); i += 2) once.weights[i] = 2;
  for (std::size_t i = 0, count = twice.size(); i < count; i += 2) {
    for (std::size_t c = 0; c < 3; ++c) twice.rows.push_back(twice.rows[i * 3 + c]);
    twice.labels.push_back(twice.labels[i]);
    twice.weights.push_back(1);
    twice.slots.push_back(twice.slots[i]);
  }
  const LogisticFit a = fit(once), b = fit(twice);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(a.weights[c], b.weights[c], 1e-4);
}

TEST(ProbabilityMetrics, AreThoseOfTheDefinition) {
  const std::vector<double> predicted{0.1, 0.4, 0.4, 0.8};
  const std::vector<float> labels{0, 1, 0, 1}, weights{1, 1, 1, 1};
  const ProbabilityMetrics metrics = measure_probabilities(predicted, labels, weights);
  EXPECT_NEAR(metrics.log_loss, -(std::log(0.9) + std::log(0.4) + std::log(0.6) + std::log(0.8)) / 4, 1e-12);
  EXPECT_NEAR(metrics.auc, 3.5 / 4, 1e-12);
  // Four rows in ten tenths: each with itself.
  EXPECT_NEAR(metrics.calibration_error, (0.1 + 0.6 + 0.4 + 0.2) / 4, 1e-12);
}

TEST(ProbabilityMetrics, OfTheTruthAreCalibrated) {
  Random random(8);
  std::vector<double> predicted;
  std::vector<float> labels, weights;
  for (int i = 0; i < 50'000; ++i) {
    predicted.push_back(random.uniform());
    labels.push_back(random.uniform() < predicted.back() ? 1.0F : 0.0F);
    weights.push_back(1);
  }
  EXPECT_LT(measure_probabilities(predicted, labels, weights).calibration_error, 0.01);
  EXPECT_NEAR(measure_probabilities(predicted, labels, weights).auc, 5.0 / 6, 0.01);
}

} // namespace
} // namespace takt
