// Many threads, one customer: every commit that was acknowledged counts once, and nobody overwrites what he has not read.
#include "tests/contract/store_contract.h"

#include "core/record_codec.h"

#include <atomic>
#include <charconv>
#include <set>
#include <thread>

namespace takt::test {
namespace {

constexpr int threads_count = 64;
constexpr std::uint64_t commits_per_thread = 25;
constexpr CustomerId anna{0xa11a};

std::uint64_t counter_of(const CustomerRecord& record) {
  for (const Trait& trait : record.traits) {
    if (trait.name != "counter") continue;
    std::uint64_t value = 0;
    std::from_chars(trait.value_json.data(), trait.value_json.data() + trait.value_json.size(), value);
    return value;
  }
  return 0;
}

/// Adds one to what was read: a lost update would show in the sum.
Commit increment(const CustomerRecord& record, CustomerId customer, std::uint64_t number) {
  Commit commit;
  commit.customer = customer;
  commit.expected = record.version;
  commit.id = commit_id(customer, number);
  commit.delta.clock = test_time(number);
  if (record.version == 0) commit.delta.operations.push_back(op::Found{test_time(number), false});
  // One time for all: among equal times the last write stands, whatever the order of the threads.
  commit.delta.operations.push_back(op::SetTrait{{"counter", std::to_string(counter_of(record) + 1), test_time(0)}});
  return commit;
}

class StoreRace : public StoreContract {
protected:
  struct Tally {
    std::atomic<std::uint64_t> committed{0}, conflicts{0}, others{0};
  };
  /// Until the thread has its number of commits.
  void increment_often(Store& store, std::uint64_t thread, bool with_lane, Durability durability, Tally& tally) {
    for (std::uint64_t done = 0; done < commits_per_thread;) {
      Lane lane;
      if (with_lane) lane = store.records().enter(anna);
      Commit commit;
      {
        const Result<RecordPtr> record = store.records().read(anna, {});
        if (!record) continue;
        commit = increment(**record, anna, thread * 1'000'000 + done);
      }
      CommitOutcome outcome = store.records().commit(std::span(&commit, 1), durability, {}).front();
      if (outcome == CommitOutcome::unknown)
        while (outcome == CommitOutcome::unknown || outcome == CommitOutcome::unavailable)
          outcome = store.records().commit(std::span(&commit, 1), durability, {}).front();
      if (outcome == CommitOutcome::committed || outcome == CommitOutcome::duplicate) {
        ++tally.committed;
        ++done;
      } else if (outcome == CommitOutcome::conflict) {
        ++tally.conflicts;
      } else if (outcome != CommitOutcome::unavailable) {
        ++tally.others;
      }
    }
  }
  void race(Store& store, bool with_lane, Durability durability) {
    Tally tally;
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < threads_count; ++i) threads.emplace_back([&, i] { increment_often(store, i, with_lane, durability, tally); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(tally.committed, threads_count * commits_per_thread);
    EXPECT_EQ(tally.others, 0U);
    const CustomerRecord record = read(anna);
    EXPECT_EQ(record.version, tally.committed);
    EXPECT_EQ(counter_of(record), tally.committed);
    std::set<CommitId> ids;
    for (const JournalEntry& entry : entries_after(anna, 0)) ids.insert(entry.commit);
    EXPECT_EQ(ids.size(), tally.committed);
    EXPECT_EQ(encode_record(record), encode_record(fold_all(this->store(), anna)));
  }
};

TEST_P(StoreRace, increments_by_64_threads_are_all_there) { race(store(), false, Durability::wal); }
TEST_P(StoreRace, with_lanes) { race(store(), true, Durability::wal); }
TEST_P(StoreRace, with_sync) { race(store(), false, Durability::fsync); }

TEST_P(StoreRace, behind_faults) {
  FaultyStore faulty(store(), {.read_stale = 0.05, .commit_conflict = 0.02, .commit_unknown_before = 0.05, .commit_unknown_after = 0.1, .commit_unavailable = 0.05}, 7);
  race(faulty, true, Durability::wal);
  EXPECT_GT(faulty.counts().unknown_after, 0U);
}

// Calls that name the same customers in opposite orders must not wait for each other, and readers see whole records only.
TEST_P(StoreRace, calls_with_many_customers_and_readers_beside) {
  constexpr std::uint64_t customers = 40;
  std::atomic<bool> is_over = false;
  std::atomic<std::uint64_t> committed = 0;
  std::atomic<std::uint64_t> torn = 0;
  std::vector<std::thread> writers;
  for (std::uint64_t writer = 0; writer < 4; ++writer)
    writers.emplace_back([&, writer] {
      for (std::uint64_t round = 0; round < 40; ++round) {
        std::vector<Commit> commits;
        for (std::uint64_t i = 0; i < customers; ++i) {
          const CustomerId customer{1 + (writer % 2 == 0 ? i : customers - 1 - i)};
          const Result<RecordPtr> record = store().records().read(customer, {});
          if (record) commits.push_back(increment(**record, customer, writer * 1'000'000 + round));
        }
        for (const CommitOutcome outcome : store().records().commit(commits, round % 8 == 0 ? Durability::fsync : Durability::wal, {}))
          committed += outcome == CommitOutcome::committed ? 1 : 0;
      }
    });
  std::vector<std::thread> readers;
  for (std::uint64_t reader = 0; reader < 3; ++reader)
    readers.emplace_back([&, reader] {
      for (std::uint64_t i = reader; !is_over; ++i) {
        const Result<RecordPtr> record = store().records().read(CustomerId{1 + i % customers}, {});
        if (!record || counter_of(**record) != (*record)->version) ++torn;
      }
    });
  for (std::thread& writer : writers) writer.join();
  is_over = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0U);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 1; i <= customers; ++i) sum += read(CustomerId{i}).version;
  EXPECT_EQ(sum, committed);
}

std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(stores, StoreRace, ::testing::ValuesIn(store_kinds()), name_of);

} // namespace
} // namespace takt::test
