// Two people that were taken for one and parted again are as if they had never been one (semantics.md "Identity").
#include "core/fold.h"
#include "core/random.h"
#include "engine/ingest.h"
#include "engine/unmerge.h"
#include "store/retention.h"
#include "store/store.h"
#include "tests/support/engine_builders.h"
#include "tests/support/event_place.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

constexpr UtcTime begin = utc_from_ms(1'709'640'000'000);

/// The test's own way to write whom an event names: user, a bar, device.
std::vector<Identity> names_in(std::string_view raw) {
  const std::size_t bar = raw.find('|'), end = std::min(raw.find('\n'), raw.size());
  std::vector<Identity> named;
  if (bar > 0) named.push_back({IdentityKind::user, std::string(raw.substr(0, bar))});
  if (end > bar + 1) named.push_back({IdentityKind::anonymous, std::string(raw.substr(bar + 1, end - bar - 1))});
  return named;
}

struct Place : EventPlace {
  using EventPlace::EventPlace;
  void take(const Event& event) {
    const auto outcome = ingest(*store, world, event, {});
    ASSERT_TRUE(outcome) << outcome.error().message;
  }
  void alias(const std::string& into, const std::string& from, UtcTime at) {
    Event event;
    event.message_id = "alias " + into + from + format_utc(at);
    event.type = EventType::alias;
    event.user_id = into;
    event.previous_id = from;
    event.received_at = event.occurred_at = at;
    take(event);
  }
  CustomerRecord record_of(const std::string& user) {
    const auto customer = find_customer(*store, {IdentityKind::user, user});
    EXPECT_TRUE(customer);
    const auto record = store->records().read(*customer, Deadline{});
    EXPECT_TRUE(record);
    return **record;
  }
  /// The merged one, and the other id in it.
  std::pair<CustomerId, CustomerId> link_of(const std::string& user) {
    const CustomerRecord merged = record_of(user);
    EXPECT_EQ(merged.merges.size(), 1U);
    return {merged.id, merged.merges.front().absorbed};
  }
  Result<Parted> part(const std::string& user, UtcTime now) {
    const auto [survivor, absorbed] = link_of(user);
    return unmerge_customers(*store, survivor, absorbed, now, names_in);
  }
};

Event seen(const std::string& user, const std::string& device, const std::string& item, int number, UtcTime at) {
  Event event;
  event.message_id = "m" + std::to_string(number);
  event.user_id = user;
  event.anonymous_id = device;
  event.raw = user + "|" + device;
  event.name = EventName::promotion_viewed;
  event.received_at = event.occurred_at = at;
  event.items.push_back({});
  event.items.back().id = item;
  return event;
}

/// What a person is, whatever number of commits it took and whenever the links were written.
CustomerRecord comparable(CustomerRecord record) {
  record.version = 0;
  record.clock = {};
  for (LinkedIdentity& linked : record.identities) linked.since = {};
  std::sort(record.identities.begin(), record.identities.end(), [](const auto& a, const auto& b) { return a.identity < b.identity; });
  return record;
}

std::vector<Event> lives_of_two(Random& random, std::size_t count) {
  std::vector<Event> events;
  UtcTime now = begin;
  for (std::size_t i = 0; i < count; ++i) {
    now += seconds(static_cast<std::int64_t>(random.below(4'000)));
    const std::string who = random.below(2) == 0 ? "anna" : "ben";
    Event event = seen(random.below(4) == 0 ? "" : who, random.below(2) == 0 ? who + "-phone" : "", "sku-" + std::to_string(random.below(5)), static_cast<int>(i), now);
    if (event.user_id.empty() && event.anonymous_id.empty()) event.user_id = who;
    static constexpr EventName names[]{EventName::promotion_viewed, EventName::product_viewed, EventName::order_completed, EventName::case_opened, EventName::case_closed};
    event.name = names[random.below(std::size(names))];
    event.order_id = "o-" + who + std::to_string(random.below(3));
    event.case_id = "c-" + who;
    if (random.below(6) == 0) {
      event.type = EventType::identify;
      event.user_id = who;
      event.traits = {{"level", std::to_string(i)}};
    }
    if (i < 4) { // everybody is known by login and device from the first day
      event.user_id = i % 2 == 0 ? "anna" : "ben";
      event.anonymous_id = event.user_id + "-phone";
    }
    event.raw = event.user_id + "|" + event.anonymous_id;
    events.push_back(std::move(event));
  }
  return events;
}

class Unmerge : public testing::TestWithParam<bool> {
protected:
  std::unique_ptr<Store> open(const std::string& name) {
    if (!GetParam()) return make_memory_store();
    auto opened = open_rocksdb_store({.directory = directory_.path() + "/" + name, .cache_bytes = std::size_t{16} << 20});
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  TempDir directory_;
};
INSTANTIATE_TEST_SUITE_P(Stores, Unmerge, testing::Bool(), [](const auto& kind) { return kind.param ? "RocksDB" : "Memory"; });

TEST_P(Unmerge, IsAsIfTheyHadNeverBeenOne) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<Event> events = lives_of_two(random, 120);
    Place merged(open("merged" + std::to_string(seed))), apart(open("apart" + std::to_string(seed)));
    const std::size_t merge_before = 8 + random.below(40), part_before = merge_before + 1 + random.below(60);
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i == merge_before) merged.alias("anna", "ben", events[i].received_at);
      if (i == part_before) {
        ASSERT_EQ(merged.record_of("anna").id, merged.record_of("ben").id);
        const auto parted = merged.part("anna", events[i].received_at);
        ASSERT_TRUE(parted) << parted.error().message;
      }
      merged.take(events[i]);
      apart.take(events[i]);
    }
    for (const char* who : {"anna", "ben"}) {
      // Symbols were met in the same order in both stores: equal numbers are equal names.
      const CustomerRecord expected = comparable(apart.record_of(who)), got = comparable(merged.record_of(who));
      EXPECT_EQ(got.ledger, expected.ledger) << who;
      EXPECT_EQ(got, expected) << who;
    }
    ASSERT_TRUE(merged.store->journal().rebuild([](std::size_t, std::size_t) {}));
    EXPECT_EQ(comparable(merged.record_of("ben")), comparable(apart.record_of("ben"))) << "rebuilt from the journal";
  }
}

