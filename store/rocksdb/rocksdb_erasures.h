#pragma once
/// Forgetting one person on RocksDB. `erase` deletes; what was deleted still lies in the write-ahead log and in table files until `scrub` has
/// flushed the one and rewritten the others. Nothing personal stands in a key, because RocksDB's manifest repeats keys.
/// Threads: any. Cost: erase one write per member; scrub the files that hold their keys, some tens of MB each.
#include "store/erasure_marks.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/rocksdb_identities.h"
#include "store/rocksdb/rocksdb_records.h"
#include "store/store.h"

#include <mutex>
#include <string>
#include <vector>

namespace takt {

class RocksdbErasures final : public Erasures {
public:
  RocksdbErasures(Database& database, RocksdbRecords& records, RocksdbIdentities& identities, SymbolTable& symbols, ErasureMarks& marks)
      : database_(database), records_(records), identities_(identities), symbols_(symbols), marks_(marks) {}
  Result<ErasedCounts> erase(const Erasure& erasure) override;
  Status scrub(bool everything, const std::function<bool(std::size_t, std::size_t)>& progress) override;
  Result<Bytes16> settle_salt(const Bytes16& fresh) override;
  /// What a crash cut short.
  Status finish();
  bool is_erased(CustomerId customer) override { return marks_.holds(customer); }
  std::optional<UtcTime> erased_at(const Identity& identity) override { return marks_.find(identity); }
  std::vector<ErasureMark> marks() override { return marks_.all(); }

private:
  struct Range {
    Family family;
    std::string first, last;
    auto operator<=>(const Range&) const = default;
  };
  /// From here on nothing is written for these people, what comes late is known to be late, and a crash ends in finish().
  Status begin(const Erasure& erasure);
  Status end();
  Result<ErasedCounts> carry_out(const Erasure& erasure);
  Status forget_labels(const std::vector<Symbol>& labels);
  Status rewrite(const std::vector<Range>& ranges, const std::function<bool(std::size_t, std::size_t)>& progress);
  void add_range(Family family, std::string_view first, std::string_view last);

  Database& database_;
  RocksdbRecords& records_;
  RocksdbIdentities& identities_;
  SymbolTable& symbols_;
  ErasureMarks& marks_;
  std::mutex mutex_;                           ///< one erasure at a time; of dirty_
  std::vector<Range> dirty_;                   ///< files that may still hold what was erased
};

/// What the directory has kept of earlier erasures.
Status load_erasure_marks(Database& database, ErasureMarks& marks);

} // namespace takt
