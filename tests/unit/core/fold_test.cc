/// The fold, one customer: sessions, exposures, marks, orders, facts, consent, taste. Merge and retention: fold_merge_test.cc,
/// fold_retention_test.cc.
#include "core/fold.h"

#include "core/limits.h"
#include "tests/support/builders.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace takt::test {
namespace {

const CustomerId anna{4711};

std::vector<Operation> all(std::initializer_list<Operation> operations) { return operations; }

// ---- sessions

TEST(Session, IsCutAfterThirtyMinutesOfSilence) {
  JournalBuilder life(anna);
  for (const UtcTime t : {clock_at(10, 0), clock_at(10, 29, 59), clock_at(10, 59, 58)}) life.commit(t, {op::Activity{t}});
  EXPECT_EQ(life.record().sessions, (std::vector<SessionSpan>{{1, clock_at(10, 0)}}));
  life.commit(clock_at(11, 29, 58), {op::Activity{clock_at(11, 29, 58)}}); // exactly 30 m later
  EXPECT_EQ(life.record().sessions, (std::vector<SessionSpan>{{1, clock_at(10, 0)}, {2, clock_at(11, 29, 58)}}));
  EXPECT_EQ(life.record().session_state(), (SessionState{2, clock_at(11, 29, 58), clock_at(11, 29, 58)}));
}

TEST(Session, AnOfflineBatchThatBridgesTwoSessionsReCutsNothing) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {op::Activity{clock_at(10, 0)}});
  life.commit(clock_at(11, 0), {op::Activity{clock_at(11, 0)}});
  const auto before = life.record().sessions;
  life.commit(clock_at(11, 1), {op::Activity{clock_at(10, 20)}, op::Activity{clock_at(10, 40)}, op::Activity{clock_at(9, 0)}});
  EXPECT_EQ(life.record().sessions, before);
  EXPECT_EQ(life.record().last_activity, clock_at(11, 0)); // the latest, not the last to arrive
}

TEST(Session, MarksAreStampedWithTheSessionBegunByTheirTime) {
  JournalBuilder life(anna);
  const DecisionId decision = decision_id(anna, clock_at(10, 0), 1);
  life.commit(clock_at(10, 0), {op::Activity{clock_at(10, 0)}, grant(decision, 1, clock_at(10, 0), labels_of_item(1))});
  const ExposureId id = life.record().ledger.entries[0].id;
  life.commit(clock_at(11, 0), {op::Activity{clock_at(11, 0)}, mark(id, MarkKind::viewed, clock_at(10, 3)), mark(id, MarkKind::clicked, clock_at(11, 0)),
                                mark(id, MarkKind::dismissed, clock_at(9, 0))});
  const auto& marks = life.record().ledger.entries[0].marks;
  ASSERT_EQ(marks.size(), 3U);
  EXPECT_EQ(marks[0].session, 0U); // before the first session
  EXPECT_EQ(marks[1].session, 1U); // late, but it lies in the first
  EXPECT_EQ(marks[2].session, 2U);
  EXPECT_EQ(life.record().ledger.entries[0].session, 1U);
}

TEST(Session, OrdinalsGoOnWhenTheOldestSpansLeave) {
  JournalBuilder life(anna);
  const std::size_t count = limits::sessions_max + 5;
  for (std::size_t i = 0; i < count; ++i) {
    const UtcTime t = clock_at(0, 0) + hours(static_cast<std::int64_t>(i));
    life.commit(t, {op::Activity{t}});
  }
  EXPECT_EQ(life.record().sessions.size(), limits::sessions_max);
  EXPECT_EQ(life.record().sessions.back().ordinal, count);
  EXPECT_EQ(session_at(life.record(), clock_at(0, 0) - days(1)), 0U);
  EXPECT_EQ(session_at(life.record(), life.record().sessions[3].start + minutes(59)), life.record().sessions[3].ordinal);
}

// ---- clock, founding

TEST(Record, ClockNeverRunsBackwards) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {op::Found{clock_at(9, 59), false}}).commit(clock_at(9, 0), {});
  EXPECT_EQ(life.record().clock, clock_at(10, 0));
  EXPECT_EQ(life.record().founded_at, clock_at(9, 59));
  EXPECT_EQ(life.record().version, 2U);
}

