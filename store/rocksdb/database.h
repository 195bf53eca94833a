#pragma once
/// RocksDB as this store uses it: five column families in one write-ahead log, atomic batches, one syncer. Nothing above
/// knows an option. Left out on purpose, because Debian's 7.8.3 has them broken: async reads, FIFO compaction,
/// track_and_verify_wals, compressed WAL, more than two memtables per family with parallel flushes, manual WAL flush.
/// Errors: unavailable (locked, I/O, disk full), corrupt (checksums, foreign directory, newer format).
/// Threads: everything from any thread. Cost: point read 1–3 µs warm, a write 3–6 µs.
#include "core/result.h"
#include "core/time.h"
#include "store/rocksdb/library_frame.h"
#include "store/rocksdb/syncer.h"
#include "store/store.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace takt {

/// Format of keys and values of the whole directory. A newer one is refused, an older one migrated when it is opened.
constexpr std::uint64_t store_format_version = 2;

/// meta: format, revision, dictionary, identities, documents.
enum class Family : std::size_t { meta = 0, journal = 1, snapshots = 2, decisions = 3, dedupe = 4 };
constexpr std::size_t families_count = 5;

rocksdb::Slice slice(std::string_view text);
std::string_view view(const rocksdb::Slice& bytes);
Error error_of(const rocksdb::Status& status);

/// Latest clock of any commit of this process: marks long past it may leave the disk.
using LatestClock = std::atomic<std::int64_t>;

class Database {
public:
  static Result<std::unique_ptr<Database>> open(const RocksdbOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// False where the key is absent. The value stays in the block cache's memory as long as `value` lives.
  Result<bool> get(Family family, std::string_view key, rocksdb::PinnableSlice& value);
  /// Many keys, ascending and distinct: visited in their order. Cheaper than one by one, by about half.
  void get_all(Family family, std::span<const std::string_view> keys, const std::function<void(const Result<bool>& is_there, std::string_view value)>& visit);
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[static_cast<std::size_t>(family)]; }
  /// Atomic. Reaches the operating system, so it survives the process; `wait` makes it survive the machine.
  Status write(rocksdb::WriteBatch& batch);
  /// Until everything written so far is on the device.
  Syncer::Outcome wait(Deadline deadline);
  Status sync();
  /// Everything in memory to files, and a new log: the old ones go.
  Status flush_all();
  /// Rewrites the files that hold keys from `first` up to `last`, and with them what was deleted or overwritten there.
  Status compact(Family family, std::string_view first, std::string_view last);
  /// The state of now as a database of its own, in a directory that does not exist; tables are hard links where that is possible.
  Status checkpoint(const std::string& directory);
  /// About; what was deleted counts until files are merged.
  std::uint64_t approximate_bytes(Family family, std::string_view first, std::string_view end);
  /// Every key from first to before end is gone. Whole files at once, the rest key by key.
  Status forget(Family family, std::string_view first, std::string_view end);

  /// Over keys with this prefix, or of one customer in journal and snapshots. The iterator's bounds live as long as it does.
  class Cursor {
  public:
    Cursor(Database& database, Family family, std::string_view first, std::string_view end);
    Cursor(const Cursor&) = delete;                                  // RocksDB points at end_slice_
    Cursor& operator=(const Cursor&) = delete;
    void seek(std::string_view key) {
      const LibraryFrame frame;
      iterator_->Seek(slice(key));
    }
    void seek_back(std::string_view key) {
      const LibraryFrame frame;
      iterator_->SeekForPrev(slice(key));
    }
    bool valid() const { return iterator_->Valid(); }
    void next() {
      const LibraryFrame frame;
      iterator_->Next();
    }
    std::string_view key() { return key_.of(view(iterator_->key())); }
    std::string_view value() { return value_.of(view(iterator_->value())); }
    Status status() const;

  private:
    std::string end_;
    rocksdb::Slice end_slice_;
    std::unique_ptr<rocksdb::Iterator> iterator_;
    [[no_unique_address]] LibraryBytes key_;
    [[no_unique_address]] LibraryBytes value_;
  };
  Cursor all(Family family) { return {*this, family, {}, {}}; }
  Cursor with_prefix(Family family, std::string_view prefix);

  LatestClock& latest_clock() { return *latest_clock_; }

private:
  Database() = default;
  Status check_format();
  Status put_format();
  Status hash_identities();

  std::shared_ptr<LatestClock> latest_clock_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, families_count> handles_{};
  std::unique_ptr<Syncer> syncer_;
};

} // namespace takt
