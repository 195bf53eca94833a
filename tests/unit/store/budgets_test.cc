// The table of counts and tokens by itself: what is counted at which instant, and that tokens leave exactly once.
#include "store/budgets.h"
#include "tests/support/cap_builder.h"

#include <gtest/gtest.h>

#include <thread>

namespace takt::tests {
namespace {

const TotalKey everything{Symbol::none};

CapRule lifetime_cap() {
  CapRule rule = cap(Counts::impression, Per::all, std::nullopt, std::nullopt);
  rule.scope = Scope::everyone;
  return rule;
}

CapRule daily_cap() {
  CapRule rule = lifetime_cap();
  rule.window = {WindowKind::calendar, {}, {CalendarUnit::day, Zone::find("Europe/Berlin"), {}, std::chrono::Monday}};
  return rule;
}

CommitId commit(std::uint8_t number) {
  CommitId id;
  id.bytes[0] = number;
  return id;
}

TotalElement shown(UtcTime when, std::uint32_t times = 1) { return {0, false, times, when, everything}; }
TotalElement live(UtcTime until) { return {0, true, 1, until, everything}; }

struct Table {
  explicit Table(const CapRule& rule) : counter(std::make_shared<BudgetCounter>(counting_part(rule))) {}
  bool take(std::uint8_t number, std::uint32_t amount, std::uint64_t count_most, UtcTime t = at(0)) {
    return budgets.take(commit(number), {{counter, everything, amount, count_most}}, t, at(15));
  }
  void add(std::initializer_list<TotalElement> elements) { Budgets::add({counter}, std::vector<TotalElement>(elements), 1); }
  std::uint32_t count(UtcTime t) const { return counter->count(everything, 1000, t).count; }
  Budgets budgets;
  std::shared_ptr<BudgetCounter> counter;
};

TEST(Budgets, LiveOnesCountUntilTheyAreOverAndShownOnesForEver) {
  Table table(lifetime_cap());
  table.add({live(at(15)), live(at(20)), shown(at(3), 2)});
  EXPECT_EQ(table.count(at(10)), 4U);
  EXPECT_EQ(table.count(at(15)), 3U) << "over at its end, not after it";
  EXPECT_EQ(table.count(at(20)), 2U);
  EXPECT_EQ(table.count(at(14)), 4U) << "asked about an earlier instant again";
  table.add({live(at(30))});
  EXPECT_EQ(table.count(at(20)), 3U);
  EXPECT_EQ(table.count(at(29)), 3U);
}

TEST(Budgets, ACalendarDayBeginsAtItsOwnMidnight) {
  Table table(daily_cap());
  const UtcTime midnight = utc_from_ms(1'709'679'600'000); // 5 March 2024, 23:00 UTC: midnight in Berlin
  table.add({shown(midnight - minutes(1)), shown(midnight), live(midnight + minutes(10))});
  EXPECT_EQ(table.count(midnight - minutes(5)), 3U) << "no upper end, as in every cap";
  EXPECT_EQ(table.count(midnight + minutes(5)), 2U) << "what is live may be shown in this period";
  EXPECT_EQ(table.count(midnight + hours(24)), 0U);
}

TEST(Budgets, TokensAreTakenWhileThereAreSome) {
  Table table(lifetime_cap());
  EXPECT_TRUE(table.take(1, 1, 1));
  EXPECT_TRUE(table.take(2, 1, 1));
  EXPECT_FALSE(table.take(3, 1, 1));
  table.budgets.give_back(commit(1));
  table.budgets.give_back(commit(1));
  EXPECT_EQ(table.count(at(0)), 1U) << "given back once, however often it is said";
  EXPECT_TRUE(table.take(4, 1, 1));
  EXPECT_FALSE(table.take(5, 1, 1));
}

TEST(Budgets, ACommitTurnsItsTokensIntoReservations) {
  Table table(lifetime_cap());
  ASSERT_TRUE(table.take(1, 2, 0));
  const std::vector<TotalElement> after{live(at(15)), live(at(15))};
  table.budgets.settle(commit(1), {table.counter}, {}, after);
  EXPECT_EQ(table.count(at(1)), 2U) << "not four";
  EXPECT_EQ(table.budgets.held_count(), 0U);
  table.budgets.give_back(commit(1));
  EXPECT_EQ(table.count(at(1)), 2U);
  const std::vector<TotalElement> seen{shown(at(4)), live(at(15))};
  table.budgets.settle(commit(2), {table.counter}, after, seen);
  EXPECT_EQ(table.count(at(1)), 2U);
  EXPECT_EQ(table.count(at(16)), 1U) << "what was not seen is free again";
}

TEST(Budgets, AnOutcomeNobodyKnowsHoldsItsTokensUntilTheReservationsAreOver) {
  Table table(lifetime_cap());
  ASSERT_TRUE(table.take(1, 1, 0));
  table.budgets.keep_until_over(commit(1));
  EXPECT_FALSE(table.take(2, 1, 0, at(14)));
  EXPECT_TRUE(table.take(3, 1, 0, at(15)));
}

TEST(Budgets, AllOrNone) {
  Table table(lifetime_cap());
  const auto other = std::make_shared<BudgetCounter>(counting_part(daily_cap()));
  ASSERT_TRUE(table.budgets.take(commit(1), {{other, everything, 1, 0}}, at(0), at(15)));
  EXPECT_FALSE(table.budgets.take(commit(2), {{table.counter, everything, 1, 0}, {other, everything, 1, 0}}, at(0), at(15)));
  EXPECT_EQ(table.count(at(0)), 0U);
}

TEST(Budgets, AFullOneSaysWhenItIsFree) {
  Table table(daily_cap());
  const UtcTime midnight = utc_from_ms(1'709'679'600'000);
  table.add({shown(at(0)), live(at(30)), live(at(20))});
  TotalCount full = table.counter->count(everything, 3, at(10));
  EXPECT_EQ(full.free_at, at(20));
  EXPECT_TRUE(full.provisional);
  full = table.counter->count(everything, 1, at(10));
  EXPECT_EQ(full.free_at, midnight) << "one is shown, and stays so today";
  EXPECT_FALSE(full.provisional);
  EXPECT_FALSE(table.counter->count(everything, 4, at(10)).free_at);
  Table ever(lifetime_cap());
  ever.add({shown(at(0)), shown(at(1))});
  EXPECT_FALSE(ever.counter->count(everything, 2, at(10)).free_at);
}

TEST(Budgets, WhatIsLongOverIsForgottenAndNothingElse) {
  Table table(daily_cap());
  const UtcTime later = at(0) + days(10);
  table.add({shown(at(0)), live(at(15)), shown(later), live(later + minutes(5))});
  ASSERT_TRUE(table.take(1, 1, 100, later));
  EXPECT_EQ(table.count(later), 3U);
  table.add({shown(at(1)), live(at(16))});        // an old batch
  Budgets::add({table.counter}, std::vector{shown(at(0)), live(at(15))}, -1);
  EXPECT_EQ(table.count(later), 3U);
  EXPECT_EQ(table.count(later - hours(1)), 3U);
  EXPECT_EQ(table.count(later + minutes(6)), 2U);
}

TEST(Budgets, ALostCountLetsNothingThrough) {
  Table table(lifetime_cap());
  table.counter->give_up();
  EXPECT_EQ(table.counter->count(everything, 5, at(0)).count, 5U);
  EXPECT_FALSE(table.take(1, 1, 4));
}

TEST(Budgets, SixtyFourThreadsTakeOneHundred) {
  Table table(lifetime_cap());
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (std::uint32_t thread = 0; thread < 64; ++thread)
    threads.emplace_back([&, thread] {
      for (std::uint32_t i = 0; i < 50; ++i) {
        CommitId id;
        id.bytes[0] = static_cast<std::uint8_t>(thread);
        id.bytes[1] = static_cast<std::uint8_t>(i);
        if (!table.budgets.take(id, {{table.counter, everything, 1, 99}}, at(0), at(15))) continue;
        if (i % 3 == 0) {
          table.budgets.give_back(id);
          continue;
        }
        const std::vector<TotalElement> after{live(at(15))};
        table.budgets.settle(id, {table.counter}, {}, after);
        ++taken;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 100);
  EXPECT_EQ(table.count(at(0)), 100U);
  EXPECT_EQ(table.budgets.held_count(), 0U);
}

} // namespace
} // namespace takt::tests
