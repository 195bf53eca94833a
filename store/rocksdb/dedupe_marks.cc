#include "store/rocksdb/dedupe_marks.h"

#include "core/check.h"
#include "store/rocksdb/keys.h"

namespace takt {

Result<bool> DedupeMarks::is_set(const Bytes16& key, UtcTime at) const {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database_.get(Family::dedupe, keys::view_of(key), value));
  if (!is_there) return false;
  if (value.size() != 8) return fail(ErrorCode::corrupt, "a dedupe mark is damaged");
  return static_cast<std::int64_t>(keys::number_of(view(value))) > ms_of(at);
}

void DedupeMarks::stage(rocksdb::WriteBatch& batch, const DedupeMark& mark) const {
  const rocksdb::Status status = batch.Put(database_.handle(Family::dedupe), slice(keys::view_of(mark.key)),
                                           keys::number_bytes(static_cast<std::uint64_t>(ms_of(mark.until))));
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
}

} // namespace takt
