#include "tests/support/cap_builder.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace takt::tests {
namespace {

constexpr Duration day = days(1);

struct Question {
  std::vector<CapRule> rules;
  SessionState session = {};
  std::vector<CapBlock> check(const LedgerBuilder& built, const LabelSet& labels, UtcTime t, std::uint8_t decision = 99) const {
    return CapView(built.ledger, rules, session, t).check({&labels, contact(decision)});
  }
  bool blocks(const LedgerBuilder& built, const LabelSet& labels, UtcTime t, std::uint8_t decision = 99) const {
    return CapView(built.ledger, rules, session, t).blocks({&labels, contact(decision)});
  }
  EligibleAgain again(const LedgerBuilder& built, const LabelSet& labels, UtcTime t) const {
    return eligible_again(built.ledger, rules, session, {}, {&labels, contact(99)}, {}, t);
  }
};

TEST(Cap, AReservationCountsUntilItExpiresAndAViewFromItsOwnTime) {
  LedgerBuilder built;
  built.grant(product(1), 1, at(0));
  const Question once_a_day{{cap(Counts::impression, Per::item, day, 1)}};
  EXPECT_EQ(once_a_day.again(built, product(1), at(11)).at, at(15));
  EXPECT_TRUE(once_a_day.again(built, product(1), at(11)).provisional) << "a view would change it";
  built.ledger.entries[0].marks = {{MarkKind::viewed, Symbol::none, at(9), 0}};   // the batch of minute 12
  const auto blocks = once_a_day.check(built, product(1), at(13));
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].kind, BlockKind::limit);
  EXPECT_EQ(blocks[0].observed, 1U);
  EXPECT_EQ(blocks[0].limit, 1U);
  EXPECT_EQ(blocks[0].key, std::vector{product(1).item});
  const EligibleAgain again = once_a_day.again(built, product(1), at(13));
  EXPECT_EQ(again.at, at(9) + day);
  EXPECT_FALSE(again.provisional);
  EXPECT_TRUE(once_a_day.blocks(built, product(1), at(9) + day - Duration{1}));
  EXPECT_FALSE(once_a_day.blocks(built, product(1), at(9) + day));
  EXPECT_FALSE(once_a_day.blocks(built, product(2), at(13)));
}

TEST(Cap, AGapShorterThanTheReservationBlocksWhileItIsLive) {
  LedgerBuilder built;
  built.grant(product(1), 1, at(0));
  CapRule rule = cap(Counts::impression, Per::all, day, std::nullopt);
  rule.min_gap = minutes(4);
  const Question gap{{rule}};
  EXPECT_EQ(gap.again(built, product(2), at(8)).at, at(15));
  built.ledger.entries[0].marks = {{MarkKind::viewed, Symbol::none, at(5), 0}};
  EXPECT_EQ(gap.again(built, product(2), at(8)).at, at(9));
  EXPECT_FALSE(gap.blocks(built, product(2), at(8), 1)) << "a gap is between contacts";
}

TEST(Cap, SlotsOfThisCallCountNowAndNotAMillisecondLater) {
  LedgerBuilder built;
  const std::vector rules{cap(Counts::impression, Per::item, day, 1)};
  const LabelSet labels = product(1);
  const CapCandidate candidate{&labels, contact(99)};
  CapView view(built.ledger, rules, {}, at(0));
  EXPECT_FALSE(view.blocks(candidate));
  view.add_slot(candidate);
  ASSERT_EQ(view.check(candidate).size(), 1U);
  EXPECT_EQ(view.check(candidate)[0].observed, 1U);
  EXPECT_EQ(view.eligible_again(candidate, {}).at, at(0, 1));
}

