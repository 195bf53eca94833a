/// Merging two records: union by id, deny wins, one running session.
#include "core/fold.h"

#include "core/limits.h"
#include "tests/support/builders.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace takt::test {
namespace {

const CustomerId known{1};
const CustomerId visitor{2};

CustomerRecord merged(JournalBuilder& survivor, JournalBuilder& sealed, UtcTime now) {
  sealed.commit(now, {op::Seal{survivor.record().id, now}});
  EXPECT_EQ(sealed.record().sealed_into, survivor.record().id);
  survivor.commit(now, {op::Absorb{sealed.record(), now}});
  return survivor.record();
}

std::size_t shown_count(const CustomerRecord& record) {
  return static_cast<std::size_t>(std::count_if(record.ledger.entries.begin(), record.ledger.entries.end(), [&](const Entry& entry) {
    return shown_at(entry, record.ledger.labels_of(entry).medium).has_value();
  }));
}

void show(JournalBuilder& life, std::uint32_t nonce, UtcTime at, std::uint32_t item) {
  const DecisionId decision = decision_id(life.record().id, at, nonce);
  life.commit(at, {op::Activity{at}, grant(decision, 1, at, labels_of_item(item)), mark({decision.bytes, 0, 1}, MarkKind::viewed, at)});
}

TEST(Merge, ThreeAndTwoAreFive) {
  JournalBuilder a(known), b(visitor);
  for (std::uint32_t i = 0; i < 3; ++i) show(a, i, clock_at(10, static_cast<int>(i)), 1);
  for (std::uint32_t i = 0; i < 2; ++i) show(b, i, clock_at(11, static_cast<int>(i)), 1);
  const CustomerRecord record = merged(a, b, clock_at(12, 0));
  EXPECT_EQ(shown_count(record), 5U); // over a cap of three: observed may exceed a limit after a merge
  EXPECT_EQ(record.ledger.label_sets.size(), 1U);
  EXPECT_EQ(record.merges, (std::vector<MergeLink>{{visitor, clock_at(12, 0)}}));
  EXPECT_EQ(record.id, known);
}

TEST(Merge, TheSameExposureOnBothSidesCountsOnce) {
  JournalBuilder a(known), b(visitor);
  show(a, 1, clock_at(10, 0), 1);
  op::Elsewhere seen = elsewhere(1, clock_at(10, 1), labels_of_item(1)); // sent by the other customer: same exposure id
  seen.entry.id = a.record().ledger.entries[0].id;
  b.commit(clock_at(10, 1), {seen});
  const CustomerRecord record = merged(a, b, clock_at(12, 0));
  ASSERT_EQ(record.ledger.entries.size(), 1U);
  EXPECT_EQ(record.ledger.entries[0].origin, EntryOrigin::granted);
  EXPECT_EQ(record.ledger.entries[0].marks.size(), 2U);
}

TEST(Merge, FinishedTwiceIsFinishedOnce) {
  JournalBuilder a(known), b(visitor);
  show(b, 1, clock_at(10, 0), 1);
  b.commit(clock_at(10, 1), {journey(JourneyKind::view, 1, clock_at(10, 1))});
  const CustomerRecord once = merged(a, b, clock_at(12, 0));
  a.commit(clock_at(12, 1), {op::Absorb{b.record(), clock_at(12, 1)}});
  CustomerRecord twice = a.record();
  EXPECT_EQ(twice.version, once.version + 1);
  twice.version = once.version;
  twice.clock = once.clock;
  EXPECT_EQ(twice, once);
}

TEST(Merge, DenyWinsUntilRestated) {
  const auto say = [](Symbol channel, bool granted, UtcTime at) { return op::SetConsent{{Purpose::marketing, channel, granted, at}}; };
  const Symbol email = symbol(41);
  JournalBuilder a(known), b(visitor);
  a.commit(clock_at(10, 0), {say(email, true, clock_at(10, 0)), say(Symbol::none, true, clock_at(10, 0))});
  b.commit(clock_at(9, 0), {say(email, false, clock_at(9, 0))}); // older, and yet
  merged(a, b, clock_at(12, 0));
  const auto answer = [&](Symbol channel) {
    const auto& all = a.record().consents;
    return *std::find_if(all.begin(), all.end(), [&](const Consent& one) { return one.channel == channel; });
  };
  EXPECT_FALSE(answer(email).granted);
  EXPECT_GE(answer(email).at, answer(Symbol::none).at); // not overruled by the general yes either: ties deny
  a.commit(clock_at(12, 1), {say(email, true, clock_at(10, 0))}); // the old yes again is no restatement
  EXPECT_FALSE(answer(email).granted);
  a.commit(clock_at(12, 2), {say(email, true, clock_at(12, 2))});
  EXPECT_TRUE(answer(email).granted);
}

TEST(Merge, TheRunningSessionGoesOnAcrossALogin) {
  JournalBuilder a(known), b(visitor);
  a.commit(clock_at(8, 0) - days(1), {op::Activity{clock_at(8, 0) - days(1)}});
  show(b, 1, clock_at(10, 0), 1);
  b.commit(clock_at(10, 10), {op::Activity{clock_at(10, 10)}});
  a.commit(clock_at(10, 11), {op::Activity{clock_at(10, 11)}}); // identify arrives
  const CustomerRecord record = merged(a, b, clock_at(10, 11));
  EXPECT_EQ(record.session_state(), (SessionState{2, clock_at(10, 0), clock_at(10, 11)}));
  EXPECT_EQ(record.ledger.entries[0].marks[0].session, 2U);
  EXPECT_EQ(record.ledger.entries[0].session, 2U);
}

TEST(Merge, WhatLiesInTheJoinedSessionIsStampedWithItOnBothSides) {
  JournalBuilder a(known), b(visitor);
  a.commit(clock_at(8, 0), {op::Activity{clock_at(8, 0)}});
  a.commit(clock_at(10, 5), {elsewhere(1, clock_at(10, 5), labels_of_item(1, Medium::message))}); // a mail: no activity
  EXPECT_EQ(a.record().ledger.entries[0].marks[0].session, 1U);
  b.commit(clock_at(10, 0), {op::Activity{clock_at(10, 0)}});
  b.commit(clock_at(10, 20), {op::Activity{clock_at(10, 20)}});
  a.commit(clock_at(10, 30), {op::Activity{clock_at(10, 30)}});
  const CustomerRecord record = merged(a, b, clock_at(10, 30));
  EXPECT_EQ(record.session_state().start, clock_at(10, 0));
  EXPECT_EQ(record.ledger.entries[0].marks[0].session, 2U);
}

TEST(Merge, SessionsOfTheOtherAfterTheLastOwnOneFollow) {
  JournalBuilder a(known), b(visitor);
  a.commit(clock_at(8, 0), {op::Activity{clock_at(8, 0)}});
  for (const int hour : {7, 10, 12}) b.commit(clock_at(hour, 0), {op::Activity{clock_at(hour, 0)}});
  const CustomerRecord record = merged(a, b, clock_at(12, 1));
  EXPECT_EQ(record.sessions, (std::vector<SessionSpan>{{1, clock_at(8, 0)}, {2, clock_at(10, 0)}, {3, clock_at(12, 0)}}));
}

TEST(Merge, SessionsLongApartStayApart) {
  JournalBuilder a(known), b(visitor);
  b.commit(clock_at(7, 0), {op::Activity{clock_at(7, 0)}});
  a.commit(clock_at(12, 0), {op::Activity{clock_at(12, 0)}});
  const CustomerRecord record = merged(a, b, clock_at(12, 1));
  EXPECT_EQ(record.sessions, (std::vector<SessionSpan>{{1, clock_at(12, 0)}}));
}

TEST(Merge, EverythingElseIsAUnion) {
  JournalBuilder a(known), b(visitor);
  a.commit(clock_at(10, 0), {op::Found{clock_at(10, 0), false}, op::Link{{IdentityKind::user, "u1"}, clock_at(10, 0)},
                             op::SetTrait{{"tier", "1", clock_at(10, 0)}}, op::SetZone{{clock_at(10, 0), symbol(1)}},
                             journey(JourneyKind::view, 1, clock_at(10, 0)), op::Request{{1, 1, {}, clock_at(13, 0)}}});
  b.commit(clock_at(9, 0), {op::Found{clock_at(9, 0), true}, op::Link{{IdentityKind::anonymous, "a1"}, clock_at(9, 0)},
                            op::SetTrait{{"tier", "2", clock_at(10, 0)}}, op::SetTrait{{"age", "40", clock_at(9, 0)}},
                            op::SetZone{{clock_at(11, 0), symbol(2)}}, op::SetLocale{symbol(3)}, journey(JourneyKind::view, 1, clock_at(9, 0)),
                            journey(JourneyKind::view, 2, clock_at(11, 0)), op::Request{{1, 2, {}, clock_at(13, 0)}}});
  b.commit(clock_at(11, 0), {op::PutOrder{{symbol(5), clock_at(11, 0), {{symbol(1), symbol(1), {}, 1, 0}}}},
                             op::SwitchFact{symbol(6), symbol(7), symbol(8), {clock_at(11, 0), true, std::nullopt}},
                             op::Dismiss{{{{9}, 0, 1}, Dismissal::Scope::item, symbol(1), clock_at(11, 0), std::nullopt}}});
  const CustomerRecord record = merged(a, b, clock_at(12, 0));
  EXPECT_FALSE(record.is_bot);
  EXPECT_EQ(record.founded_at, clock_at(9, 0));
  EXPECT_EQ(record.identities.size(), 2U);
  EXPECT_EQ(record.traits.size(), 2U);
  EXPECT_EQ(record.traits[1].value_json, "1"); // ties: the survivor's
  EXPECT_EQ(record.zones.back().zone, symbol(2));
  EXPECT_EQ(record.locale, symbol(3));
  ASSERT_EQ(record.journey.size(), 3U);
  EXPECT_TRUE(std::is_sorted(record.journey.begin(), record.journey.end(), [](const auto& x, const auto& y) { return x.at < y.at; }));
  EXPECT_EQ(record.orders.size(), 1U);
  EXPECT_EQ(record.facts.size(), 1U);
  EXPECT_EQ(record.dismissals.size(), 1U);
  ASSERT_EQ(record.requests.size(), 1U);
  EXPECT_EQ(record.requests[0].body, 1U);
}

TEST(Merge, ARefundOnEitherSideStands) {
  const std::vector<OrderLine> bought{{symbol(1), symbol(1), {}, 2, 0}};
  for (const bool refunded_here : {true, false}) {
    JournalBuilder a(known), b(visitor);
    for (JournalBuilder* life : {&a, &b}) life->commit(clock_at(10, 0), {op::PutOrder{{symbol(5), clock_at(10, 0), bought}}});
    (refunded_here ? a : b).commit(clock_at(11, 0), {op::Refund{symbol(5), clock_at(11, 0), {}}});
    EXPECT_EQ(merged(a, b, clock_at(12, 0)).orders.at(0).lines.at(0).quantity, 0);
  }
}

TEST(Merge, TalliesAddUp) {
  JournalBuilder a(known), b(visitor);
  for (JournalBuilder* life : {&a, &b}) {
    show(*life, 1, clock_at(10, 0) - days(200), life == &a ? 1U : 2U);
    show(*life, 2, clock_at(10, 0) - days(150), life == &a ? 1U : 2U);
    life->commit(clock_at(10, 0), {op::Activity{clock_at(10, 0)}});
    ASSERT_TRUE(life->record().ledger.entries.empty());
  }
  const CustomerRecord record = merged(a, b, clock_at(12, 0));
  std::map<Symbol, std::uint32_t> impressions;
  for (const Tally& tally : record.ledger.tallies)
    if (tally.counted == MarkKind::viewed) impressions[record.ledger.label_sets[tally.labels].item] += tally.count;
  EXPECT_EQ(impressions, (std::map<Symbol, std::uint32_t>{{labels_of_item(1).item, 2}, {labels_of_item(2).item, 2}}));
  EXPECT_EQ(record.ledger.label_sets.size(), 2U);
}

} // namespace
} // namespace takt::test