/// Retention cuts the journals of those who are merged and parted later; of the others nothing is cut.
TEST(UnmergeAfterRetention, IsAsIfTheyHadNeverBeenOne) {
  const TempDir directory;
  const auto open = [&](const std::string& name) { return *open_rocksdb_store({.directory = directory.path() + "/" + name, .cache_bytes = std::size_t{16} << 20}); };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::vector<Event> events = lives_of_two(random, 120);
    const std::size_t merge_before = 30 + random.below(20), part_before = merge_before + 1 + random.below(60), old_events = 10 + random.below(20);
    for (std::size_t i = 0; i < old_events; ++i) events[i].received_at = events[i].occurred_at = begin - days(85 - static_cast<std::int64_t>(i)); // within the ledger's horizon: a sweep depends on all that is in a record
    Place merged(open("merged" + std::to_string(seed))), apart(open("apart" + std::to_string(seed)));
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i == merge_before) merged.alias("anna", "ben", events[i].received_at);
      if (i == (seed % 2 == 0 ? merge_before : part_before)) { // before the merge, or with it behind them
        const auto forgotten = dynamic_cast<Retention&>(*merged.store).forget_journals(begin - days(50), CustomerId{}, 100);
        ASSERT_TRUE(forgotten);
        EXPECT_GT(forgotten->entries, 0U);
      }
      if (i == part_before) {
        const auto parted = merged.part("anna", events[i].received_at);
        ASSERT_TRUE(parted) << parted.error().message;
      }
      merged.take(events[i]);
      apart.take(events[i]);
    }
    for (const char* who : {"anna", "ben"}) EXPECT_EQ(comparable(merged.record_of(who)), comparable(apart.record_of(who))) << who;
  }
}

TEST_P(Unmerge, WhatNamesBothBelongsToBoth) {
  Place place(open("store"));
  place.take(seen("anna", "anna-phone", "pumps", 1, begin));
  place.take(seen("ben", "ben-phone", "pumps", 2, begin + minutes(1)));
  place.alias("anna", "ben", begin + minutes(2));
  place.take(seen("anna", "ben-phone", "bag", 3, begin + minutes(3)));
  place.take(seen("ben", "ben-tablet", "hat", 4, begin + minutes(4)));
  place.take(seen("", "ben-tablet", "scarf", 5, begin + minutes(5)));
  ASSERT_EQ(place.record_of("anna").ledger.entries.size(), 5U);
  ASSERT_TRUE(place.part("anna", begin + minutes(6)));
  EXPECT_EQ(place.record_of("anna").ledger.entries.size(), 2U) << "her own, and the one that named both";
  EXPECT_EQ(place.record_of("ben").ledger.entries.size(), 4U) << "his tablet turned up after the merge, with his name";
  place.take(seen("", "ben-tablet", "belt", 6, begin + minutes(7)));
  EXPECT_EQ(place.record_of("ben").ledger.entries.size(), 5U);
  EXPECT_EQ(place.record_of("anna").ledger.entries.size(), 2U);
}

