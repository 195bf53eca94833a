#include "experiments/assign.h"

#include <array>
#include <gtest/gtest.h>
#include <string>

namespace takt {
namespace {

TEST(Assign, SharesFollowTheWeights) {
  const std::array weights{0.2, 0.5};
  std::array<int, 3> counts{};
  constexpr int units = 100'000;
  for (int i = 0; i < units; ++i) ++counts[assign("ranker-b", "c-" + std::to_string(i), weights).value_or(2)];
  // Five standard deviations of a binomial share of 100,000: below 0.8 percentage points.
  EXPECT_NEAR(counts[0] / double{units}, 0.2, 0.008);
  EXPECT_NEAR(counts[1] / double{units}, 0.5, 0.008);
  EXPECT_NEAR(counts[2] / double{units}, 0.3, 0.008);
}

TEST(Assign, SameUnitSameArmAndMoreWeightMovesNobodyOut) {
  for (int i = 0; i < 10'000; ++i) {
    const std::string unit = "c-" + std::to_string(i);
    const auto narrow = assign("seed", unit, std::array{0.1});
    EXPECT_EQ(narrow, assign("seed", unit, std::array{0.1}));
    if (narrow) {
      EXPECT_EQ(assign("seed", unit, std::array{0.4}), narrow);
    }
  }
}

TEST(Assign, ExperimentsAreIndependent) {
  int both = 0;
  constexpr int units = 40'000;
  for (int i = 0; i < units; ++i) {
    const std::string unit = "c-" + std::to_string(i);
    both += assign("one", unit, std::array{0.5}) && assign("two", unit, std::array{0.5}) ? 1 : 0;
  }
  EXPECT_NEAR(both / double{units}, 0.25, 0.011);
}

TEST(Assign, ZeroWeightHoldsNobodyAndBucketsAreBelowOne) {
  for (int i = 0; i < 1'000; ++i) {
    const std::string unit = std::to_string(i);
    EXPECT_EQ(assign("s", unit, std::array{0.0, 1.0}), 1U);
    EXPECT_GE(bucket_of("s", unit), 0.0);
    EXPECT_LT(bucket_of("s", unit), 1.0);
  }
}

} // namespace
} // namespace takt
