// What one ledger adds to a cap over many customers: the elements that semantics.md COUNTED has for it, whatever the time.
#include "core/total_cap.h"
#include "tests/support/cap_builder.h"

#include <gtest/gtest.h>

namespace takt::tests {
namespace {

CapRule total(Counts counts, Per per, Scope scope = Scope::everyone) {
  CapRule rule = cap(counts, per, std::nullopt, 10);
  rule.scope = scope;
  return rule;
}

std::vector<TotalElement> elements(const Ledger& ledger, const CapRule& rule, Symbol group = Symbol::none) { return total_elements(ledger, group, {&rule, 1}); }

constexpr Symbol acme = sym(77);

TEST(TotalElements, AReservationIsLiveUntilItsEndAndAShowHasItsTime) {
  LedgerBuilder made;
  made.grant(product(1), 1, at(0));
  made.shown(product(1), 2, at(1), at(3));
  const auto found = elements(made.ledger, total(Counts::impression, Per::item));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], (TotalElement{0, false, 1, at(3), {sym(1001)}}));
  EXPECT_EQ(found[1], (TotalElement{0, true, 1, at(15), {sym(1001)}}));
}

TEST(TotalElements, WhatWasReleasedOrIsAGhostIsNothing) {
  LedgerBuilder made;
  made.grant(product(1), 1, at(0)).marks.push_back({MarkKind::released, Symbol::none, at(1), 0});
  made.grant(product(1), 2, at(0)).origin = EntryOrigin::ghost;
  made.elsewhere(product(1), 3, at(0), EntryOrigin::unverified);
  EXPECT_TRUE(elements(made.ledger, total(Counts::impression, Per::all)).empty());
  CapRule trusting = total(Counts::impression, Per::all);
  trusting.count_unverified = true;
  EXPECT_EQ(elements(made.ledger, trusting).size(), 1U);
}

TEST(TotalElements, AContactIsOneHoweverManyItems) {
  LedgerBuilder made;
  made.grant(mail(1), 1, at(0));
  made.grant(mail(2), 1, at(0));
  made.shown(mail(3), 2, at(1), at(9));
  made.shown(mail(4), 2, at(1), at(7));
  made.grant(mail(5), 2, at(1));
  const auto found = elements(made.ledger, total(Counts::contact, Per::all));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].at, at(7)) << "shown beats live, the earliest wins";
  EXPECT_FALSE(found[0].live);
  EXPECT_EQ(found[1], (TotalElement{0, true, 1, at(15), {Symbol::none}}));
}

TEST(TotalElements, TheGroupIsPartOfTheKeyAndWhoHasNoneIsNotSeen) {
  LedgerBuilder made;
  made.shown(product(1), 1, at(0), at(1));
  const CapRule rule = total(Counts::impression, Per::item, Scope::group);
  EXPECT_TRUE(elements(made.ledger, rule).empty());
  const auto found = elements(made.ledger, rule, acme);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, (TotalKey{acme, sym(1001)}));
}

TEST(TotalElements, TalliesCountWithTheirLastTime) {
  LedgerBuilder made;
  made.ledger.label_sets.push_back(product(1));
  made.ledger.tallies.push_back({0, MarkKind::viewed, 5, at(0), at(8), Symbol::none, false});
  made.ledger.tallies.push_back({0, MarkKind::clicked, 2, at(0), at(8), Symbol::none, false});
  const auto found = elements(made.ledger, total(Counts::impression, Per::all));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], (TotalElement{0, false, 5, at(8), {Symbol::none}}));
}

TEST(TotalElements, EveryRuleOfManyHasItsOwn) {
  LedgerBuilder made;
  made.shown(product(1), 1, at(0), at(1));
  std::vector<CapRule> rules(100, total(Counts::impression, Per::item));
  for (std::size_t i = 0; i < rules.size(); i += 2) rules[i].counts_of.items = std::vector<Symbol>{sym(5)};
  const auto found = total_elements(made.ledger, Symbol::none, rules);
  ASSERT_EQ(found.size(), 50U) << "two policies may be followed at once: more than a set of 64 bits holds";
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].rule, 2 * i + 1);
}

TEST(CountingPart, ForgetsWhatOnlyBlocks) {
  CapRule one = total(Counts::impression, Per::item), other = one;
  other.id = "other";
  other.limit = 3;
  other.applies_to.items = std::vector<Symbol>{sym(5)};
  other.schedule.from = at(0);
  other.exempt.emplace().items = std::vector<Symbol>{sym(6)};
  other.on_exceed = OnExceed::nothing;
  EXPECT_EQ(counting_part(one), counting_part(other));
  other.exempt_counts = false;
  EXPECT_NE(counting_part(one), counting_part(other)) << "what is exempt and not counted decides the count";
}

} // namespace
} // namespace takt::tests
