#pragma once
/// Some commits on their way into one write: checked one after the other, staged together, published together. Whoever uses
/// it holds the stripes of all their customers from the first `add` to the end of its life.
#include "store/rocksdb/database.h"
#include "store/rocksdb/dedupe_marks.h"
#include "store/rocksdb/record_cache.h"
#include "store/store.h"

#include <memory>
#include <span>
#include <vector>

namespace takt {

class CommitBatch {
public:
  /// `commits`: all that will be added; their marks are looked up at once.
  CommitBatch(Database& database, RecordCache& cache, const DedupeMarks& marks, std::span<const Commit> commits);
  ~CommitBatch();                                    ///< gives back to the cache what is true
  CommitBatch(const CommitBatch&) = delete;
  CommitBatch& operator=(const CommitBatch&) = delete;

  /// `committed` means staged: it is true once `write` was. Sees what was added before.
  CommitOutcome add(const Commit& commit);
  /// One atomic write of all that was staged, and the new records to the cache. False: unknown whether it is written.
  bool write();

private:
  /// A record as this batch sees it.
  struct Working {
    CustomerId customer;
    std::shared_ptr<CustomerRecord> record;
    bool sole = false;                               ///< ours to change
    bool changed = false;                            ///< ahead of what is written
  };
  struct Staged {
    CustomerId customer;
    Version version;
    CommitId id;
  };

  Working* working_of(CustomerId customer);          ///< null where the record cannot be read
  Result<bool> is_duplicate(const Commit& commit, Version current) const;
  std::size_t mark_index(const Bytes16& key) const;  ///< in mark_keys_
  void put_marks();
  void stage(const Commit& commit, Working& working);

  Database& database_;
  RecordCache& cache_;
  const DedupeMarks& marks_;
  rocksdb::WriteBatch batch_;
  std::vector<Working> working_;                     // some dozens at most: searched linearly
  std::vector<Staged> staged_;
  std::vector<Bytes16> mark_keys_;                   // ascending, distinct
  std::vector<MarkEnd> mark_ends_;                   // of mark_keys_: on disk, or staged since
  std::vector<bool> is_mark_staged_;                 // of mark_keys_
  std::int64_t latest_clock_ms_ = 0;
};

} // namespace takt
