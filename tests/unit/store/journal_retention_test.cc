// A journal whose old part was forgotten gives the record that the whole one gives: read, reopened, rebuilt, replayed from any version it still
// reaches; and a gap that retention did not make is damage as before.
#include "core/fold.h"
#include "core/random.h"
#include "core/record_codec.h"
#include "engine/history.h"
#include "engine/resolve.h"
#include "store/retention.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/keys.h"
#include "store/store.h"
#include "tests/support/builders.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

constexpr UtcTime start = utc_from_ms(1'767'225'600'000);
constexpr CustomerId anna{42}, ben{43}, last_of_all{~std::uint64_t{0}};

std::unique_ptr<Store> open_at(const std::string& directory) {
  auto store = open_rocksdb_store({.directory = directory, .cache_bytes = std::size_t{16} << 20});
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

void append(Store& store, CustomerId customer, std::span<const JournalEntry> entries) {
  for (const JournalEntry& entry : entries) {
    const Commit commit{customer, entry.version - 1, entry.commit, entry.delta, {}, std::nullopt, entry.raw};
    ASSERT_EQ(store.records().commit({&commit, 1}, Durability::wal, {}).front(), CommitOutcome::committed);
  }
}

/// In steps of one customer. Returns the entries that went.
std::uint64_t forget(Store& store, UtcTime before) {
  auto* const retention = dynamic_cast<Retention*>(&store);
  std::uint64_t entries = 0;
  for (std::optional<CustomerId> next = CustomerId{}; next;) {
    const auto forgotten = retention->forget_journals(before, *next, 1);
    EXPECT_TRUE(forgotten) << forgotten.error().message;
    if (!forgotten) return entries;
    entries += forgotten->entries;
    next = forgotten->next;
  }
  return entries;
}

std::string bytes_of(Store& store, CustomerId customer) {
  const auto record = store.records().read(customer, {});
  EXPECT_TRUE(record) << record.error().message;
  return record ? encode_record(**record) : "";
}

Version first_version(Store& store, CustomerId customer) {
  Version first = 0;
  EXPECT_TRUE(store.journal().scan(customer, 0, [&](const JournalEntry& entry) {
    first = entry.version;
    return false;
  }));
  return first;
}

TEST(JournalRetention, random_lives_cut_at_random_times_are_what_whole_ones_are) {
  std::uint64_t gone_of_all = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const TempDir directory;
    auto store = open_at(directory.path());
    const JournalBuilder life = random_journal(seed, 40 + random.below(400), hours(20));
    const std::vector<JournalEntry>& entries = life.entries();
    CustomerRecord whole;
    whole.id = life.record().id;
    std::vector<std::string> at{encode_record(whole)}; // the record at every version
    for (const JournalEntry& entry : entries) {
      apply(whole, entry);
      at.push_back(encode_record(whole));
    }
    std::uint64_t gone = 0;
    for (std::size_t done = 0; done < entries.size();) {
      const std::size_t step = std::min(entries.size() - done, 1 + random.below(120));
      append(*store, whole.id, std::span(entries).subspan(done, step));
      done += step;
      gone += forget(*store, entries[random.below(done)].delta.clock);
      if (random.below(3) == 0) store.reset(), store = open_at(directory.path());
      if (random.below(4) == 0) {
        ASSERT_TRUE(store->journal().rebuild({}));
      }
      ASSERT_EQ(bytes_of(*store, whole.id), at[done]);
      const Version first = first_version(*store, whole.id);
      ASSERT_EQ(first, gone + 1) << "whole from there to its end";
      const auto beginning = store->journal().snapshot(whole.id, 0);
      ASSERT_TRUE(beginning);
      ASSERT_EQ(encode_record(*beginning), at[first - 1]);
      for (int i = 0; i < 5; ++i) {
        const Version wanted = 1 + random.below(done);
        const auto then = record_at(*store, whole.id, wanted);
        ASSERT_EQ(then.has_value(), wanted + 1 >= first) << wanted << " of " << done << ", first " << first;
        if (then) {
          ASSERT_EQ(encode_record(**then), at[wanted]);
        }
      }
      const auto checked = check_records(*store, {});
      ASSERT_TRUE(checked);
      ASSERT_EQ(checked->different, 0U);
    }
    gone_of_all += gone;
  }
  EXPECT_GT(gone_of_all, 0U);
}

