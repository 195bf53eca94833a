#pragma once
/// "This message was taken." Cost of a mark that is not there: ~1 µs, by the Bloom filters of memtables and files; about half of
/// it where many are asked for at once.
#include "store/rocksdb/database.h"
#include "store/store.h"

#include <optional>
#include <span>
#include <vector>

namespace takt {

/// A mark on disk: its end, or none where it is not set. Errors: unavailable, corrupt.
using MarkEnd = Result<std::optional<UtcTime>>;

class DedupeMarks {
public:
  explicit DedupeMarks(Database& database) : database_(database) {}
  /// Set, and not expired at that time? Errors: unavailable, corrupt.
  Result<bool> is_set(const Bytes16& key, UtcTime at) const;
  /// Of each key, in their order. Keys ascending and distinct.
  std::vector<MarkEnd> find(std::span<const Bytes16> keys) const;
  void stage(rocksdb::WriteBatch& batch, const DedupeMark& mark) const;

private:
  Database& database_;
};

} // namespace takt
