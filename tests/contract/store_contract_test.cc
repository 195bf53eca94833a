// Records, journal and dedupe. The rest of the contract: store_documents_contract_test.cc, store_model_test.cc.
#include "tests/contract/store_contract.h"

#include "core/fold.h"
#include "core/record_codec.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace takt::test {
namespace {

constexpr CustomerId anna{0x1111'0000'0000'0001};
constexpr CustomerId bert{0x9999'0000'0000'0002};
constexpr CustomerId carl{0xffff'ffff'ffff'ffff};      // the last id there is

TEST_P(StoreContract, an_absent_record_has_version_zero_and_its_id) {
  const CustomerRecord record = read(anna);
  EXPECT_EQ(record.version, 0U);
  EXPECT_EQ(record.id, anna);
  EXPECT_TRUE(entries_after(anna, 0).empty());
}

TEST_P(StoreContract, versions_are_dense) {
  grow(anna, 40);
  EXPECT_EQ(read(anna).version, 40U);
  const auto entries = entries_after(anna, 0);
  ASSERT_EQ(entries.size(), 40U);
  for (std::size_t i = 0; i < entries.size(); ++i) EXPECT_EQ(entries[i].version, i + 1);
}

TEST_P(StoreContract, what_was_committed_is_read_at_once) {
  const Commit first = make_commit(anna, 0, 7);
  ASSERT_EQ(commit(first), CommitOutcome::committed);
  const auto entries = entries_after(anna, 0);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].commit, first.id);
  EXPECT_EQ(entries[0].raw, first.raw);
  EXPECT_EQ(entries[0].delta, first.delta);
  EXPECT_EQ(read(anna), fold_all(store(), anna));
}

TEST_P(StoreContract, a_stale_expectation_is_a_conflict_and_writes_nothing) {
  grow(anna, 3);
  EXPECT_EQ(commit(make_commit(anna, 2, 900)), CommitOutcome::conflict);
  EXPECT_EQ(commit(make_commit(anna, 0, 901)), CommitOutcome::conflict);
  EXPECT_EQ(commit(make_commit(anna, 4, 902)), CommitOutcome::conflict); // from the future
  EXPECT_EQ(read(anna).version, 3U);
  EXPECT_EQ(entries_after(anna, 0).size(), 3U);
}

TEST_P(StoreContract, the_same_commit_again_is_a_duplicate_also_later) {
  const Commit first = make_commit(anna, 0, 1);
  ASSERT_EQ(commit(first), CommitOutcome::committed);
  EXPECT_EQ(commit(first), CommitOutcome::duplicate);
  grow(anna, 70, 1000);
  EXPECT_EQ(commit(first), CommitOutcome::duplicate);
  reopen();
  EXPECT_EQ(commit(first), CommitOutcome::duplicate);
  EXPECT_EQ(read(anna).version, 71U);
}

TEST_P(StoreContract, the_same_id_of_another_customer_is_no_duplicate) {
  Commit of_anna = make_commit(anna, 0, 1);
  Commit of_bert = make_commit(bert, 0, 1);
  of_bert.id = of_anna.id;
  EXPECT_EQ(commit(of_anna), CommitOutcome::committed);
  EXPECT_EQ(commit(of_bert), CommitOutcome::committed);
}

TEST_P(StoreContract, any_known_mark_is_a_duplicate_whoever_set_it) {
  Commit first = make_commit(anna, 0, 1);
  first.marks = {mark_of(1, test_time(1) + hours(24)), mark_of(2, test_time(1) + hours(24))};
  ASSERT_EQ(commit(first), CommitOutcome::committed);
  Commit second = make_commit(bert, 0, 2);
  second.marks = {mark_of(3, test_time(2) + hours(24)), mark_of(2, test_time(2) + hours(24))};
  EXPECT_EQ(commit(second), CommitOutcome::duplicate);
  EXPECT_EQ(read(bert).version, 0U);
  Commit third = make_commit(bert, 0, 3);
  third.marks = {mark_of(3, test_time(3) + hours(24))};  // the duplicate above must not have set it
  EXPECT_EQ(commit(third), CommitOutcome::committed);
}

TEST_P(StoreContract, a_mark_ends_at_its_until) {
  const UtcTime until = test_time(1) + hours(24);
  Commit first = make_commit(anna, 0, 1);
  first.marks = {mark_of(1, until)};
  ASSERT_EQ(commit(first), CommitOutcome::committed);
  Commit late = make_commit(anna, 1, 2);
  late.delta.clock = until - Duration{1};
  late.marks = {mark_of(1, until + hours(24))};
  EXPECT_EQ(commit(late), CommitOutcome::duplicate);
  late.delta.clock = until;
  EXPECT_EQ(commit(late), CommitOutcome::committed);
  EXPECT_EQ(read(anna).version, 2U);
}

TEST_P(StoreContract, a_mark_with_its_own_time_is_judged_at_it) {
  const UtcTime until = test_time(1) + hours(24);
  Commit first = make_commit(anna, 0, 1);
  first.marks = {mark_of(1, until)};
  ASSERT_EQ(commit(first), CommitOutcome::committed);
  Commit joined = make_commit(anna, 1, 2);
  joined.delta.clock = until + hours(1); // of the youngest of several events
  joined.marks = {mark_of(2, until + hours(24)), mark_of(1, until + hours(24))};
  joined.marks[1].at = until - Duration{1};
  EXPECT_EQ(commit(joined), CommitOutcome::duplicate);
  joined.marks[1].at = until;
  EXPECT_EQ(commit(joined), CommitOutcome::committed);
}

TEST_P(StoreContract, seen_knows_live_marks_only) {
  const UtcTime until = test_time(1) + hours(24);
  EXPECT_FALSE(store().records().seen(mark_of(1, test_time(1))));
  Commit first = make_commit(anna, 0, 1);
  first.marks = {mark_of(1, until)};
  ASSERT_EQ(commit(first), CommitOutcome::committed);
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_TRUE(store().records().seen(mark_of(1, test_time(1))));   // `until` is the time of asking
    EXPECT_TRUE(store().records().seen(mark_of(1, until - Duration{1})));
    EXPECT_FALSE(store().records().seen(mark_of(1, until)));
    EXPECT_FALSE(store().records().seen(mark_of(2, test_time(1))));
    reopen();
  }
}

TEST_P(StoreContract, a_sealed_record_moves_its_callers) {
  grow(anna, 2);
  Commit seal = make_commit(anna, 2, 500);
  seal.delta.operations = {op::Seal{bert, test_time(500)}};
  ASSERT_EQ(commit(seal), CommitOutcome::committed);
  EXPECT_EQ(read(anna).sealed_into, bert);
  EXPECT_EQ(commit(make_commit(anna, 3, 501)), CommitOutcome::moved);
  EXPECT_EQ(commit(make_commit(anna, 1, 502)), CommitOutcome::moved); // whatever version it knew
  EXPECT_EQ(commit(seal), CommitOutcome::duplicate);                  // a retry learns that it was written
  reopen();
  EXPECT_EQ(commit(make_commit(anna, 3, 503)), CommitOutcome::moved);
  EXPECT_EQ(read(anna).version, 3U);
}

TEST_P(StoreContract, one_call_has_one_outcome_per_commit_in_order) {
  grow(bert, 1);
  std::vector<Commit> commits = {make_commit(anna, 0, 1), make_commit(bert, 0, 2), make_commit(anna, 1, 3),
                                 make_commit(anna, 1, 4), make_commit(carl, 0, 5), make_commit(anna, 0, 1)};
  commits[4].marks = {mark_of(9, test_time(99999))};
  commits.push_back(make_commit(bert, 1, 6));
  commits.back().marks = {mark_of(9, test_time(99999))};              // set earlier in the same call
  const auto outcomes = store().records().commit(commits, Durability::fsync, {});
  const std::vector<CommitOutcome> wanted = {CommitOutcome::committed, CommitOutcome::conflict,  CommitOutcome::committed,
                                             CommitOutcome::conflict,  CommitOutcome::committed, CommitOutcome::duplicate, CommitOutcome::duplicate};
  EXPECT_EQ(outcomes, wanted);
  EXPECT_EQ(read(anna).version, 2U);
  EXPECT_EQ(read(bert).version, 1U);
  EXPECT_EQ(read(carl).version, 1U);
  EXPECT_TRUE(store().records().commit({}, Durability::fsync, {}).empty());
}

TEST_P(StoreContract, a_call_of_hundreds_of_commits) {
  std::vector<Commit> commits;
  for (std::uint64_t i = 0; i < 300; ++i) commits.push_back(make_commit(CustomerId{1 + i % 50}, i / 50, i));
  for (const CommitOutcome outcome : store().records().commit(commits, Durability::fsync, {})) EXPECT_EQ(outcome, CommitOutcome::committed);
  for (std::uint64_t i = 1; i <= 50; ++i) EXPECT_EQ(read(CustomerId{i}).version, 6U);
}

TEST_P(StoreContract, what_was_read_never_changes) {
  grow(anna, 5);
  const Result<RecordPtr> held = store().records().read(anna, {});
  ASSERT_TRUE(held);
  const std::string before = encode_record(**held);
  grow(anna, 40, 77);
  EXPECT_EQ(encode_record(**held), before);
  EXPECT_EQ(read(anna).version, 45U);
}

TEST_P(StoreContract, snapshot_and_journal_give_the_record_at_any_version) {
  constexpr Version last = limits::snapshot_every * 3 + 5;
  grow(anna, last);
  for (const Version version : {Version{0}, Version{1}, Version{31}, Version{32}, Version{33}, Version{64}, last - 1, last}) {
    Result<CustomerRecord> record = store().journal().snapshot(anna, version);
    ASSERT_TRUE(record);
    ASSERT_LE(record->version, version);
    CustomerRecord whole;
    whole.id = anna;
    for (const JournalEntry& entry : entries_after(anna, 0)) {
      if (entry.version > version) break;
      apply(whole, entry);
      if (entry.version > record->version) apply(*record, entry);
    }
    EXPECT_EQ(encode_record(*record), encode_record(whole)) << version;
  }
}

TEST_P(StoreContract, records_survive_a_reopening_byte_for_byte) {
  for (std::uint64_t i = 1; i < 40; ++i) grow(CustomerId{i << 40}, i * 2, i * 100);
  std::vector<std::string> before;
  for (std::uint64_t i = 1; i < 40; ++i) before.push_back(encode_record(read(CustomerId{i << 40})));
  reopen();
  for (std::uint64_t i = 1; i < 40; ++i) {
    EXPECT_EQ(encode_record(read(CustomerId{i << 40})), before[i - 1]);
    EXPECT_EQ(encode_record(fold_all(store(), CustomerId{i << 40})), before[i - 1]);
  }
  grow(CustomerId{std::uint64_t{1} << 40}, 3, 5000);
}

TEST_P(StoreContract, rebuild_gives_the_live_records_again) {
  for (std::uint64_t i = 1; i <= 20; ++i) grow(CustomerId{i}, i * 7, i * 1000);
  std::vector<std::string> before;
  for (std::uint64_t i = 1; i <= 20; ++i) before.push_back(encode_record(read(CustomerId{i})));
  std::vector<std::pair<std::size_t, std::size_t>> steps;
  ASSERT_TRUE(store().journal().rebuild([&](std::size_t done, std::size_t total) { steps.emplace_back(done, total); }));
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(steps.back(), (std::pair<std::size_t, std::size_t>{20, 20}));
  for (std::uint64_t i = 1; i <= 20; ++i) EXPECT_EQ(encode_record(read(CustomerId{i})), before[i - 1]);
  reopen();
  for (std::uint64_t i = 1; i <= 20; ++i) EXPECT_EQ(encode_record(read(CustomerId{i})), before[i - 1]);
}

TEST_P(StoreContract, a_scan_starts_after_and_stops_when_told) {
  grow(anna, 50);
  grow(bert, 3);
  EXPECT_EQ(entries_after(anna, 47).size(), 3U);
  EXPECT_TRUE(entries_after(anna, 50).empty());
  std::size_t visited = 0;
  ASSERT_TRUE(store().journal().scan(anna, 10, [&](const JournalEntry& entry) {
    EXPECT_EQ(entry.version, 11 + visited);
    return ++visited < 5;
  }));
  EXPECT_EQ(visited, 5U);
}

TEST_P(StoreContract, customers_come_in_ascending_order_and_stop_when_told) {
  const std::vector<CustomerId> wanted = {CustomerId{1}, CustomerId{255}, CustomerId{256}, anna, bert, carl};
  for (const CustomerId customer : {carl, anna, CustomerId{256}, CustomerId{1}, bert, CustomerId{255}}) grow(customer, 2);
  std::vector<CustomerId> found;
  const auto collect = [&](CustomerId customer) {
    found.push_back(customer);
    return true;
  };
  ASSERT_TRUE(store().records().for_each_customer(collect));
  EXPECT_EQ(found, wanted);
  found.clear();
  ASSERT_TRUE(store().records().for_each_customer([&](CustomerId customer) {
    found.push_back(customer);
    return found.size() < 2;
  }));
  EXPECT_EQ(found.size(), 2U);
}

TEST_P(StoreContract, a_lane_does_not_hinder_its_holder) {
  const Lane lane = store().records().enter(anna);
  EXPECT_TRUE(lane.owns_lock());
  EXPECT_EQ(commit(make_commit(anna, 0, 1), Durability::fsync), CommitOutcome::committed);
  EXPECT_TRUE(store().records().sync());
}

TEST_P(StoreContract, a_past_deadline_leaves_a_synced_commit_unknown_or_done_never_lost) {
  const Commit first = make_commit(anna, 0, 1);
  const auto outcome = store().records().commit(std::span(&first, 1), Durability::fsync, Deadline{SteadyTime{}}).front();
  EXPECT_TRUE(outcome == CommitOutcome::unknown || outcome == CommitOutcome::committed);
  const CommitOutcome again = commit(first, Durability::fsync);
  EXPECT_TRUE(again == CommitOutcome::duplicate || again == CommitOutcome::committed);
  EXPECT_EQ(read(anna).version, 1U);
}

std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(stores, StoreContract, ::testing::ValuesIn(store_kinds()), name_of);

} // namespace
} // namespace takt::test