TEST(Cap, ARuleFarFromItsLimitWakesWhenTheSlotsOfOneCallFillIt) {
  LedgerBuilder built;
  for (std::uint32_t item = 1; item < 4; ++item) built.shown(product(item), static_cast<std::uint8_t>(item), at(-100), at(-90));
  CapRule far = cap(Counts::impression, Per::all, day, 40);
  CapRule others = cap(Counts::impression, Per::item, day, 300);
  const std::vector rules{far, others};
  CapView view(built.ledger, rules, {}, at(0));
  for (std::uint32_t n = 3; n < 40; ++n) {
    const LabelSet labels = product(10 + n);
    ASSERT_FALSE(view.blocks({&labels, contact(99)})) << n;
    ASSERT_FALSE(view.newly_blocked({&labels, contact(99)})) << n;
    view.add_slot({&labels, contact(99)});
  }
  const LabelSet next = product(9);
  ASSERT_EQ(view.check({&next, contact(99)}).size(), 1U);
  EXPECT_EQ(view.check({&next, contact(99)})[0].observed, 40U);
  EXPECT_EQ(view.check({&next, contact(99)})[0].rule, &rules[0]);
  EXPECT_TRUE(view.newly_blocked({&next, contact(99)}));
}

TEST(Cap, WhatLiesBehindTheWindowStillCountsForAGapThatIsLonger) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(-3000), at(-2900));
  CapRule rule = cap(Counts::impression, Per::item, day, 1);
  rule.min_gap = days(3);
  const Question gap{{rule}};
  ASSERT_EQ(gap.check(built, product(1), at(0)).size(), 1U);
  EXPECT_EQ(gap.check(built, product(1), at(0))[0].kind, BlockKind::gap);
  EXPECT_EQ(gap.check(built, product(1), at(0))[0].observed, 0U);
  EXPECT_EQ(gap.again(built, product(1), at(0)).at, at(-2900) + days(3));
  EXPECT_FALSE(gap.blocks(built, product(2), at(0)));
}

TEST(Cap, AMailWithFiveProductsIsOneContact) {
  LedgerBuilder built;
  built.shown(mail(1), 1, at(-100), at(-90));
  const std::vector rules{cap(Counts::contact, Per::all, days(7), 2), cap(Counts::impression, Per::all, days(7), 5)};
  CapView view(built.ledger, rules, {}, at(0));
  for (std::uint32_t item = 2; item < 6; ++item) {
    const LabelSet labels = mail(item);
    ASSERT_FALSE(view.blocks({&labels, contact(9)})) << item;
    view.add_slot({&labels, contact(9)});
  }
  const LabelSet sixth = mail(6);
  const auto same_mail = view.check({&sixth, contact(9)});
  ASSERT_EQ(same_mail.size(), 1U) << "five impressions are full, two contacts are not exceeded";
  EXPECT_EQ(same_mail[0].rule, &rules[1]);
  EXPECT_EQ(view.check({&sixth, contact(10)}).size(), 2U) << "a third mail is one contact too many";
}

TEST(Cap, AContactKnownToTheLedgerDoesNotCountTwice) {
  LedgerBuilder built;
  built.shown(mail(1), 1, at(-100), at(-90));
  built.shown(mail(2), 1, at(-100), at(-90));
  const Question contacts{{cap(Counts::contact, Per::all, days(7), 1)}};
  EXPECT_FALSE(contacts.blocks(built, mail(3), at(0), 1));
  const auto other = contacts.check(built, mail(3), at(0), 2);
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].observed, 1U);
}

TEST(Cap, CategoriesCutAtDepthAndEveryTagIsAKey) {
  LabelSet pumps = product(1), boots = product(2), plain = product(3);
  pumps.category = {sym(60), sym(61)};
  boots.category = {sym(60), sym(62)};
  pumps.tags = {sym(50)};
  boots.tags = {sym(50), sym(51)};
  LedgerBuilder built;
  built.shown(pumps, 1, at(0), at(1));
  CapRule by_root = cap(Counts::impression, Per::category, day, 1);
  by_root.depth = 1;
  EXPECT_TRUE(Question{{by_root}}.blocks(built, boots, at(20)));
  EXPECT_FALSE(Question{{cap(Counts::impression, Per::category, day, 1)}}.blocks(built, boots, at(20)));
  EXPECT_FALSE(Question{{by_root}}.blocks(built, plain, at(20))) << "no category, no key";
  const auto tagged = Question{{cap(Counts::impression, Per::tag, day, 1)}}.check(built, boots, at(20));
  ASSERT_EQ(tagged.size(), 1U);
  EXPECT_EQ(tagged[0].key, std::vector{sym(50)});
}

