// Many events at once are what one by one is: the same records, the same counts, each event once.
#include "core/random.h"
#include "engine/ingest.h"
#include "store/store.h"
#include "tests/support/event_place.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>
#include <set>

namespace takt::test {
namespace {

constexpr UtcTime begin = utc_from_ms(1'709'640'000'000);

struct Place : EventPlace {
  using EventPlace::EventPlace;
  IngestCounts take(std::span<const Event> events) {
    return ingest_batch(*store, world, events, {}, [&](std::size_t, const Error&) {});
  }
  IngestCounts take_one_by_one(std::span<const Event> events) {
    IngestCounts counts;
    for (const Event& event : events) {
      const auto outcome = ingest(*store, world, event, {});
      ++(!outcome ? counts.rejected : *outcome == IngestOutcome::duplicate ? counts.duplicates : counts.accepted);
    }
    return counts;
  }
  std::vector<CustomerRecord> records() {
    std::vector<CustomerRecord> found;
    const Status visited = store->records().for_each_customer([&](CustomerId customer) {
      found.push_back(**store->records().read(customer, Deadline{}));
      found.back().version = 0; // of how many commits it was made is not the same
      return true;
    });
    EXPECT_TRUE(visited);
    return found;
  }
};

/// A few people on a few devices, who change place and language, come back, log in, merge and buy.
std::vector<Event> random_events(Random& random, std::size_t count) {
  std::vector<Event> events;
  UtcTime now = begin;
  for (std::size_t i = 0; i < count; ++i) {
    now += seconds(static_cast<std::int64_t>(random.below(2'000)));
    if (!events.empty() && random.below(20) == 0) {
      events.push_back(events[random.below(events.size())]); // the same message again
      continue;
    }
    Event event;
    event.message_id = "m" + std::to_string(i);
    event.received_at = now;
    event.occurred_at = now - seconds(static_cast<std::int64_t>(random.below(3) == 0 ? random.below(5'000) : 0));
    const std::string user = "u" + std::to_string(random.below(6)), device = "d" + std::to_string(random.below(8));
    if (random.below(2) == 0) event.user_id = user;
    if (event.user_id.empty() || random.below(8) == 0) event.anonymous_id = device;
    if (random.below(3) == 0) event.locale = random.below(2) == 0 ? "de" : "en";
    if (random.below(3) == 0) event.zone = random.below(2) == 0 ? "Europe/Berlin" : "Europe/Lisbon";
    static constexpr EventName names[]{EventName::product_viewed, EventName::product_clicked, EventName::promotion_viewed, EventName::promotion_clicked,
                                       EventName::order_completed, EventName::order_refunded, EventName::case_opened, EventName::case_closed};
    event.name = names[random.below(std::size(names))];
    event.items.push_back({});
    event.items.back().id = "sku-" + std::to_string(random.below(5));
    event.items.back().brand = "brand";
    event.order_id = "o" + std::to_string(random.below(4));
    event.case_id = "c";
    if (random.below(60) == 0) {
      event.type = EventType::alias;
      event.user_id = user;
      event.previous_id = "u" + std::to_string(random.below(6));
    } else if (random.below(20) == 0) {
      event.type = EventType::identify;
      event.traits = {{"level", std::to_string(i)}};
    }
    if (random.below(40) == 0) event.message_id.clear(); // refused
    events.push_back(std::move(event));
  }
  return events;
}

class IngestBatch : public testing::TestWithParam<bool> {
protected:
  std::unique_ptr<Store> open(const std::string& name) {
    if (!GetParam()) return make_memory_store();
    auto opened = open_rocksdb_store({.directory = directory_.path() + "/" + name, .cache_bytes = std::size_t{16} << 20, .sync_every = {}, .bulk_load = true});
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  TempDir directory_;
};
INSTANTIATE_TEST_SUITE_P(Stores, IngestBatch, testing::Bool(), [](const auto& kind) { return kind.param ? "RocksDB" : "Memory"; });

TEST_P(IngestBatch, IsWhatOneByOneIs) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<Event> events = random_events(random, 400);
    Place slow(open("slow" + std::to_string(seed)));
    const IngestCounts expected = slow.take_one_by_one(events);
    Place fast(open("fast" + std::to_string(seed)));
    for (std::uint32_t i = 1; i <= slow.store->symbols().size(); ++i) fast.store->symbols().intern(slow.store->symbols().name(static_cast<Symbol>(i))); // equal numbers
    IngestCounts counts;
    for (std::size_t first = 0; first < events.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random.below(150), events.size() - first);
      const IngestCounts taken = fast.take(std::span(events).subspan(first, size));
      counts.accepted += taken.accepted;
      counts.duplicates += taken.duplicates;
      counts.rejected += taken.rejected;
      first += size;
    }
    EXPECT_EQ(counts.accepted, expected.accepted);
    EXPECT_EQ(counts.duplicates, expected.duplicates);
    EXPECT_EQ(counts.rejected, expected.rejected);
    EXPECT_GT(counts.duplicates, 0U);
    EXPECT_GT(counts.rejected, 0U);
    const auto records = slow.records(), batched = fast.records();
    ASSERT_EQ(records.size(), batched.size());
    for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i], batched[i]) << "customer " << i;
    // Each event once, however often it comes; an alias that keeps nothing is looked at again.
    const IngestCounts slow_again = slow.take_one_by_one(events), again = fast.take(events);
    EXPECT_EQ(again.accepted, slow_again.accepted);
    EXPECT_LT(again.accepted, 10U);
    EXPECT_EQ(again.duplicates, slow_again.duplicates);
    EXPECT_EQ(slow.records(), fast.records());
  }
}

TEST_P(IngestBatch, AnOldMessageIsKnownBesideMuchYoungerOnes) {
  Place place(open("store"));
  const auto viewed = [](const std::string& message, UtcTime at) {
    Event event;
    event.message_id = message;
    event.user_id = "u";
    event.name = EventName::product_viewed;
    event.received_at = event.occurred_at = at;
    return event;
  };
  ASSERT_EQ(place.take(std::vector{viewed("first", begin)}).accepted, 1U);
  // One commit, whose clock is past the end of the first message's mark: it is a duplicate at its own time all the same.
  const IngestCounts counts = place.take(std::vector{viewed("first", begin), viewed("second", begin + days(30))});
  EXPECT_EQ(counts.duplicates, 1U);
  EXPECT_EQ(counts.accepted, 1U);
}

/// Seen in time, but the phone was in a tunnel: it counts, and the record says that nobody could have known (semantics.md §1).
TEST_P(IngestBatch, AViewThatArrivesAfterItsReservationEndedSaysSo) {
  Place place(open("store"));
  const auto told_of = [](const std::string& item, const std::string& decision, Duration seen, Duration received) {
    Event event;
    event.message_id = "view of " + item + std::to_string(received.count());
    event.user_id = "u";
    event.name = EventName::promotion_viewed;
    event.decision_id = decision;
    event.occurred_at = begin + seen;
    event.received_at = begin + received;
    event.items.push_back({});
    event.items.back().id = item;
    return event;
  };
  ASSERT_EQ(place.take(std::vector{told_of("elsewhere", "", seconds(0), seconds(0))}).accepted, 1U);
  const auto customer = find_customer(*place.store, {IdentityKind::user, "u"});
  ASSERT_TRUE(customer);
  const DecisionId decision = make_decision_id(begin, *customer, 7);
  Commit commit;
  commit.customer = *customer;
  commit.expected = 1;
  commit.id = {decision.bytes};
  commit.delta.clock = begin;
  for (const char* item : {"in time", "late", "twice"}) {
    Entry entry;
    entry.id = {decision.bytes, 0, static_cast<std::uint16_t>(commit.delta.operations.size())};
    entry.granted_at = begin;
    entry.show_by = begin + seconds(60);
    entry.expires_at = begin + seconds(90);
    LabelSet labels;
    labels.item = place.store->symbols().intern(item);
    commit.delta.operations.emplace_back(op::Grant{labels, entry});
  }
  ASSERT_EQ(place.store->records().commit({&commit, 1}, Durability::wal, {}).front(), CommitOutcome::committed);

  const std::string name = to_text(decision);
  const std::vector events{told_of("in time", name, seconds(30), seconds(40)), told_of("twice", name, seconds(30), seconds(89)),
                           told_of("late", name, seconds(30), seconds(90)), told_of("twice", name, seconds(20), seconds(100))};
  for (const Event& event : events) ASSERT_EQ(place.take(std::span(&event, 1)).accepted, 1U);
  const CustomerRecord record = place.records().front();
  for (const Entry& entry : record.ledger.entries) {
    const std::string_view item = place.store->symbols().name(record.ledger.labels_of(entry).item);
    const bool any_late = std::any_of(entry.marks.begin(), entry.marks.end(), [](const Mark& mark) { return mark.arrived_late; });
    EXPECT_EQ(any_late, item == "late") << item;
    EXPECT_TRUE(shown_at(entry, Medium::screen)) << item;
  }
}

TEST_P(IngestBatch, ALongLifeIsSeveralCommits) {
  Place place(open("store"));
  std::vector<Event> events;
  for (int i = 0; i < 1'000; ++i) {
    Event event;
    event.message_id = "m" + std::to_string(i);
    event.user_id = "u";
    event.name = EventName::product_viewed;
    event.received_at = event.occurred_at = begin + seconds(i);
    event.raw = "{}";
    events.push_back(event);
  }
  EXPECT_EQ(place.take(events).accepted, 1'000U);
  const auto customer = find_customer(*place.store, {IdentityKind::user, "u"});
  ASSERT_TRUE(customer);
  std::size_t longest = 0, entries = 0;
  ASSERT_TRUE(place.store->journal().scan(*customer, 0, [&](const JournalEntry& entry) {
    longest = std::max(longest, entry.delta.operations.size());
    ++entries;
    return true;
  }));
  EXPECT_LT(longest, 200U);
  EXPECT_LT(entries, 100U);
}

} // namespace
} // namespace takt::test