TEST_P(Unmerge, TwiceMergedTwiceParted) {
  Place place(open("store"));
  place.take(seen("anna", "", "pumps", 1, begin));
  place.take(seen("ben", "", "pumps", 2, begin + minutes(1)));
  for (int round = 0; round < 2; ++round) {
    const UtcTime at = begin + hours(1 + round);
    place.alias("anna", "ben", at);
    place.take(seen("ben", "", "bag", 10 + round, at + minutes(1)));
    ASSERT_EQ(place.record_of("anna").ledger.entries.size(), static_cast<std::size_t>(3 + round));
    const auto parted = place.part("anna", at + minutes(2));
    ASSERT_TRUE(parted) << parted.error().message;
    EXPECT_EQ(place.record_of("anna").ledger.entries.size(), 1U);
    EXPECT_EQ(place.record_of("ben").ledger.entries.size(), static_cast<std::size_t>(2 + round));
  }
}

TEST_P(Unmerge, ThreeInOneArePartedInAnyOrder) {
  for (const bool first_is_ben : {true, false}) {
    Place place(open(first_is_ben ? "ben" : "cleo"));
    int number = 0;
    const std::vector<std::string> people{"anna", "ben", "cleo"};
    const auto view = [&](const std::string& who, const std::string& item, UtcTime from) {
      ++number;
      place.take(seen(who, "", item, number, from + minutes(number)));
    };
    for (const std::string& who : people) view(who, "pumps", begin);
    const auto ids = std::map<std::string, CustomerId>{{"anna", place.record_of("anna").id}, {"ben", place.record_of("ben").id}, {"cleo", place.record_of("cleo").id}};
    const std::string smallest = std::min_element(ids.begin(), ids.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
    std::vector<std::string> others;
    for (const std::string& who : people)
      if (who != smallest) others.push_back(who);
    for (const std::string& other : others) place.alias(smallest, other, begin + hours(1));
    for (const std::string& who : people) view(who, "bag", begin + hours(1));
    if (!first_is_ben) std::reverse(others.begin(), others.end());
    for (const std::string& other : others) {
      const auto parted = unmerge_customers(*place.store, ids.at(smallest), ids.at(other), begin + hours(2), names_in);
      ASSERT_TRUE(parted) << parted.error().message;
      view(smallest, "hat", begin + hours(2));
    }
    EXPECT_EQ(place.record_of(smallest).ledger.entries.size(), 4U);
    for (const std::string& other : others) EXPECT_EQ(place.record_of(other).ledger.entries.size(), 2U) << other;
  }
}

TEST_P(Unmerge, RefusesWhatWasNotMergedAndWhatIsTooOld) {
  Place place(open("store"));
  place.take(seen("anna", "", "pumps", 1, begin));
  place.take(seen("ben", "", "pumps", 2, begin));
  const CustomerId anna = place.record_of("anna").id, ben = place.record_of("ben").id;
  EXPECT_EQ(unmerge_customers(*place.store, anna, ben, begin, names_in).error().code, ErrorCode::not_found);
  place.alias("anna", "ben", begin);
  EXPECT_EQ(place.part("anna", begin + days(31)).error().code, ErrorCode::invalid);
  EXPECT_EQ(place.record_of("anna").ledger.entries.size(), 2U) << "nothing changed";
  ASSERT_TRUE(place.part("anna", begin + days(29)));
  EXPECT_EQ(unmerge_customers(*place.store, std::min(anna, ben), std::max(anna, ben), begin, names_in).error().code, ErrorCode::not_found) << "parted already";
}

/// The absorbed side is restored, the other still holds both: what a crash between the two commits leaves.
TEST_P(Unmerge, IsFinishedByWhoeverAsksAgain) {
  Place whole(open("whole")), torn(open("torn"));
  for (Place* place : {&whole, &torn}) {
    place->take(seen("anna", "", "pumps", 1, begin));
    place->take(seen("ben", "", "hat", 2, begin + minutes(1)));
    place->alias("anna", "ben", begin + minutes(2));
    place->take(seen("ben", "", "bag", 3, begin + minutes(3)));
  }
  const auto [survivor, absorbed] = whole.link_of("anna");
  ASSERT_TRUE(whole.part("anna", begin + minutes(4)));
  // The first commit alone, taken from the journal of the one that was parted.
  std::optional<JournalEntry> first;
  ASSERT_TRUE(whole.store->journal().scan(absorbed, 0, [&](const JournalEntry& entry) {
    if (!entry.delta.operations.empty() && std::holds_alternative<op::Restate>(entry.delta.operations.front())) first = entry;
    return true;
  }));
  ASSERT_TRUE(first);
  const Commit commit{absorbed, first->version - 1, first->commit, first->delta, {}, std::nullopt, {}};
  ASSERT_EQ(torn.store->records().commit({&commit, 1}, Durability::wal, Deadline{}).front(), CommitOutcome::committed);
  ASSERT_TRUE(unmerge_customers(*torn.store, survivor, absorbed, begin + minutes(4), names_in));
  for (const char* who : {"anna", "ben"}) EXPECT_EQ(torn.record_of(who), whole.record_of(who)) << who;
}

} // namespace
} // namespace takt::test