TEST(Record, ABotStaysABot) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {op::Found{clock_at(10, 0), true}}).commit(clock_at(10, 1), {op::Found{clock_at(10, 1), false}});
  EXPECT_TRUE(life.record().is_bot);
  EXPECT_EQ(life.record().founded_at, clock_at(10, 0));
}

TEST(FoldDeathTest, RefusesAGapInTheJournal) {
  CustomerRecord record;
  JournalEntry entry;
  entry.version = 2;
  EXPECT_DEATH(apply(record, entry), "version order");
}

// ---- exposures

TEST(Exposure, TwoOfOneKindShareTheirLabels) {
  JournalBuilder life(anna);
  const DecisionId decision = decision_id(anna, clock_at(10, 0), 1);
  life.commit(clock_at(10, 0), all({grant(decision, 1, clock_at(10, 0), labels_of_item(1)), grant(decision, 2, clock_at(10, 0), labels_of_item(2)),
                                    grant(decision, 3, clock_at(10, 0), labels_of_item(1))}));
  const Ledger& ledger = life.record().ledger;
  EXPECT_EQ(ledger.label_sets.size(), 2U);
  EXPECT_EQ(ledger.entries[0].labels, ledger.entries[2].labels);
  EXPECT_EQ(ledger.labels_of(ledger.entries[1]), labels_of_item(2));
}

TEST(Exposure, AMarkThatIsThereTwiceIsThereOnce) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {grant(decision_id(anna, clock_at(10, 0), 1), 1, clock_at(10, 0), labels_of_item(1))});
  const ExposureId id = life.record().ledger.entries[0].id;
  life.commit(clock_at(10, 5), {op::Activity{clock_at(10, 5)}, mark(id, MarkKind::clicked, clock_at(10, 5)), mark(id, MarkKind::viewed, clock_at(10, 4))});
  life.commit(clock_at(10, 6), {mark(id, MarkKind::viewed, clock_at(10, 4)), mark(id, MarkKind::event, clock_at(10, 4), symbol(7))});
  life.commit(clock_at(10, 6), {mark(id, MarkKind::event, clock_at(10, 4), symbol(7)), mark(id, MarkKind::event, clock_at(10, 4), symbol(8))});
  std::vector<std::pair<MarkKind, Symbol>> seen;
  for (const Mark& one : life.record().ledger.entries[0].marks) seen.emplace_back(one.kind, one.event);
  EXPECT_EQ(seen, (std::vector<std::pair<MarkKind, Symbol>>{{MarkKind::viewed, Symbol::none}, {MarkKind::event, symbol(7)},
                                                            {MarkKind::event, symbol(8)}, {MarkKind::clicked, Symbol::none}}));
}

TEST(Exposure, AMarkOfNoEntryChangesNothing) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {mark({{1, 2, 3}, 0, 1}, MarkKind::viewed, clock_at(10, 0))});
  EXPECT_EQ(life.record().ledger, Ledger{});
}

TEST(Exposure, ReleaseFreesWhatIsLiveAndNothingElse) {
  JournalBuilder life(anna);
  const DecisionId decision = decision_id(anna, clock_at(10, 0), 1);
  const DecisionId other = decision_id(anna, clock_at(10, 0), 2);
  life.commit(clock_at(10, 0), all({grant(decision, 1, clock_at(10, 0), labels_of_item(1)), grant(decision, 2, clock_at(10, 0), labels_of_item(2)),
                                    grant(other, 1, clock_at(10, 0), labels_of_item(3))}));
  life.commit(clock_at(10, 2), {mark({decision.bytes, 0, 1}, MarkKind::viewed, clock_at(10, 1)), op::Release{decision, clock_at(10, 2)}});
  const auto state = [&](std::size_t i) { return state_of(life.record().ledger.entries[i], Medium::screen, clock_at(10, 3)); };
  EXPECT_EQ(state(0), EntryState::shown);
  EXPECT_EQ(state(1), EntryState::released);
  EXPECT_EQ(state(2), EntryState::reserved);
  life.commit(clock_at(10, 20), {op::Release{other, clock_at(10, 20)}}); // expired already: nothing to free
  EXPECT_TRUE(life.record().ledger.entries[2].marks.empty());
}

