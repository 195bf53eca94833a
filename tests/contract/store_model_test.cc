// Thousands of random operations against a model of a few lines; then the same under injected faults, where a caller that
// retries as the contract says must see each of its commits exactly once.
#include "tests/contract/store_contract.h"

#include "core/random.h"
#include "core/record_codec.h"

#include <algorithm>
#include <map>
#include <set>

namespace takt::test {
namespace {

/// The contract of `commit` in plain words.
struct Model {
  struct Customer {
    std::vector<CommitId> ids;
    bool is_sealed = false;
  };
  std::map<CustomerId, Customer> customers;
  std::map<Bytes16, UtcTime> marks;

  CommitOutcome commit(const Commit& commit) {
    Customer& customer = customers[commit.customer];
    if (commit.expected < customer.ids.size() && customer.ids[commit.expected] == commit.id) return CommitOutcome::duplicate;
    for (const DedupeMark& mark : commit.marks)
      if (const auto known = marks.find(mark.key); known != marks.end() && known->second > commit.delta.clock) return CommitOutcome::duplicate;
    if (customer.is_sealed) return CommitOutcome::moved;
    if (customer.ids.size() != commit.expected) return CommitOutcome::conflict;
    customer.ids.push_back(commit.id);
    for (const DedupeMark& mark : commit.marks) marks[mark.key] = mark.until;
    customer.is_sealed = commit.delta.operations.size() == 1 && std::holds_alternative<op::Seal>(commit.delta.operations[0]);
    return CommitOutcome::committed;
  }
};

class StoreModel : public StoreContract {
protected:
  Commit random_commit(Random& random, const Model& model, std::uint64_t number) {
    const CustomerId customer{1 + random.below(12)};
    const auto known = model.customers.find(customer);
    const Version version = known == model.customers.end() ? 0 : known->second.ids.size();
    Version expected = version;
    if (random.below(10) == 0 && version > 0) expected = version - 1 - random.below(std::min<Version>(version, 3));
    if (random.below(40) == 0) expected = version + 1;
    Commit commit = make_commit(customer, expected, number);
    if (random.below(8) == 0 && expected < version) commit.id = known->second.ids[expected];     // a retry
    if (random.below(3) == 0) commit.marks.push_back(mark_of(random.below(200), commit.delta.clock + seconds(static_cast<std::int64_t>(random.below(200)))));
    if (random.below(150) == 0) commit.delta.operations = {op::Seal{CustomerId{100}, commit.delta.clock}};
    return commit;
  }
  void expect_equal(const Model& model) {
    for (const auto& [customer, expected] : model.customers) {
      const auto entries = entries_after(customer, 0);
      ASSERT_EQ(entries.size(), expected.ids.size());
      for (std::size_t i = 0; i < entries.size(); ++i) ASSERT_EQ(entries[i].commit, expected.ids[i]);
      EXPECT_EQ(encode_record(read(customer)), encode_record(fold_all(store(), customer)));
    }
  }
};

TEST_P(StoreModel, random_operations_agree_with_the_model) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SetUp();
    Random random(seed);
    Model model;
    for (std::uint64_t number = 0; number < 600; ++number) {
      std::vector<Commit> commits;
      std::vector<CommitOutcome> wanted;
      const std::uint64_t count = 1 + random.below(random.below(6) == 0 ? 60 : 3);
      for (std::uint64_t i = 0; i < count; ++i) {
        commits.push_back(random_commit(random, model, number * 100 + i));
        wanted.push_back(model.commit(commits.back()));
      }
      const auto outcomes = store().records().commit(commits, random.below(50) == 0 ? Durability::fsync : Durability::wal, {});
      ASSERT_EQ(outcomes, wanted) << "seed " << seed << " call " << number;
      const CustomerId customer{1 + random.below(13)};
      ASSERT_EQ(read(customer).version, model.customers[customer].ids.size());
      if (random.below(150) == 0) reopen();
      if (random.below(200) == 0) {
        ASSERT_TRUE(store().journal().rebuild({}));
      }
    }
    expect_equal(model);
    reopen();
    expect_equal(model);
  }
}