TEST(Cap, ATupleIsOneKey) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(0), at(1));
  CapRule rule = cap(Counts::impression, Per::item, day, 1);
  rule.per = {Per::item, Per::channel};
  EXPECT_TRUE(Question{{rule}}.blocks(built, product(1), at(20)));
  EXPECT_FALSE(Question{{rule}}.blocks(built, mail(1), at(20)));
}

TEST(Cap, ExemptCandidatesPassAndCountUnlessTheRuleSaysOtherwise) {
  LabelSet service = product(1);
  service.tags = {sym(50)};
  LedgerBuilder built;
  built.shown(service, 1, at(0), at(1));
  CapRule rule = cap(Counts::impression, Per::all, day, 1);
  rule.exempt.emplace().tags = std::vector{sym(50)};
  EXPECT_FALSE(Question{{rule}}.blocks(built, service, at(20)));
  EXPECT_TRUE(Question{{rule}}.blocks(built, product(2), at(20)));
  rule.exempt_counts = false;
  EXPECT_FALSE(Question{{rule}}.blocks(built, product(2), at(20)));
}

TEST(Cap, StampedLabelsCountAndTheScheduleBinds) {
  LabelSet sale = product(1);
  sale.tags = {sym(50)};
  LedgerBuilder built;
  built.shown(sale, 1, at(0), at(1));
  CapRule rule = cap(Counts::impression, Per::all, day, 1);
  rule.counts_of.tags = std::vector{sym(50)};
  rule.schedule.to = at(120);
  EXPECT_TRUE(Question{{rule}}.blocks(built, product(1), at(119))) << "the tag is gone now, it was there then";
  EXPECT_FALSE(Question{{rule}}.blocks(built, product(1), at(120)));
  EXPECT_EQ(Question{{rule}}.again(built, product(1), at(20)).at, at(120));
}

TEST(Cap, ClicksAndNamedEventsStopAfterTheFact) {
  LedgerBuilder built;
  Entry& entry = built.shown(product(1), 1, at(0), at(1));
  const Question one_click{{cap(Counts::click, Per::item, days(7), 1)}};
  EXPECT_FALSE(one_click.blocks(built, product(1), at(5))) << "a reservation is no click";
  entry.marks.push_back({MarkKind::clicked, Symbol::none, at(2), 0});
  entry.marks.push_back({MarkKind::event, sym(77), at(3), 0});
  EXPECT_EQ(one_click.again(built, product(1), at(5)).at, at(2) + days(7));
  CapRule named = cap(Counts::event, Per::item, days(7), 1);
  named.event = sym(77);
  EXPECT_TRUE(Question{{named}}.blocks(built, product(1), at(5)));
  named.event = sym(78);
  EXPECT_FALSE(Question{{named}}.blocks(built, product(1), at(5)));
}

TEST(Cap, DecisionsCountFromTheGrantWhateverBecameOfThem) {
  LedgerBuilder built;
  built.grant(product(1), 1, at(0)).marks = {{MarkKind::released, Symbol::none, at(1), 0}};
  built.elsewhere(product(1), 2, at(0));
  const auto blocks = Question{{cap(Counts::decision, Per::item, day, 1)}}.check(built, product(1), at(60));
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].observed, 1U) << "an exposure from elsewhere was never decided";
}

TEST(Cap, UnverifiedCountsOnlyOnRequestAndGhostsNever) {
  LedgerBuilder built;
  built.elsewhere(product(1), 1, at(0), EntryOrigin::unverified);
  built.grant(product(1), 2, at(0)).origin = EntryOrigin::ghost;
  CapRule rule = cap(Counts::impression, Per::item, day, 1);
  EXPECT_FALSE(Question{{rule}}.blocks(built, product(1), at(1)));
  rule.count_unverified = true;
  const auto blocks = Question{{rule}}.check(built, product(1), at(1));
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].observed, 1U);
}

TEST(Cap, DeliveredCountsMessagesThatArrived) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(0), at(1));
  const Question one_mail{{cap(Counts::delivered, Per::all, day, 1)}};
  EXPECT_FALSE(one_mail.blocks(built, mail(1), at(5))) << "a screen is no delivery";
  built.grant(mail(1), 2, at(2));
  EXPECT_EQ(one_mail.again(built, mail(1), at(5)).at, at(17));
  built.ledger.entries[1].marks = {{MarkKind::delivered, Symbol::none, at(10), 0}};
  EXPECT_EQ(one_mail.again(built, mail(1), at(11)).at, at(10) + day);
}