TEST(Exposure, FromElsewhereHasItsOwnTimeInAllAndAMarkThere) {
  const struct { Medium medium; MarkKind kind; } cases[] = {
      {Medium::screen, MarkKind::viewed}, {Medium::message, MarkKind::delivered}, {Medium::human, MarkKind::contact}};
  for (const auto& one : cases) {
    JournalBuilder life(anna);
    life.commit(clock_at(10, 0), {elsewhere(1, clock_at(9, 0), labels_of_item(1, one.medium))});
    const Entry& entry = life.record().ledger.entries.at(0);
    EXPECT_TRUE(entry.is_elsewhere());
    EXPECT_EQ(entry.show_by, clock_at(9, 0));
    EXPECT_EQ(entry.expires_at, clock_at(9, 0));
    ASSERT_EQ(entry.marks.size(), 1U);
    EXPECT_EQ(entry.marks[0], (Mark{one.kind, Symbol::none, clock_at(9, 0), 0}));
    life.commit(clock_at(10, 1), {elsewhere(1, clock_at(9, 0), labels_of_item(1, one.medium))}); // resent after the dedupe window
    EXPECT_EQ(life.record().ledger.entries.size(), 1U);
  }
}

TEST(Exposure, GrantedHereSaysMoreThanSeenElsewhere) {
  JournalBuilder life(anna);
  const DecisionId decision = decision_id(anna, clock_at(10, 0), 1);
  op::Elsewhere seen = elsewhere(1, clock_at(10, 2), labels_of_item(1));
  seen.entry.id = {decision.bytes, 0, 1};
  life.commit(clock_at(10, 3), {seen}).commit(clock_at(10, 4), {grant(decision, 1, clock_at(10, 0), labels_of_item(1))});
  ASSERT_EQ(life.record().ledger.entries.size(), 1U);
  const Entry& entry = life.record().ledger.entries[0];
  EXPECT_EQ(entry.origin, EntryOrigin::granted);
  EXPECT_EQ(entry.granted_at, clock_at(10, 0));
  EXPECT_EQ(shown_at(entry, Medium::screen), clock_at(10, 2));
}

TEST(Exposure, APageThatRendersForEverKeepsEveryCountedView) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {grant(decision_id(anna, clock_at(10, 0), 1), 1, clock_at(10, 0), labels_of_item(1))});
  const ExposureId id = life.record().ledger.entries[0].id;
  for (int minute = 0; minute < 600; ++minute) {
    const UtcTime t = clock_at(10, 1) + minutes(minute);
    life.commit(t, {mark(id, MarkKind::viewed, t)});
  }
  const Entry& entry = life.record().ledger.entries[0];
  EXPECT_LE(entry.marks.size(), limits::marks_per_entry_max);
  EXPECT_EQ(shown_at(entry, Medium::screen), clock_at(10, 1));
  EXPECT_EQ(reshown_at(entry, Medium::screen).size(), 19U); // 10:01, then every 30 m
  EXPECT_FALSE(life.record().ledger.saturated);
}

TEST(Exposure, MoreCountedViewsThanFitGoToTheTallies) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {grant(decision_id(anna, clock_at(10, 0), 1), 1, clock_at(10, 0), labels_of_item(1))});
  const ExposureId id = life.record().ledger.entries[0].id;
  for (int i = 0; i < 100; ++i) {
    const UtcTime t = clock_at(10, 1) + hours(i);
    life.commit(t, {mark(id, MarkKind::viewed, t)});
  }
  const Ledger& ledger = life.record().ledger;
  ASSERT_EQ(ledger.tallies.size(), 1U);
  EXPECT_EQ(1 + reshown_at(ledger.entries[0], Medium::screen).size() + ledger.tallies[0].count, 100U);
  EXPECT_TRUE(ledger.saturated);
  EXPECT_EQ(ledger.complete_since, ledger.tallies[0].last + Duration{1});
}

