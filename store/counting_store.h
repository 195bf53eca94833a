#pragma once
/// A store in front of another that follows its commits with the counts of caps over more than one customer (store/budgets.h). Whoever writes a
/// record, for whatever reason, writes through here, so no count can be forgotten; where nothing is counted a commit costs one lock more.
///
/// The truth are the records: `count_for` scans them for a rule that is not counted yet, while commits go on, and the same happens when a process
/// starts. So neither kill -9 nor a lost file can lose a count.
/// Threads: as the store behind it. Cost of a commit that changes a ledger, where there is something to count: two walks over that ledger.
/// Cost of a scan: one cold read per customer.
#include "store/budgets.h"
#include "store/store.h"

#include <array>
#include <deque>
#include <set>
#include <shared_mutex>

namespace takt {

class CountingStore;

class CountingRecords final : public RecordStore {
public:
  explicit CountingRecords(CountingStore& owner) : owner_(owner) {}
  Result<RecordPtr> read(CustomerId customer, Deadline deadline) override;
  std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline) override;
  Status sync() override;
  bool seen(const DedupeMark& mark) override;
  Lane enter(CustomerId customer) override;
  Status for_each_customer(const std::function<bool(CustomerId)>& visit) override;

private:
  CountingStore& owner_;
};

class CountingStore final : public Store {
public:
  explicit CountingStore(std::unique_ptr<Store> inner);
  ~CountingStore() override;

  RecordStore& records() override { return records_; }
  Identities& identities() override { return inner_->identities(); }
  Journal& journal() override { return inner_->journal(); }
  DecisionLog& decisions() override { return inner_->decisions(); }
  Documents& documents() override { return inner_->documents(); }
  /// What somebody was shown stays counted when they are erased, until the process ends (docs/privacy.md).
  Erasures& erasures() override { return inner_->erasures(); }
  SymbolTable& symbols() override { return inner_->symbols(); }

  /// The counts that these rules ask for (Policy::total_caps), in their order. What is not counted yet is counted now: returns when it is.
  /// Null where there are no rules. Errors: what the store says; then nothing has changed.
  Result<std::shared_ptr<const BudgetTotals>> count_for(std::span<const CapRule> rules);
  /// What none of these rules asks for is not followed any more.
  void keep_only(std::span<const CapRule> rules);
  const Budgets& budgets() const { return *budgets_; }

private:
  friend class CountingRecords;
  /// Counters, and the rules they count by, in one order.
  struct Counted {
    Budgets::Counters counters;
    std::vector<CapRule> rules;
    bool empty() const { return counters.empty(); }
    void add(std::shared_ptr<BudgetCounter> counter);
  };
  /// What a commit found, and what has to leave the counts when it is written.
  struct Change {
    bool is_of_ledger = false;               ///< else only a sweep of old entries can change a count
    bool is_known = false;                   ///< the rest is of the version that the commit expects
    bool was_sealed = false;
    std::size_t entries = 0, tallies = 0;
    std::vector<CustomerRecord> taken_in;    ///< records that the commit absorbs, as they were sealed: it may carry an older state, from a stale read
    std::vector<TotalElement> before, before_scan;
  };
  /// A scan on its way. Customers up to `frontier` have been counted, but for those that came while it ran and wait in `late`.
  struct Scan {
    Counted counted;
    std::mutex mutex;
    std::uint64_t frontier = 0;
    std::set<CustomerId> late;
    /// Has it been counted? If not it will be, after what has been written by now.
    bool counts(CustomerId customer);
    void note(CustomerId customer);
  };
  /// The latest commits of a kind, the oldest forgotten first.
  class Latest {
  public:
    bool contains(const Commit& commit) const { return kept_.contains({commit.id, commit.expected}); }
    void add(const Commit& commit);
    void remove(const Commit& commit) { kept_.erase({commit.id, commit.expected}); }

  private:
    using Named = std::pair<CommitId, Version>;    ///< two merges of the same pair have one id
    static constexpr std::size_t kept_max = 4096;  ///< repetitions come within seconds
    std::set<Named> kept_;
    std::deque<Named> order_;
  };
  static constexpr std::size_t stripes_count = 32;

  std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline);
  std::shared_lock<std::shared_mutex> enter();
  std::unique_lock<std::shared_mutex> enter_alone();
  std::vector<std::unique_lock<std::mutex>> lock_stripes(std::span<const Commit> commits);
  Change look_before(const Commit& commit);
  Status describe(const CustomerRecord& record, const Commit& commit, Change& change);
  bool must_follow(const Commit& commit, CommitOutcome outcome);
  void follow(const Commit& commit, Change change);
  Status follow_record(const Commit& commit, Change& change);
  void count(const Commit& commit, const Change& change, const CustomerRecord& record);
  Result<bool> is_written(const Commit& commit);
  /// As its journal says; `at_most`: not beyond that version.
  Result<CustomerRecord> fold(CustomerId customer, Version at_most);
  Status scan_all(Scan& scan);
  Status scan_one(Scan& scan, CustomerId customer);
  Result<bool> is_absorbed(const CustomerRecord& sealed);
  void give_up();

  std::unique_ptr<Store> inner_;
  CountingRecords records_{*this};
  std::shared_ptr<Budgets> budgets_ = std::make_shared<Budgets>();
  /// Commits share it; what is counted changes under it alone. `gate_` lets whoever waits for it alone come next.
  std::mutex gate_;
  std::shared_mutex phase_;
  Counted counted_;
  Scan* scan_ = nullptr;                     ///< null: none runs
  std::mutex counting_mutex_;                ///< one scan, one keep_only at a time
  std::array<std::mutex, stripes_count> stripes_;  ///< of customers, while a scan runs
  std::mutex outcomes_mutex_;
  Latest followed_;                          ///< a commit is followed once, whatever its repetitions answer
  Latest unknown_;                           ///< not followed: nobody knew whether they were written, and the journal did not have them
};

} // namespace takt
