#include "store/rocksdb/database.h"

#include "store/checkpoints.h"
#include "store/rocksdb/database_options.h"
#include "store/rocksdb/keys.h"

#include <rocksdb/convenience.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

namespace takt {
namespace {

namespace fs = std::filesystem;

/// What RocksDB leaves when it is killed while it creates a database, before there is a CURRENT.
bool is_leftover(const std::string& name) {
  return name == "LOCK" || name == "IDENTITY" || name.starts_with("LOG") || name.starts_with("MANIFEST-") || name.starts_with("OPTIONS-") ||
         name.ends_with(".dbtmp");
}

tl::unexpected<Error> foreign(const std::string& directory) {
  return fail(ErrorCode::corrupt, directory + " holds something else: it is not a Takt store, nor an empty directory");
}

/// A database that was never completed, or somebody else's? Looks without writing.
Status check_incomplete(const std::string& directory) {
  rocksdb::Options options;
  options.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, directory, &raw);
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  const std::unique_ptr<rocksdb::DB> db(raw);
  const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(rocksdb::ReadOptions()));
  iterator->SeekToFirst();
  if (iterator->Valid()) return foreign(directory);
  return {};
}

/// Refuses directories of another kind before anything is written to them.
Status check_directory(const std::string& directory, bool must_exist) {
  std::error_code error;
  if (must_exist && !fs::exists(fs::path(directory) / "CURRENT", error)) return fail(ErrorCode::not_found, "there is no store in " + directory);
  fs::create_directories(directory, error);
  if (error) return fail(ErrorCode::unavailable, "cannot create the data directory " + directory + ": " + error.message());
  if (!fs::exists(fs::path(directory) / "CURRENT", error)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error))
      if (entry.is_regular_file(error) && !is_leftover(entry.path().filename().string())) return foreign(directory);
    if (error) return fail(ErrorCode::unavailable, "cannot read the data directory " + directory + ": " + error.message());
    return {};
  }
  std::vector<std::string> names;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), directory, &names);
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  for (const std::string& name : names)
    if (std::find(family_names.begin(), family_names.end(), name) == family_names.end()) return foreign(directory);
  return names.size() == families_count ? Status{} : check_incomplete(directory);
}

} // namespace

std::uint64_t store_format_written() { return store_format_version; }

