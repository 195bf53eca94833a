// Where little is known, there is a floor: an unknown person, a new item, an empty journal, judged by the truth of the simulated shop.
// Sums over three seeds; thresholds lie well inside what `floors 3 1000 300` prints.
#include "tests/simulation/floors.h"

#include <array>
#include <gtest/gtest.h>

namespace takt::simulation {
namespace {

constexpr std::array<std::uint64_t, 3> seeds{7, 8, 9};
constexpr std::uint32_t items = 1000;
constexpr std::uint64_t people = 300;

/// Sums of the seeds' means: only ratios and differences of them are asked for.
struct Sums {
  double taste = 0, click = 0, worth = 0;
  Sums& operator+=(const Fit& fit) {
    taste += fit.taste / seeds.size();
    click += fit.click;
    worth += fit.worth;
    return *this;
  }
};

struct ColdSums {
  Sums popular, random, stranger, stranger_plain, clicked, anchored;
  std::uint64_t empty = 0;
};

ColdSums cold_customers(bool equal_worth) {
  ColdSums sums;
  for (const std::uint64_t seed : seeds) {
    const ColdCustomers cold = measure_cold_customers(seed, items, people, people, equal_worth);
    sums.popular += cold.popular;
    sums.random += cold.random;
    sums.stranger += cold.stranger;
    sums.stranger_plain += cold.stranger_plain;
    sums.clicked += cold.clicked;
    sums.anchored += cold.anchored;
    sums.empty += cold.stranger.empty + cold.clicked.empty + cold.anchored.empty;
  }
  return sums;
}

TEST(Floors, AStrangerIsServedAboutAsWellAsByBestSellersAndEverythingSaidMakesItFitBetter) {
  const ColdSums cold = cold_customers(true);
  EXPECT_EQ(cold.empty, 0U);
  // Best sellers are the same three for everybody, of a thousand; a stranger is shown these or others that 300 people wanted nearly as
  // much. What three products truly have scatters by a tenth and more, so the bar is well below one.
  EXPECT_GT(cold.stranger.click, 0.75 * cold.popular.click) << "which try nothing";
  EXPECT_GT(cold.stranger_plain.click, 0.75 * cold.popular.click) << "the same without exploring";
  EXPECT_GT(cold.stranger.click, 1.08 * cold.random.click);
  EXPECT_GT(cold.stranger.taste, cold.popular.taste - 0.03);
  EXPECT_GT(cold.clicked.taste, cold.stranger.taste + 0.25);
  EXPECT_GT(cold.clicked.click, 2 * cold.stranger.click);
  EXPECT_GT(cold.anchored.taste, cold.clicked.taste);
}

TEST(Floors, WhatAStrangerIsShownIsWorthMoreThanBestSellers) {
  const ColdSums cold = cold_customers(false);
  EXPECT_EQ(cold.empty, 0U);
  EXPECT_GT(cold.stranger.worth, 1.5 * cold.popular.worth);
  EXPECT_GT(cold.clicked.worth, 1.1 * cold.stranger.worth);
}

TEST(Floors, WhatIsNewIsStuckUntilThePolicyLaunchesIt) {
  std::uint64_t seen_off = 0, seen_on = 0;
  for (const std::uint64_t seed : seeds) {
    const Launch off = measure_launch(seed, items, people, std::nullopt), on = measure_launch(seed, items, people, LaunchPolicy{});
    EXPECT_EQ(off.failures + on.failures, 0U);
    EXPECT_LE(off.launched_seen, off.launched / 2) << "most of what is new stays unseen";
    EXPECT_GT(on.share(), 1.25 * off.share()) << seed;
    EXPECT_GT(on.expected_worth / static_cast<double>(on.impressions), 0.93 * off.expected_worth / static_cast<double>(off.impressions)) << seed;
    seen_off += off.launched_seen;
    seen_on += on.launched_seen;
  }
  EXPECT_GT(seen_on, seen_off);
}

TEST(Floors, TheFirstDayHasAnAnswerForEverybody) {
  Sums shown, on_page, random;
  for (const std::uint64_t seed : seeds) {
    const DayOne day_one = measure_day_one(seed, items, people);
    EXPECT_EQ(day_one.failures, 0U);
    EXPECT_EQ(day_one.shown.empty + day_one.on_page.empty, 0U);
    EXPECT_GT(day_one.different, 100U) << seed;
    shown += day_one.shown;
    on_page += day_one.on_page;
    random += day_one.random;
  }
  EXPECT_GT(shown.click, 0.95 * random.click) << "nothing is known: as good as any";
  EXPECT_GT(shown.worth, 1.3 * random.worth) << "but what it is worth is known";
  EXPECT_GT(on_page.click, 1.6 * random.click) << "and what the page is about";
}

} // namespace
} // namespace takt::simulation