TEST(Cap, TheSessionEndsHalfAnHourAfterItsLastActivity) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(-40), at(-39));
  CapRule rule = cap(Counts::impression, Per::all, std::nullopt, 1);
  rule.window.kind = WindowKind::session;
  const Question once{{rule}, {3, at(-45), at(-10)}};
  EXPECT_TRUE(once.blocks(built, product(2), at(0)));
  EXPECT_EQ(once.again(built, product(2), at(0)).at, at(20));
  EXPECT_FALSE((Question{{rule}, {4, at(-20), at(-10)}}.blocks(built, product(2), at(0)))) << "shown in the session before";
}

TEST(Cap, TalliesKeepLifetimeExact) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(0), at(1));
  const std::uint32_t labels = built.ledger.entries[0].labels;
  built.ledger.tallies = {{labels, MarkKind::viewed, 4, at(-300'000), at(-200'000)},
                          {labels, MarkKind::clicked, 2, at(-300'000), at(-200'000)},
                          {labels, MarkKind::event, 7, at(-300'000), at(-200'000)},
                          {labels, MarkKind::event, 3, at(-300'000), at(-200'000), sym(77)}};
  const auto observed = [&](CapRule rule) {
    rule.limit = 1;
    const auto blocks = Question{{rule}}.check(built, product(1), at(20));
    return blocks.empty() ? 0U : blocks[0].observed;
  };
  EXPECT_EQ(observed(cap(Counts::impression, Per::item, std::nullopt, 1)), 5U);
  EXPECT_EQ(observed(cap(Counts::click, Per::item, std::nullopt, 1)), 2U);
  EXPECT_EQ(observed(cap(Counts::decision, Per::item, std::nullopt, 1)), 8U);
  CapRule named = cap(Counts::event, Per::item, std::nullopt, 1);
  named.event = sym(77);
  EXPECT_EQ(observed(named), 3U);
  EXPECT_EQ(observed(cap(Counts::impression, Per::item, days(7), 1)), 1U) << "older than the window";
  EXPECT_EQ((Question{{cap(Counts::impression, Per::item, std::nullopt, 5)}}.again(built, product(1), at(20)).at), std::nullopt);
}

TEST(Cap, ASaturatedLedgerCountsInFullWhatTheWindowReaches) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(0), at(1));
  // Dropped for size: nine exposures, the last of them an hour ago.
  built.ledger.tallies = {{built.ledger.entries[0].labels, MarkKind::viewed, 9, at(-9000), at(-60)}};
  built.ledger.saturated = true;
  built.ledger.complete_since = at(-59);
  const Question daily{{cap(Counts::impression, Per::item, day, 10)}};
  const auto blocks = daily.check(built, product(1), at(20));
  ASSERT_EQ(blocks.size(), 1U) << "over-strict: some of the nine are surely older than a day";
  EXPECT_EQ(blocks[0].observed, 10U);
  EXPECT_EQ(daily.again(built, product(1), at(20)).at, at(-60) + day);
}

/// An interval in which everything is closed; its edges come in no order.
class ClosedForTwoHours final : public Obstacle {
public:
  bool blocks(const CapCandidate&, UtcTime t) const override { return t >= at(600) && t < at(720); }
  void edges(const CapCandidate&, UtcTime, std::vector<UtcTime>& out) const override { out.insert(out.end(), {at(720), at(600)}); }
};

TEST(EligibleAgain, IsOverRulesAndObstaclesTogether) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(0), at(0));
  const std::vector rules{cap(Counts::impression, Per::item, hours(10), 1)};
  const ClosedForTwoHours closed;
  const Obstacle* const obstacles[]{&closed};
  const LabelSet labels = product(1);
  const CapCandidate candidate{&labels, contact(99)};
  EXPECT_EQ(eligible_again(built.ledger, rules, {}, obstacles, candidate, {}, at(20)).at, at(720)) << "frees at 600, inside the closed hours";
  EXPECT_EQ(eligible_again(built.ledger, rules, {}, {}, candidate, {}, at(20)).at, at(600));
  EXPECT_EQ(eligible_again(built.ledger, {}, {}, obstacles, candidate, {}, at(20)).at, std::nullopt) << "nothing blocks now";
  EXPECT_EQ(eligible_again(built.ledger, {}, {}, obstacles, candidate, {}, at(650)).at, at(720));
}