/// RocksDB asserts that even an empty slice points somewhere.
rocksdb::Slice slice(std::string_view text) { return {text.data() == nullptr ? "" : text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

#if defined(__SANITIZE_THREAD__)
/// As LibraryBytes, of a value that may be pinned in a block of RocksDB's.
static void own(rocksdb::PinnableSlice& value) {
  LibraryBytes bytes;
  const std::string_view copy = bytes.of(view(value));
  value.Reset();
  value.PinSelf(slice(copy));
}
#else
static void own(const rocksdb::PinnableSlice&) {}
#endif

Error error_of(const rocksdb::Status& status) {
  if (status.IsCorruption()) return Error{ErrorCode::corrupt, "the store is damaged: " + status.ToString(), {}};
  if (status.IsNoSpace()) return Error{ErrorCode::unavailable, "the disk is full: " + status.ToString(), {}};
  return Error{ErrorCode::unavailable, "the store does not answer: " + status.ToString(), {}};
}

Result<std::unique_ptr<Database>> Database::open(const RocksdbOptions& options) {
  if (options.directory.empty()) return fail(ErrorCode::invalid, "the store needs a directory");
  TAKT_TRY_VOID(check_directory(options.directory, options.must_exist));
  std::unique_ptr<Database> database(new Database());
  database->latest_clock_ = std::make_shared<LatestClock>(0);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const DatabaseSettings settings = database_settings(options, database->latest_clock_);
  const rocksdb::Status status = [&] {
    const LibraryFrame frame; // the threads it starts say so too: libzstd below them is RocksDB's business
    return rocksdb::DB::Open(settings.database, options.directory, settings.families, &handles, &raw);
  }();
  if (!status.ok()) {
    const std::string text = status.ToString(); // RocksDB has no code of its own for a held lock
    if (status.IsIOError() && (text.find("lock hold by current process") != std::string::npos || text.find("While lock file") != std::string::npos))
      return fail(ErrorCode::unavailable, "another process owns the data directory " + options.directory + ": one process at a time may open it");
    return tl::unexpected<Error>(error_of(status));
  }
  database->db_.reset(raw);
  std::copy(handles.begin(), handles.end(), database->handles_.begin());
  TAKT_TRY_VOID(database->check_format());
  rocksdb::DB* const db = raw;
  database->syncer_ = std::make_unique<Syncer>(
      [db]() -> Status {
        const LibraryFrame frame;
        const rocksdb::Status synced = db->SyncWAL();
        return synced.ok() ? Status{} : Status(tl::unexpected<Error>(error_of(synced)));
      },
      options.sync_every);
  return database;
}

Status Database::check_format() {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, get(Family::meta, keys::format_key, value));
  if (is_there) {
    const std::uint64_t format = keys::number_of(view(value));
    if (format > store_format_version)
      return fail(ErrorCode::corrupt, "the data directory was written by a newer Takt: format " + std::to_string(format) +
                                          ", this one reads up to " + std::to_string(store_format_version));
    if (format == 0) return fail(ErrorCode::corrupt, "the data directory's format marker is damaged");
    return format == 1 ? hash_identities() : Status{};
  }
  Cursor cursor = all(Family::journal);
  cursor.seek({});
  if (cursor.valid()) return fail(ErrorCode::corrupt, "the data directory has a journal but no format marker");
  TAKT_TRY_VOID(cursor.status());
  return put_format();
}

Status Database::put_format() {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const rocksdb::Status status = db_->Put(synced, handle(Family::meta), slice(keys::format_key), keys::number_bytes(store_format_version));
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  return {};
}

/// Format 1 kept identities in clear in its keys. A step that a crash repeats finds half of them moved already, which is fine.
Status Database::hash_identities() {
  const std::string prefix(1, keys::named_identity_prefix);
  constexpr std::uint32_t moved_at_once = 10'000;              // a batch of a megabyte
  rocksdb::WriteBatch batch;
  const auto write_batch = [&]() -> Status {
    const rocksdb::Status status = db_->Write(rocksdb::WriteOptions(), &batch);
    batch.Clear();
    if (!status.ok()) return tl::unexpected<Error>(error_of(status));
    return {};
  };
  Cursor cursor = with_prefix(Family::meta, prefix);
  for (cursor.seek(prefix); cursor.valid(); cursor.next()) {
    rocksdb::Status status = batch.Put(handle(Family::meta), keys::identity_key(cursor.key().substr(1)), slice(cursor.value()));
    if (status.ok()) status = batch.Delete(handle(Family::meta), slice(cursor.key()));
    if (!status.ok()) return tl::unexpected<Error>(error_of(status));
    if (batch.Count() >= moved_at_once) TAKT_TRY_VOID(write_batch());
  }
  TAKT_TRY_VOID(cursor.status());
  TAKT_TRY_VOID(write_batch());
  TAKT_TRY_VOID(flush_all());
  TAKT_TRY_VOID(compact(Family::meta, prefix, std::string(1, static_cast<char>(keys::named_identity_prefix + 1))));
  return put_format();
}

Status Database::flush_all() {
  const LibraryFrame frame;
  const rocksdb::Status status = db_->Flush(rocksdb::FlushOptions(), {handles_.begin(), handles_.end()});
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  return {};
}

Status Database::compact(Family family, std::string_view first, std::string_view last) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;                 // what RocksDB has to do on its own goes on
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  const rocksdb::Slice from = slice(first), to = slice(last);
  const LibraryFrame frame;
  const rocksdb::Status status = db_->CompactRange(options, handle(family), &from, &to);
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  return {};
}

Database::~Database() {
  syncer_.reset(); // syncs what is left
  for (rocksdb::ColumnFamilyHandle* handle : handles_)
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle);
}

Result<bool> Database::get(Family family, std::string_view key, rocksdb::PinnableSlice& value) {
  value.Reset();
  const rocksdb::Status status = [&] {
    const LibraryFrame frame;
    return db_->Get(rocksdb::ReadOptions(), handle(family), slice(key), &value);
  }();
  if (status.ok()) {
    own(value);
    return true;
  }
  if (status.IsNotFound()) return false;
  return tl::unexpected<Error>(error_of(status));
}