/// A caller that keeps the rules: reads, commits, and repeats the same commit after `unknown`.
CommitOutcome commit_until_settled(Store& store, CustomerId customer, std::uint64_t number, CustomerId& written_to) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    const Result<RecordPtr> record = store.records().read(customer, {});
    if (!record) continue;
    if ((*record)->sealed_into) {
      customer = (*record)->sealed_into;
      continue;
    }
    Commit commit = make_commit(customer, (*record)->version, number);
    commit.id = commit_id(CustomerId{}, number);               // the message's, wherever it ends up
    // After `unknown`, the very same commit until an answer that tells: `unavailable` is about that try alone.
    CommitOutcome outcome = store.records().commit(std::span(&commit, 1), Durability::wal, {}).front();
    if (outcome == CommitOutcome::unknown)
      while (outcome == CommitOutcome::unknown || outcome == CommitOutcome::unavailable)
        outcome = store.records().commit(std::span(&commit, 1), Durability::wal, {}).front();
    written_to = customer;
    if (outcome == CommitOutcome::committed || outcome == CommitOutcome::duplicate) return outcome;
  }
  return CommitOutcome::unavailable;
}

TEST_P(StoreModel, under_faults_a_retrying_caller_writes_each_commit_once) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SetUp();
    FaultPlan plan{.read_stale = 0.2, .read_unavailable = 0.1, .commit_conflict = 0.15, .commit_unknown_before = 0.2, .commit_unknown_after = 0.2,
                   .commit_unavailable = 0.1, .seal_before_commit = 0.005};
    plan.seal_into = [](CustomerId customer) { return customer.value < 10 ? CustomerId{customer.value + 10} : CustomerId{}; };
    FaultyStore faulty(store(), plan, seed);
    std::map<CustomerId, std::multiset<CommitId>> wanted;
    for (std::uint64_t number = 0; number < 400; ++number) {
      CustomerId written_to;
      const CommitOutcome outcome = commit_until_settled(faulty, CustomerId{1 + number % 9}, number, written_to);
      ASSERT_TRUE(outcome == CommitOutcome::committed || outcome == CommitOutcome::duplicate) << number;
      wanted[written_to].insert(commit_id(CustomerId{}, number));
    }
    for (const auto& [customer, ids] : wanted) {
      std::multiset<CommitId> found;
      for (const JournalEntry& entry : entries_after(customer, 0)) {
        const bool is_seal = !entry.delta.operations.empty() && std::holds_alternative<op::Seal>(entry.delta.operations[0]);
        if (!is_seal) found.insert(entry.commit);
      }
      EXPECT_TRUE(found == ids) << customer.value << ": " << found.size() << " entries, " << ids.size() << " commits";
      EXPECT_EQ(encode_record(read(customer)), encode_record(fold_all(store(), customer)));
    }
    const FaultCounts counts = faulty.counts();                // the plan must have happened
    EXPECT_GT(std::min({counts.stale_reads, counts.unavailable, counts.conflicts, counts.unknown_before, counts.unknown_after, counts.seals}), 0U);
  }
}

TEST_P(StoreModel, the_same_seed_meets_the_same_faults) {
  std::vector<std::vector<CommitOutcome>> runs;
  for (int run = 0; run < 2; ++run) {
    SetUp();
    FaultyStore faulty(store(), {.commit_conflict = 0.2, .commit_unknown_before = 0.2, .commit_unknown_after = 0.2, .commit_unavailable = 0.2}, 42);
    std::vector<CommitOutcome> outcomes;
    for (std::uint64_t number = 0; number < 100; ++number) {
      const Commit commit = make_commit(CustomerId{1}, entries_after(CustomerId{1}, 0).size(), number);
      outcomes.push_back(faulty.records().commit(std::span(&commit, 1), Durability::wal, {}).front());
    }
    runs.push_back(outcomes);
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_GT(std::set<CommitOutcome>(runs[0].begin(), runs[0].end()).size(), 3U);
}

std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(stores, StoreModel, ::testing::ValuesIn(store_kinds()), name_of);

} // namespace
} // namespace takt::test
