#pragma once
/// "This message was taken." Cost of a mark that is not there: ~1 µs, by the Bloom filters of memtables and files.
#include "store/rocksdb/database.h"
#include "store/store.h"

namespace takt {

class DedupeMarks {
public:
  explicit DedupeMarks(Database& database) : database_(database) {}
  /// Set, and not expired at that time? Errors: unavailable, corrupt.
  Result<bool> is_set(const Bytes16& key, UtcTime at) const;
  void stage(rocksdb::WriteBatch& batch, const DedupeMark& mark) const;

private:
  Database& database_;
};

} // namespace takt
