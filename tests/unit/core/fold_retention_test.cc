/// Pruning: lifetime stays exact, bounds hold, and where a snapshot was taken changes nothing.
#include "core/fold.h"

#include "core/limits.h"
#include "core/record_codec.h"
#include "tests/support/builders.h"

#include <gtest/gtest.h>

#include <map>
#include <tuple>

namespace takt::test {
namespace {

using Key = std::tuple<std::uint32_t, Medium, Symbol, MarkKind, Symbol>; // item, medium, placement, what is counted, named event
using Counts = std::map<Key, std::tuple<std::uint32_t, UtcTime, UtcTime>>;

void add(Counts& counts, const LabelSet& labels, MarkKind kind, Symbol event, std::uint32_t n, UtcTime first, UtcTime last) {
  const auto [place, is_new] = counts.try_emplace({static_cast<std::uint32_t>(labels.item), labels.medium, labels.placement, kind, event}, n, first, last);
  if (is_new) return;
  auto& [count, earliest, latest] = place->second;
  count += n;
  earliest = std::min(earliest, first);
  latest = std::max(latest, last);
}

/// Lifetime counts straight from the definitions: entries, then tallies.
Counts lifetime(const Ledger& ledger) {
  Counts counts;
  for (const Entry& entry : ledger.entries) {
    if (entry.origin == EntryOrigin::ghost) continue;
    const LabelSet& labels = ledger.labels_of(entry);
    const auto once = [&](MarkKind kind, Symbol event, UtcTime at) { add(counts, labels, kind, event, 1, at, at); };
    if (const auto shown = shown_at(entry, labels.medium)) {
      once(MarkKind::viewed, Symbol::none, *shown);
      once(MarkKind::contact, Symbol::none, *shown);
      for (const UtcTime at : reshown_at(entry, labels.medium)) once(MarkKind::viewed, Symbol::none, at);
    }
    if (entry.origin == EntryOrigin::granted) once(MarkKind::event, Symbol::none, entry.granted_at);
    for (const Mark& one : entry.marks)
      if (one.kind == MarkKind::clicked || one.kind == MarkKind::event) once(one.kind, one.event, one.at);
  }
  for (const Tally& tally : ledger.tallies) add(counts, ledger.label_sets[tally.labels], tally.counted, tally.event, tally.count, tally.first, tally.last);
  return counts;
}

/// The same journal with a clock that stands still: nothing is ever old.
CustomerRecord without_retention(const JournalBuilder& life) {
  CustomerRecord record;
  record.id = life.record().id;
  for (JournalEntry entry : life.entries()) {
    entry.delta.clock = UtcTime{};
    apply(record, entry);
  }
  return record;
}

TEST(Retention, LifetimeStaysExact) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const JournalBuilder life = random_journal(seed, 800, days(2));
    const Ledger& pruned = life.record().ledger;
    const CustomerRecord naive = without_retention(life);
    ASSERT_TRUE(naive.ledger.tallies.empty());
    ASSERT_LT(pruned.entries.size(), naive.ledger.entries.size() / 2) << "seed " << seed;
    ASSERT_EQ(lifetime(pruned), lifetime(naive.ledger)) << "seed " << seed;
  }
}

TEST(Retention, EverythingSinceTheHorizonIsKept) {
  const JournalBuilder life = random_journal(3, 800, days(2));
  const CustomerRecord naive = without_retention(life);
  const Ledger& ledger = life.record().ledger;
  EXPECT_GE(ledger.complete_since, life.record().clock - limits::ledger_horizon - days(4)); // swept lately
  for (const Entry& entry : naive.ledger.entries)
    if (entry.expires_at >= ledger.complete_since || (!entry.marks.empty() && entry.marks.back().at >= ledger.complete_since)) {
      const Entry* kept = find_entry(ledger, entry.id);
      ASSERT_NE(kept, nullptr);
      ASSERT_EQ(kept->marks, entry.marks);
    }
  EXPECT_FALSE(ledger.saturated);
}

TEST(Retention, OldEntriesBehindAYoungOneLeaveToo) {
  JournalBuilder life(CustomerId{1});
  const UtcTime start = clock_at(0, 0);
  life.commit(start, {grant(decision_id(CustomerId{1}, start, 1), 1, start, labels_of_item(1))});
  const ExposureId first = life.record().ledger.entries[0].id;
  for (std::uint64_t i = 0; i < 20; ++i) life.commit(start, {elsewhere(i, start, labels_of_item(2))});
  for (int day = 1; day <= 200; ++day) {
    const UtcTime now = start + days(day);
    life.commit(now, {mark(first, MarkKind::viewed, now)}); // the first entry never grows old
  }
  EXPECT_EQ(life.record().ledger.entries.size(), 1U);
}

