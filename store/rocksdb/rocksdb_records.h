#pragma once
/// RecordStore on RocksDB. A commit: lock the stripe, check, one write, publish, unlock; then, with fsync, wait for the
/// syncer without any lock (design.md "Commit protocol"). Drop your RecordPtr before you commit: a record that nobody else
/// holds is folded in place, any other is copied first.
#include "store/erasure_marks.h"
#include "store/retention.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/dedupe_marks.h"
#include "store/rocksdb/record_cache.h"
#include "store/rocksdb/stripes.h"
#include "store/store.h"

#include <atomic>
#include <cstddef>
#include <functional>

namespace takt {

class RocksdbRecords final : public RecordStore {
public:
  RocksdbRecords(Database& database, std::size_t cache_bytes, const ErasureMarks& erased) : database_(database), cache_(cache_bytes), marks_(database), erased_(erased) {}

  Result<RecordPtr> read(CustomerId customer, Deadline deadline) override;
  std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline) override;
  Status sync() override { return database_.sync(); }
  bool seen(const DedupeMark& mark) override;
  Lane enter(CustomerId customer) override { return Lane(lanes_.of(customer)); }
  Status for_each_customer(const std::function<bool(CustomerId)>& visit) override;

  /// Drops the customer's snapshots and folds the journal again, under the stripe.
  Status rebuild(CustomerId customer);
  /// As Retention::forget_journals, each customer under their stripe.
  Result<JournalsForgotten> forget_journals(UtcTime before, CustomerId from, std::size_t customers_max);
  /// Record, journal, logged decisions and dedupe marks of one customer, in one write. Whoever calls it has marked the customer as erased.
  Status erase(CustomerId customer, ErasedCounts& counts, const std::function<void(const Bytes16&)>& decision_gone);
  /// Entries below that version lose what they did, and stay as steps of the version; snapshots of before go.
  Status clear(CustomerId customer, Version before);
  /// True: it was there.
  Result<bool> erase_decision(const DecisionId& decision);
  /// The dictionary could not keep a new label: a record that names it must not be written.
  void refuse_commits() { is_refusing_ = true; }
  bool refuses_commits() const { return is_refusing_; }

private:
  void commit_some(std::span<const Commit> commits, std::span<CommitOutcome> outcomes);

  Database& database_;
  RecordCache cache_;
  DedupeMarks marks_;
  const ErasureMarks& erased_;
  Stripes stripes_;
  Stripes lanes_;                              ///< apart from the stripes: who holds a lane may commit
  std::atomic<bool> is_refusing_ = false;
};

} // namespace takt