void Database::get_all(Family family, std::span<const std::string_view> keys,
                       const std::function<void(const Result<bool>& is_there, std::string_view value)>& visit) {
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const std::string_view key : keys) slices.push_back(slice(key));
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  constexpr bool sorted = true;
  {
    const LibraryFrame frame;
    db_->MultiGet(rocksdb::ReadOptions(), handle(family), keys.size(), slices.data(), values.data(), statuses.data(), sorted);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      own(values[i]);
      visit(true, view(values[i]));
    } else if (statuses[i].IsNotFound()) visit(false, {});
    else visit(tl::unexpected<Error>(error_of(statuses[i])), {});
  }
}

Status Database::write(rocksdb::WriteBatch& batch) {
  const rocksdb::Status status = [&] {
    const LibraryFrame frame;
    return db_->Write(rocksdb::WriteOptions(), &batch);
  }();
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  syncer_->wrote();
  return {};
}

Syncer::Outcome Database::wait(Deadline deadline) { return syncer_->wait(syncer_->newest(), deadline); }

Status Database::sync() {
  if (wait(Deadline{}) == Syncer::Outcome::synced) return {};
  return fail(ErrorCode::unavailable, "the store could not sync its log: nothing more is acknowledged until it is opened again");
}

Status Database::checkpoint(const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory, error)) return fail(ErrorCode::conflict, directory + " exists already");
  rocksdb::Checkpoint* raw = nullptr;
  const LibraryFrame frame;
  rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &raw);
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  // 0: memory is written out first. Else the log, which is no link but a copy, would make up for it each time, up to its 256 MiB.
  status = checkpoint->CreateCheckpoint(directory, 0);
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  return {};
}

std::uint64_t Database::approximate_bytes(Family family, std::string_view first, std::string_view end) {
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  options.include_files = true;
  const rocksdb::Range range(slice(first), slice(end));
  std::uint64_t bytes = 0;
  const LibraryFrame frame;
  const rocksdb::Status status = db_->GetApproximateSizes(options, handle(family), &range, 1, &bytes);
  return status.ok() ? bytes : 0;
}

Status Database::forget(Family family, std::string_view first, std::string_view end) {
  {
    const LibraryFrame frame;
    const rocksdb::Slice from = slice(first), to = slice(end);
    const rocksdb::Status status = rocksdb::DeleteFilesInRange(db_.get(), handle(family), &from, &to, false);
    if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  }
  // Key by key. DeleteRange is out of bounds here: with memtable_insert_with_hint_prefix_extractor RocksDB 7.8 uses the hint of one skip list for
  // its second one, that of ranges, and breaks both (an assertion in Debian's build).
  constexpr std::uint32_t keys_at_once = 10'000;
  rocksdb::WriteBatch batch;
  Cursor cursor(*this, family, {}, end);
  for (cursor.seek(first); cursor.valid(); cursor.next()) {
    const rocksdb::Status status = batch.Delete(handle(family), slice(cursor.key()));
    if (!status.ok()) return tl::unexpected<Error>(error_of(status));
    if (batch.Count() < keys_at_once) continue;
    TAKT_TRY_VOID(write(batch));
    batch.Clear();
  }
  TAKT_TRY_VOID(cursor.status());
  return write(batch);
}

Database::Cursor::Cursor(Database& database, Family family, std::string_view first, std::string_view end) : end_(end), end_slice_(end_) {
  rocksdb::ReadOptions options;
  // A range inside one customer may use the prefix Bloom filter; every other one must not.
  options.prefix_same_as_start = family == Family::journal && first.size() >= keys::customer_prefix_bytes;
  options.total_order_seek = !options.prefix_same_as_start;
  options.fill_cache = !first.empty(); // a walk through everybody must not push out what decisions read
  if (!end_.empty()) options.iterate_upper_bound = &end_slice_;
  const LibraryFrame frame;
  iterator_.reset(database.db_->NewIterator(options, database.handle(family)));
}

Status Database::Cursor::status() const {
  const rocksdb::Status status = iterator_->status();
  if (!status.ok()) return tl::unexpected<Error>(error_of(status));
  return {};
}

Database::Cursor Database::with_prefix(Family family, std::string_view prefix) {
  std::string end(prefix); // first key after all with the prefix
  while (!end.empty() && static_cast<std::uint8_t>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<std::uint8_t>(end.back()) + 1);
  return {*this, family, prefix, end};
}

} // namespace takt