TEST(Retention, LabelSetsThatNothingNamesLeave) {
  const JournalBuilder life = random_journal(4, 800, days(2));
  const Ledger& ledger = life.record().ledger;
  std::vector<bool> named(ledger.label_sets.size(), false);
  for (const Entry& entry : ledger.entries) named.at(entry.labels) = true;
  for (const Tally& tally : ledger.tallies) named.at(tally.labels) = true;
  for (std::size_t i = 0; i < named.size(); ++i) EXPECT_TRUE(named[i]) << i;
}

TEST(Retention, ABotThatFillsTheRecordIsCountedInFull) {
  JournalBuilder life(CustomerId{1});
  const UtcTime start = clock_at(0, 0);
  const std::size_t count = limits::ledger_entries_max + 700;
  for (std::size_t i = 0; i < count; ++i) {
    const UtcTime now = start + seconds(static_cast<std::int64_t>(i));
    life.commit(now, {elsewhere(i, now, labels_of_item(1))});
  }
  const Ledger& ledger = life.record().ledger;
  EXPECT_LE(ledger.entries.size(), limits::ledger_entries_max);
  EXPECT_TRUE(ledger.saturated);
  EXPECT_EQ(std::get<0>(lifetime(ledger).begin()->second), count);
  for (const Entry& entry : ledger.entries) EXPECT_GE(entry.granted_at, ledger.complete_since);
  for (const Tally& tally : ledger.tallies) EXPECT_LT(tally.last, ledger.complete_since);
}

TEST(Retention, AFloodOfReservationsFreesNoCap) {
  JournalBuilder life(CustomerId{1});
  const UtcTime now = clock_at(0, 0);
  const std::size_t count = limits::ledger_entries_max + 10;
  for (std::uint32_t i = 0; i < count; ++i) life.commit(now, {grant(decision_id(CustomerId{1}, now, i), 1, now, labels_of_item(1))});
  std::size_t counted = 0; // impressions in the tallies, and what is still live
  for (const Tally& tally : life.record().ledger.tallies)
    if (tally.counted == MarkKind::viewed) counted += tally.count;
  for (const Entry& entry : life.record().ledger.entries) counted += is_live(entry, Medium::screen, now) ? 1 : 0;
  EXPECT_EQ(counted, count);
}

TEST(Retention, UnverifiedAndGhostsKeepTheirWeight) {
  JournalBuilder life(CustomerId{1});
  const UtcTime start = clock_at(0, 0);
  op::Elsewhere unverified = elsewhere(1, start, labels_of_item(1));
  unverified.entry.origin = EntryOrigin::unverified;
  op::Grant ghost = grant(decision_id(CustomerId{1}, start, 1), 1, start, labels_of_item(1));
  ghost.entry.origin = EntryOrigin::ghost;
  life.commit(start, {unverified, ghost, elsewhere(2, start, labels_of_item(1))}).commit(start + days(120), {});
  EXPECT_TRUE(life.record().ledger.entries.empty());
  std::map<bool, std::uint32_t> impressions;
  for (const Tally& tally : life.record().ledger.tallies)
    if (tally.counted == MarkKind::viewed) impressions[tally.unverified] += tally.count;
  EXPECT_EQ(impressions, (std::map<bool, std::uint32_t>{{false, 1}, {true, 1}}));
}

TEST(Retention, TalliesAreBoundedByWhatWasSeenLast) {
  JournalBuilder life(CustomerId{1});
  const UtcTime start = clock_at(0, 0);
  const std::size_t items = limits::label_sets_max + 500;
  for (std::uint32_t i = 0; i < items; ++i) { // one item an hour, for half a year
    const UtcTime now = start + hours(i);
    life.commit(now, {elsewhere(i, now, labels_of_item(i))});
  }
  life.commit(start + days(400), {});
  const Ledger& ledger = life.record().ledger;
  EXPECT_EQ(ledger.label_sets.size(), limits::label_sets_max);
  EXPECT_TRUE(ledger.saturated);
  EXPECT_EQ(ledger.label_sets.back(), labels_of_item(static_cast<std::uint32_t>(items - 1)));
}

TEST(Fold, ASnapshotAnywhereChangesNothing) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const JournalBuilder life = random_journal(seed, 400, days(2));
    const std::string expected = encode_record(life.record());
    Random random(seed);
    CustomerRecord record;
    record.id = life.record().id;
    for (const JournalEntry& entry : life.entries()) {
      if (random.below(8) == 0) record = decode_record(encode_record(record)).value();
      apply(record, decode_journal_entry(encode_journal_entry(entry)).value());
    }
    ASSERT_EQ(record, life.record()) << "seed " << seed;
    ASSERT_EQ(encode_record(record), expected);
  }
}

} // namespace
} // namespace takt::test
