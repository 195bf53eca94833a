// A few drafts of `what_if_truth`: what is foretold is what a town then lives.
#include "tests/simulation/what_if_truth.h"

#include <gtest/gtest.h>

namespace takt::simulation {
namespace {

TEST(WhatIfTruth, ForetoldExposuresAreThoseOfATownThatLivesUnderTheDraft) {
  const std::vector<TruthDraft> drafts{draft_of(0), draft_of(1), draft_of(5)};
  const std::vector<Foretold> told = foretell({.seed = 11, .customers = 150, .days = 21, .items = 250, .pilot_customers = 20}, drafts);
  ASSERT_EQ(told.size(), drafts.size());
  bool differs = false;
  for (const Foretold& one : told) {
    EXPECT_NEAR(one.error(), 0, 0.02) << one.draft << ": foretold " << one.exposures_foretold << ", true " << one.exposures_true;
    differs = differs || one.exposures_foretold < 0.95 * one.exposures_before;
    EXPECT_TRUE(!one.can_tell() || one.covers()) << one.draft << ": " << one.weighted.value.low << " to " << one.weighted.value.high << ", true " << one.value_true;
  }
  EXPECT_TRUE(differs) << "drafts that change nothing are easily foretold";
}

TEST(WhatIfTruth, SlotsThatTheLogLeftEmptyAreForetoldByHabit) {
  TruthOptions options{.seed = 13, .customers = 150, .days = 21, .items = 250, .pilot_customers = 20};
  options.change_policy = at_most_ten_a_week;
  for (const Foretold& one : foretell(options, looser_drafts())) {
    EXPECT_GT(one.exposures_foretold, 1.02 * one.exposures_before) << one.draft;
    EXPECT_NEAR(one.error(), 0, 0.02) << one.draft << ": foretold " << one.exposures_foretold << ", true " << one.exposures_true;
  }
}

TEST(WhatIfTruth, TheSamePolicyIsToldWithCertainty) {
  const std::vector<Foretold> told = foretell({.seed = 12, .customers = 100, .days = 14, .items = 250, .pilot_customers = 20}, {{"the same", [](Policy&, SymbolTable&) {}}});
  EXPECT_DOUBLE_EQ(told.front().weighted.covered, 1.0);
  EXPECT_EQ(told.front().exposures_foretold, told.front().exposures_true);
  EXPECT_NEAR(told.front().weighted.value.value, told.front().value_true, 1e-6);
}

} // namespace
} // namespace takt::simulation
