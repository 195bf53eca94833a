#include "store/rocksdb/dedupe_marks.h"

#include "core/check.h"
#include "store/rocksdb/keys.h"

namespace takt {
namespace {

MarkEnd end_of(std::string_view value) {
  if (value.size() != 8) return fail(ErrorCode::corrupt, "a dedupe mark is damaged");
  return utc_from_ms(static_cast<std::int64_t>(keys::number_of(value)));
}

} // namespace

Result<bool> DedupeMarks::is_set(const Bytes16& key, UtcTime at) const {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database_.get(Family::dedupe, keys::view_of(key), value));
  if (!is_there) return false;
  TAKT_TRY(end, end_of(view(value)));
  return *end > at;
}

std::vector<MarkEnd> DedupeMarks::find(std::span<const Bytes16> keys) const {
  std::vector<std::string_view> views;
  views.reserve(keys.size());
  for (const Bytes16& key : keys) views.push_back(keys::view_of(key));
  std::vector<MarkEnd> ends;
  ends.reserve(keys.size());
  database_.get_all(Family::dedupe, views, [&](const Result<bool>& is_there, std::string_view value) {
    if (!is_there) ends.push_back(tl::unexpected<Error>(is_there.error()));
    else ends.push_back(*is_there ? end_of(value) : MarkEnd(std::nullopt));
  });
  return ends;
}

void DedupeMarks::stage(rocksdb::WriteBatch& batch, const DedupeMark& mark) const {
  const rocksdb::Status status = batch.Put(database_.handle(Family::dedupe), slice(keys::view_of(mark.key)),
                                           keys::number_bytes(static_cast<std::uint64_t>(ms_of(mark.until))));
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
}

} // namespace takt