// ---- orders, facts, consent, zone, traits, requests

std::vector<OrderLine> lines(std::initializer_list<std::pair<std::uint32_t, std::int32_t>> items) {
  std::vector<OrderLine> result;
  for (const auto& [item, quantity] : items) {
    const LabelSet labels = labels_of_item(item);
    result.push_back({labels.item, labels.group, labels.category, quantity, 10'000'000});
  }
  return result;
}

std::vector<std::int32_t> quantities(const JournalBuilder& life) {
  std::vector<std::int32_t> result;
  for (const OrderLine& line : life.record().orders.at(0).lines) result.push_back(line.quantity);
  return result;
}

TEST(OrderFold, RefundsReduceNetQuantities) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {op::PutOrder{{symbol(5), clock_at(10, 0), lines({{1, 3}, {2, 1}})}}});
  life.commit(clock_at(11, 0), {op::Refund{symbol(5), clock_at(11, 0), lines({{1, 1}})}});
  EXPECT_EQ(quantities(life), (std::vector<std::int32_t>{2, 1}));
  life.commit(clock_at(11, 0), {op::Refund{symbol(5), clock_at(11, 0), lines({{1, 1}})}}); // resent after eight days
  EXPECT_EQ(quantities(life), (std::vector<std::int32_t>{2, 1}));
  life.commit(clock_at(12, 0), {op::PutOrder{{symbol(5), clock_at(10, 0), lines({{1, 3}, {2, 1}})}}}); // so is the order
  EXPECT_EQ(quantities(life), (std::vector<std::int32_t>{2, 1}));
  life.commit(clock_at(12, 0), {op::Refund{symbol(5), clock_at(12, 0), {}}});
  EXPECT_EQ(quantities(life), (std::vector<std::int32_t>{0, 0}));
}

TEST(OrderFold, TheLatestVersionWins) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {op::PutOrder{{symbol(5), clock_at(10, 0), lines({{1, 3}})}}});
  life.commit(clock_at(10, 5), {op::PutOrder{{symbol(5), clock_at(10, 5), lines({{1, 2}, {4, 1}})}}});
  EXPECT_EQ(quantities(life), (std::vector<std::int32_t>{2, 1}));
  life.commit(clock_at(10, 6), {op::PutOrder{{symbol(5), clock_at(10, 2), lines({{1, 9}})}}}); // older, late
  EXPECT_EQ(quantities(life), (std::vector<std::int32_t>{2, 1}));
  EXPECT_EQ(life.record().orders.size(), 1U);
}

TEST(OrderFold, ARefundMayArriveBeforeItsOrder) {
  JournalBuilder life(anna);
  life.commit(clock_at(11, 0), {op::Refund{symbol(5), clock_at(11, 0), lines({{1, 1}})}});
  for (const OrderLine& line : life.record().orders.at(0).lines) EXPECT_LE(line.quantity, 0);
  life.commit(clock_at(11, 1), {op::PutOrder{{symbol(5), clock_at(10, 0), lines({{1, 3}, {2, 1}})}}});
  EXPECT_EQ(quantities(life), (std::vector<std::int32_t>{2, 1}));
  JournalBuilder other(anna);
  other.commit(clock_at(11, 0), {op::Refund{symbol(5), clock_at(11, 0), {}}});
  other.commit(clock_at(11, 1), {op::PutOrder{{symbol(5), clock_at(10, 0), lines({{1, 3}, {2, 1}})}}});
  EXPECT_EQ(quantities(other), (std::vector<std::int32_t>{0, 0}));
}