TEST(EligibleAgain, NeverAndBeyondFourHundredDaysAreNone) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(0), at(0));
  EXPECT_EQ((Question{{cap(Counts::impression, Per::item, days(400), 1)}}.again(built, product(1), at(0)).at), at(0) + days(400));
  EXPECT_EQ((Question{{cap(Counts::impression, Per::item, days(401), 1)}}.again(built, product(1), at(0)).at), std::nullopt);
  EXPECT_EQ((Question{{cap(Counts::impression, Per::item, day, 0)}}.again(built, product(2), at(0)).at), std::nullopt) << "limit 0";
}

CapRule windowed(WindowKind kind, Duration length, std::uint32_t limit) {
  CapRule rule = cap(Counts::impression, Per::all, std::nullopt, limit);
  rule.window.kind = kind;
  rule.window.length = length;
  return rule;
}

TEST(Anchored, FirstStartsAgainWithTheFirstAfterTheWindow) {
  LedgerBuilder built;
  for (const int minute : {0, 300, 600, 620}) built.shown(product(1), static_cast<std::uint8_t>(1 + minute / 10), at(minute), at(minute));
  const auto observed = [&](int minute) { return Question{{windowed(WindowKind::anchored_first, hours(6), 2)}}.check(built, product(1), at(minute)).at(0).observed; };
  EXPECT_EQ(observed(620), 2U) << "the window of 600 holds 600 and 620; those of 0 and 300 are over";
  EXPECT_TRUE(Question({windowed(WindowKind::anchored_first, hours(6), 2)}).check(built, product(1), at(600 + 360)).empty()) << "and ends six hours after 600";
}

TEST(Anchored, AfterPruningASilenceMakesItExactAndWithoutOneItIsTooStrict) {
  LedgerBuilder built;
  built.shown(product(1), 1, at(600), at(600));
  built.ledger.tallies.push_back({0, MarkKind::viewed, 5, at(0), at(100), Symbol::none, false});
  const auto count = [&](WindowKind kind, Duration length) { return Question{{windowed(kind, length, 1)}}.check(built, product(1), at(610)).at(0).observed; };
  EXPECT_EQ(count(WindowKind::anchored_first, hours(5)), 1U) << "600 lies five hours after whatever was before: an anchor";
  EXPECT_EQ(count(WindowKind::anchored_last, hours(5)), 1U);
  EXPECT_EQ(count(WindowKind::anchored_first, hours(9)), 6U) << "no silence of nine hours: all that could follow the anchor";
  EXPECT_EQ(count(WindowKind::anchored_last, hours(9)), 6U);
}

TEST(ShareOfWhatIsShown, OfAnEmptyLedgerIsOfTheSmallestBase) {
  LedgerBuilder built;
  CapRule rule = cap(Counts::impression, Per::item, days(7), std::nullopt);
  rule.share = Share{200'000, 10};   // a fifth of ten at least: two
  EXPECT_FALSE(Question{{rule}}.blocks(built, product(1), at(0)));
  built.shown(product(1), 1, at(0), at(0));
  EXPECT_FALSE(Question{{rule}}.blocks(built, product(1), at(1)));
  built.shown(product(1), 2, at(1), at(1));
  const auto blocks = Question{{rule}}.check(built, product(1), at(2));
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].kind, BlockKind::share);
  EXPECT_EQ(blocks[0].observed, 2U);
  EXPECT_FALSE(Question{{rule}}.blocks(built, product(2), at(2))) << "another key";
  for (std::uint8_t other = 3; other < 15; ++other) built.shown(product(2), other, at(2), at(2));
  EXPECT_FALSE(Question{{rule}}.blocks(built, product(1), at(3))) << "three of fifteen are a fifth";
}

} // namespace
} // namespace takt::tests