TEST(JournalRetention, the_last_entry_stays_and_the_customer_with_it) {
  const TempDir directory;
  auto store = open_at(directory.path());
  for (const CustomerId customer : {anna, ben, last_of_all}) {
    JournalBuilder life(customer);
    for (int day = 0; day < 3; ++day) life.commit(start + days(day), {journey(JourneyKind::view, 1, start + days(day))});
    append(*store, customer, life.entries());
  }
  const std::string before = bytes_of(*store, anna);
  EXPECT_EQ(forget(*store, start + days(29)), 0U) << "not worth a snapshot yet";
  EXPECT_EQ(forget(*store, start + days(31)), 6U);
  EXPECT_EQ(forget(*store, start + days(1000)), 0U) << "nothing more to forget";
  std::vector<CustomerId> customers;
  ASSERT_TRUE(store->records().for_each_customer([&](CustomerId customer) {
    customers.push_back(customer);
    return true;
  }));
  EXPECT_EQ(customers, (std::vector<CustomerId>{anna, ben, last_of_all}));
  EXPECT_EQ(first_version(*store, anna), 3U);
  store.reset();
  EXPECT_EQ(bytes_of(*open_at(directory.path()), anna), before);
}

TEST(JournalRetention, a_gap_that_nobody_made_is_damage) {
  const TempDir directory;
  JournalBuilder life(anna);
  for (int day = 0; day < 10; ++day) life.commit(start + days(day), {journey(JourneyKind::view, 1, start + days(day))});
  {
    auto store = open_at(directory.path());
    append(*store, anna, life.entries());
    ASSERT_EQ(forget(*store, start + days(31)), 9U);
  }
  {
    auto database = Database::open({.directory = directory.path()});
    rocksdb::WriteBatch batch;
    ASSERT_TRUE(batch.Delete((*database)->handle(Family::snapshots), slice(keys::record_key(anna, 9).view())).ok());
    ASSERT_TRUE((*database)->write(batch));
  }
  const auto store = open_at(directory.path());
  EXPECT_EQ(store->journal().snapshot(anna, 0).error().code, ErrorCode::corrupt);
  EXPECT_EQ(store->journal().scan(anna, 0, [](const JournalEntry&) { return true; }).error().code, ErrorCode::corrupt);
  EXPECT_FALSE(store->journal().rebuild({})) << "nothing is thrown away that cannot be made again";
}

TEST(JournalRetention, an_erasure_beside_clears_the_beginning_too) {
  constexpr std::uint32_t bens = 7777;
  for (const Version cut_behind : {0U, 4U, 7U, 8U}) { // nothing is forgotten; some of what both did; all of it; and what parted them
    SCOPED_TRACE(cut_behind);
    const TempDir directory;
    auto store = open_at(directory.path());
    JournalBuilder life(anna);
    for (int step = 0; step < 7; ++step) life.commit(start + days(20 * step), {journey(JourneyKind::view, bens, start + days(20 * step))});
    CustomerRecord parted;
    parted.id = anna;
    life.commit(start + days(160), {op::Restate{parted, ben, 7, false}});
    life.commit(start + days(180), {journey(JourneyKind::view, 1, start + days(180))});
    append(*store, anna, life.entries());
    const std::string before = bytes_of(*store, anna);
    const UtcTime until = cut_behind > 0 ? life.entries()[cut_behind - 1].delta.clock + days(1) : start;
    EXPECT_EQ(forget(*store, until), cut_behind);
    Erasure erasure;
    erasure.cleared.push_back({anna, 8});
    ASSERT_TRUE(store->erasures().erase(erasure));
    EXPECT_EQ(bytes_of(*store, anna), before) << "what she is is said behind it";
    const auto beginning = store->journal().snapshot(anna, 0);
    ASSERT_TRUE(beginning);
    EXPECT_EQ(beginning->version, cut_behind);
    EXPECT_TRUE(beginning->journey.empty()) << "nothing of his is left";
    ASSERT_TRUE(store->journal().rebuild({}));
    EXPECT_EQ(bytes_of(*store, anna), before);
  }
}

} // namespace
} // namespace takt::test