TEST(FactFold, SwitchesAreKeptByTimeWhateverTheirArrival) {
  JournalBuilder life(anna);
  const auto change = [](int minute, bool on) { return op::SwitchFact{symbol(1), symbol(2), symbol(3), {clock_at(10, minute), on, std::nullopt}}; };
  life.commit(clock_at(10, 30), {change(20, false)}).commit(clock_at(10, 31), {change(10, true)}).commit(clock_at(10, 32), {change(20, false)});
  ASSERT_EQ(life.record().facts.size(), 1U);
  const auto& switches = life.record().facts[0].switches;
  ASSERT_EQ(switches.size(), 2U);
  EXPECT_TRUE(switches[0].on);
  EXPECT_FALSE(switches[1].on); // closed before opened, in order of arrival; by time it is closed
  life.commit(clock_at(10, 33), {op::SwitchFact{symbol(1), symbol(9), symbol(3), {clock_at(10, 33), true, std::nullopt}}});
  EXPECT_EQ(life.record().facts.size(), 2U); // two cases
}

TEST(ConsentFold, TheNewestWinsAndTiesDeny) {
  JournalBuilder life(anna);
  const auto say = [](bool granted, UtcTime at) { return op::SetConsent{{Purpose::marketing, symbol(1), granted, at}}; };
  life.commit(clock_at(10, 0), {say(true, clock_at(10, 0)), say(false, clock_at(9, 0))});
  EXPECT_TRUE(life.record().consents.at(0).granted);
  life.commit(clock_at(10, 0), {say(false, clock_at(10, 0))});
  EXPECT_FALSE(life.record().consents.at(0).granted);
  life.commit(clock_at(10, 0), {say(true, clock_at(10, 0))});
  EXPECT_FALSE(life.record().consents.at(0).granted);
  life.commit(clock_at(10, 1), {say(true, clock_at(10, 1))});
  EXPECT_TRUE(life.record().consents.at(0).granted);
  EXPECT_EQ(life.record().consents.size(), 1U);
}

TEST(ZoneFold, OnlyChangesAreKeptAscending) {
  JournalBuilder life(anna);
  const auto in = [](int hour, std::uint32_t zone) { return op::SetZone{{clock_at(hour, 0), symbol(zone)}}; };
  life.commit(clock_at(20, 0), {in(10, 1), in(12, 1), in(14, 2), in(12, 3), in(13, 2), in(9, 1)});
  EXPECT_EQ(life.record().zones, (std::vector<ZoneSpan>{{clock_at(9, 0), symbol(1)}, {clock_at(12, 0), symbol(3)}, {clock_at(13, 0), symbol(2)}}));
}

TEST(TraitFold, TheNewestValueStandsUnderItsName) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {op::SetTrait{{"tier", "\"gold\"", clock_at(10, 0)}}, op::SetTrait{{"age", "40", clock_at(10, 0)}},
                                op::SetTrait{{"tier", "\"old\"", clock_at(9, 0)}}});
  ASSERT_EQ(life.record().traits.size(), 2U);
  EXPECT_EQ(life.record().traits[0].name, "age");
  EXPECT_EQ(life.record().traits[1].value_json, "\"gold\"");
}

TEST(RequestFold, AnswersAreForgottenWhenTheyMayNoLongerBeRepeated) {
  JournalBuilder life(anna);
  life.commit(clock_at(10, 0), {op::Request{{1, 11, {}, clock_at(10, 30)}}, op::Request{{2, 22, {}, clock_at(12, 0)}}});
  EXPECT_EQ(life.record().requests.size(), 2U);
  life.commit(clock_at(11, 0), {op::Request{{2, 23, {}, clock_at(13, 0)}}});
  ASSERT_EQ(life.record().requests.size(), 1U);
  EXPECT_EQ(life.record().requests[0].body, 23U);
}

TEST(IdentityFold, LinksOnceAndForgetsDevicesBeforeLogins) {
  JournalBuilder life(anna);
  life.commit(clock_at(9, 0), {op::Link{{IdentityKind::user, "u"}, clock_at(9, 0)}});
  for (std::size_t i = 0; i < limits::identities_max + 3; ++i)
    life.commit(clock_at(10, 0), {op::Link{{IdentityKind::anonymous, "a" + std::to_string(i)}, clock_at(10, 0) + minutes(static_cast<std::int64_t>(i))}});
  life.commit(clock_at(11, 0), {op::Link{{IdentityKind::user, "u"}, clock_at(11, 0)}});
  const auto& identities = life.record().identities;
  EXPECT_EQ(identities.size(), limits::identities_max);
  EXPECT_EQ(identities[0], (LinkedIdentity{{IdentityKind::user, "u"}, clock_at(9, 0)}));
  EXPECT_EQ(identities[1].identity.value, "a4");
  life.commit(clock_at(12, 0), {op::Unlink{{IdentityKind::user, "u"}}});
  EXPECT_EQ(life.record().identities.size(), limits::identities_max - 1);
}

