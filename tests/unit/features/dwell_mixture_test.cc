#include "core/random.h"
#include "features/dwell_mixture.h"
#include "features/intent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace takt {
namespace {

struct Look { std::uint32_t dwell_ms; bool accident; };

/// Median of the accidental part so that its mode is where it is wanted: mode = median x e^(-deviation^2).
constexpr double accident_deviation = 0.35, wanted_mode_ms = 1800;
const double accident_log = std::log(wanted_mode_ms) + accident_deviation * accident_deviation;

std::vector<Look> looks(std::uint64_t seed, std::size_t count, double accidents, double long_share = 0.45) {
  Random random(seed);
  std::vector<Look> all;
  for (std::size_t i = 0; i < count; ++i) {
    const bool accident = random.uniform() < accidents;
    const bool is_long = random.uniform() < long_share;
    const double mean = accident ? accident_log : is_long ? std::log(45'000.0) : std::log(9'000.0);
    const double deviation = accident ? accident_deviation : is_long ? 0.7 : 0.6;
    all.push_back({static_cast<std::uint32_t>(std::exp(mean + deviation * random.normal())), accident});
  }
  return all;
}

DwellHistogram histogram_of(const std::vector<Look>& all) {
  DwellHistogram histogram;
  for (const Look& look : all) histogram.add(look.dwell_ms);
  return histogram;
}

TEST(DwellMixture, finds_the_accidental_part_that_was_put_in) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U})
    for (const double accidents : {0.1, 0.2, 0.4}) {
      const DwellFit fit = fit_dwell_mixture(histogram_of(looks(seed, 100'000, accidents)));
      ASSERT_EQ(fit.why_not, "") << "seed " << seed << " accidents " << accidents;
      EXPECT_NEAR(fit.mixture.accidental_mode_ms(), wanted_mode_ms, 100) << "seed " << seed << " accidents " << accidents;
      EXPECT_NEAR(fit.mixture.components()[0].share, accidents, 0.02) << "seed " << seed;
      EXPECT_NEAR(std::exp(fit.mixture.components()[2].mean_log), 45'000, 9'000);
    }
}

TEST(DwellMixture, says_how_likely_an_accident_was) {
  const std::vector<Look> all = looks(11, 200'000, 0.2);
  const DwellFit fit = fit_dwell_mixture(histogram_of(all));
  ASSERT_EQ(fit.why_not, "");
  // Calibrated: among clicks with an answer near p, a share near p was intended.
  std::array<double, 10> answers{}, intended{}, count{};
  for (const Look& look : all) {
    if (look.dwell_ms < dwell_impossible_ms) continue;
    const double p = fit.mixture.intent(look.dwell_ms);
    const auto bin = std::min<std::size_t>(static_cast<std::size_t>(p * 10), 9);
    answers[bin] += p;
    intended[bin] += look.accident ? 0 : 1;
    count[bin] += 1;
  }
  for (std::size_t bin = 0; bin < 10; ++bin)
    if (count[bin] > 1000) {
      EXPECT_NEAR(answers[bin] / count[bin], intended[bin] / count[bin], 0.06) << "near " << bin;
    }
  EXPECT_NEAR(fit.mixture.intent_of_unknown(), 0.8, 0.02);
}

TEST(DwellMixture, a_longer_look_never_means_less) {
  const DwellFit fit = fit_dwell_mixture(histogram_of(looks(3, 50'000, 0.3)));
  double before = 0;
  for (std::uint32_t dwell = 400; dwell < 4'000'000; dwell += dwell / 50) {
    const double now = fit.mixture.intent(dwell);
    ASSERT_GE(now, before) << dwell;
    before = now;
  }
  EXPECT_EQ(fit.mixture.intent(399), 0);
  EXPECT_GT(before, 0.99);
}

TEST(DwellMixture, the_order_of_the_clicks_does_not_matter) {
  std::vector<Look> all = looks(5, 20'000, 0.2);
  const DwellFit forward = fit_dwell_mixture(histogram_of(all));
  std::reverse(all.begin(), all.end());
  EXPECT_EQ(forward.mixture, fit_dwell_mixture(histogram_of(all)).mixture);
}

TEST(DwellMixture, what_the_data_do_not_show_is_not_claimed) {
  EXPECT_NE(fit_dwell_mixture(DwellHistogram{}).why_not, "");
  EXPECT_NE(fit_dwell_mixture(histogram_of(looks(1, 1'500, 0.2))).why_not, "");
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    EXPECT_NE(fit_dwell_mixture(histogram_of(looks(seed, 50'000, 0.0))).why_not, "") << "no accidents";
    EXPECT_NE(fit_dwell_mixture(histogram_of(looks(seed, 50'000, 0.0, 0.0))).why_not, "") << "one part only";
  }
  DwellHistogram timer;
  for (int i = 0; i < 10'000; ++i) timer.add(10'000);
  EXPECT_NE(fit_dwell_mixture(timer).why_not, "") << "everybody sends the same number";
}

} // namespace
} // namespace takt