// ---- taste

TEST(Affinity, IsTheSameInAnyOrderOfArrival) {
  std::vector<op::Journey> events;
  Random random(9);
  for (int i = 0; i < 200; ++i) {
    const JourneyKind kinds[] = {JourneyKind::view, JourneyKind::click, JourneyKind::add_to_cart, JourneyKind::purchase, JourneyKind::search};
    events.push_back(journey(kinds[random.below(5)], static_cast<std::uint32_t>(random.below(12)),
                             clock_at(0, 0) + minutes(static_cast<std::int64_t>(random.below(60'000)))));
    events.back().event.weight = static_cast<float>(random.uniform());
  }
  std::mt19937 shuffler(1);
  std::vector<Affinity> first;
  for (int round = 0; round < 20; ++round) {
    JournalBuilder life(anna);
    for (const op::Journey& event : events) life.commit(clock_at(0, 0), {event});
    const auto& affinities = life.record().affinities;
    if (round == 0) first = affinities;
    ASSERT_EQ(affinities.size(), first.size());
    ASSERT_LT(affinities.size(), limits::affinities_max); // nothing was dropped
    for (std::size_t i = 0; i < first.size(); ++i) {
      ASSERT_EQ(affinities[i].label, first[i].label);
      ASSERT_EQ(affinities[i].at, first[i].at);
      ASSERT_NEAR(affinities[i].value, first[i].value, 1e-9);
    }
    std::shuffle(events.begin(), events.end(), shuffler);
  }
}

TEST(Affinity, HalvesInSevenDaysAndWeighsActs) {
  JournalBuilder life(anna);
  op::Journey view = journey(JourneyKind::view, 1, clock_at(0, 0));
  life.commit(clock_at(0, 0), {view});
  op::Journey purchase = journey(JourneyKind::purchase, 1, clock_at(0, 0) + days(7));
  life.commit(clock_at(0, 0) + days(7), {purchase, journey(JourneyKind::search, 1, clock_at(0, 0) + days(7))});
  for (const Affinity& affinity : life.record().affinities) EXPECT_DOUBLE_EQ(affinity.value, 5.5);
  EXPECT_EQ(life.record().affinities.size(), 2U + 2U + 1U + 1U); // prefixes, tags, brand, group
}

TEST(Affinity, TheWeakestLeaves) {
  JournalBuilder life(anna);
  op::Journey strong = journey(JourneyKind::purchase, 1, clock_at(0, 0));
  life.commit(clock_at(0, 0), {strong});
  for (std::uint32_t i = 0; i < 200; ++i) {
    op::Journey view;
    view.event.at = clock_at(1, 0);
    view.event.kind = JourneyKind::view;
    view.event.brand = symbol(10'000 + i);
    view.event.weight = i == 150 ? 0.9F : 0.5F;
    life.commit(clock_at(1, 0), {view});
  }
  const auto& affinities = life.record().affinities;
  EXPECT_EQ(affinities.size(), limits::affinities_max);
  const auto has = [&](Symbol label) { return std::any_of(affinities.begin(), affinities.end(), [&](const Affinity& one) { return one.label == label; }); };
  EXPECT_TRUE(has(strong.event.brand));
  EXPECT_TRUE(has(symbol(10'150)));
}

TEST(JourneyFold, TheOldestLeaveFirst) {
  JournalBuilder life(anna);
  for (std::uint32_t i = 0; i < limits::journey_events_max + 10; ++i) life.commit(clock_at(0, 0), {journey(JourneyKind::view, i, clock_at(0, 0))});
  EXPECT_EQ(life.record().journey.size(), limits::journey_events_max);
  EXPECT_EQ(life.record().journey.front().item, labels_of_item(10).item);
}

} // namespace
} // namespace takt::test
