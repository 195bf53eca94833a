#include "api/backup/restore.h"

#include "api/backup/backup_folder.h"
#include "api/disk_space.h"
#include "store/checkpoints.h"
#include "store/store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace takt {
namespace {

namespace fs = std::filesystem;

constexpr const char* staging_name = ".restoring";
constexpr const char* store_name = "store";
constexpr std::uint64_t room_left_min = std::uint64_t{64} << 20;

std::vector<std::string> entries_of(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code ignored; // absent: empty
  for (fs::directory_iterator entry(directory, ignored), end; entry != end; entry.increment(ignored)) names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// RocksDB holds a lock on this file for as long as a process has the store open.
bool is_open_elsewhere(const fs::path& store) {
  const int file = ::open((store / "LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool is_held = ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(file);
  return is_held;
}

/// What stands in the target already, without what an earlier restore set aside or was making.
std::vector<std::string> content_of(const fs::path& target) {
  std::vector<std::string> names = entries_of(target);
  std::erase_if(names, [](const std::string& name) { return name == staging_name || name.starts_with(".before-restore-") || name == "lost+found"; });
  return names;
}

Status check_target(const RestoreOrder& order) {
  const fs::path& target = order.data_directory;
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_directory(target, error)) return fail(ErrorCode::conflict, target.string() + " is no directory");
  if (is_open_elsewhere(target / store_name)) return fail(ErrorCode::conflict, "another process has the data directory " + target.string() + " open: stop it first");
  if (order.replaces || is_half_restored(target) || content_of(target).empty()) return {};
  return fail(ErrorCode::conflict, target.string() + " is not empty: name another directory, or say --force, which sets aside what is there");
}

/// Before a byte is written: formats, that all contents are there, room for them.
Status check_backup(const BackupFolder& folder, const Backup& backup, const fs::path& target) {
  if (backup.store_format > store_format_written())
    return fail(ErrorCode::corrupt, fmt::format("the backup was made by a newer Takt ({}): its store has format {}, this one reads up to {}", backup.takt, backup.store_format, store_format_written()));
  const auto missing = std::find_if(backup.files.begin(), backup.files.end(), [&](const BackedUpFile& file) { return !folder.has(file); });
  if (missing != backup.files.end()) return fail(ErrorCode::corrupt, "the backup " + backup.id + " is damaged: " + missing->path + " is missing, or has another size");
  fs::path existing = fs::absolute(target);
  std::error_code error;
  while (!fs::exists(existing, error) && existing.has_parent_path() && existing != existing.root_path()) existing = existing.parent_path();
  TAKT_TRY(space, read_disk_space(existing.string()));
  if (space.free_bytes >= backup.bytes + room_left_min) return {};
  return fail(ErrorCode::unavailable, fmt::format("the backup needs {} bytes, and {} are free", backup.bytes + room_left_min, space.free_bytes));
}

Status copy_files(const BackupFolder& folder, const Backup& backup, const fs::path& to, const RestoreOrder& order) {
  std::uint64_t done = 0;
  const auto on_bytes = [&](std::uint64_t bytes) {
    done += bytes;
    if (order.progress) order.progress(done, backup.bytes);
    return true;
  };
  std::vector<fs::path> directories{to};
  for (const BackedUpFile& file : backup.files) {
    const fs::path place = to / file.path;
    if (place.parent_path() != directories.back()) {
      TAKT_TRY_VOID(make_private_directory(place.parent_path()));
      directories.push_back(place.parent_path());
    }
    TAKT_TRY(hashed, copy_and_hash(folder.place_of(file.sha256), place, on_bytes));
    if (hashed.sha256 != file.sha256) return fail(ErrorCode::corrupt, "the backup " + backup.id + " is damaged: the checksum of " + file.path + " does not fit");
  }
  for (const fs::path& directory : directories) TAKT_TRY_VOID(sync_directory(directory));
  return {};
}

/// The restored store opens, and whoever was erased since is not in it.
Result<std::size_t> erase_again(const fs::path& staging, const RestoreOrder& order) {
  TAKT_TRY(erasures, read_erasures(order.backup_directory));
  RocksdbOptions options;
  options.directory = (staging / store_name).string();
  options.must_exist = true;
  TAKT_TRY(store, open_rocksdb_store(options));
  if (erasures.empty()) return std::size_t{0};
  if (!order.apply_erasures)
    return fail(ErrorCode::not_built, fmt::format("{} people were erased since this backup was made, and this build cannot erase them from it", erasures.size()));
  TAKT_TRY_VOID(order.apply_erasures(*store, erasures));
  TAKT_TRY_VOID(store->records().sync());
  TAKT_TRY_VOID(copy_erasures(order.backup_directory, staging)); // backups of the restored directory tell the next places
  return erasures.size();
}

/// Renames that are taken back, the last one first, unless all of them were made.
class Moves {
public:
  ~Moves() {
    for (auto move = made_.rbegin(); move != made_.rend() && !are_kept_; ++move) {
      std::error_code ignored; // nothing better is left to do
      fs::rename(move->second, move->first, ignored);
    }
  }
  Status add(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) return fail(ErrorCode::unavailable, fmt::format("cannot move {} to {}: {}", from.string(), to.string(), error.message()));
    made_.emplace_back(from, to);
    return {};
  }
  void keep() { are_kept_ = true; }

private:
  std::vector<std::pair<fs::path, fs::path>> made_;
  bool are_kept_ = false;
};

fs::path free_name(const fs::path& target) {
  std::error_code error;
  for (int number = 1;; ++number)
    if (fs::path name = target / fmt::format(".before-restore-{}", number); !fs::exists(name, error)) return name;
}

/// All within one directory, which may be a mount of its own. The store is the last to come: where it is, the rest is.
Result<std::string> move_into_place(const fs::path& staging, const fs::path& target) {
  std::vector<std::string> names = entries_of(staging);
  std::stable_partition(names.begin(), names.end(), [](const std::string& name) { return name != store_name; });
  std::vector<std::string> former = content_of(target);
  std::stable_partition(former.begin(), former.end(), [](const std::string& name) { return name == store_name; });
  Moves moves;
  fs::path aside;
  if (!former.empty()) {
    aside = free_name(target);
    TAKT_TRY_VOID(make_private_directory(aside));
    for (const std::string& name : former) TAKT_TRY_VOID(moves.add(target / name, aside / name));
  }
  for (const std::string& name : names) {
    if (name == store_name) TAKT_TRY_VOID(sync_directory(target));
    TAKT_TRY_VOID(moves.add(staging / name, target / name));
  }
  moves.keep();
  TAKT_TRY_VOID(sync_directory(target));
  std::error_code ignored; // an empty directory
  fs::remove(staging, ignored);
  return aside.string();
}

} // namespace

bool is_half_restored(const fs::path& data_directory) {
  std::error_code error;
  return fs::exists(data_directory / staging_name, error) && !fs::exists(data_directory / store_name, error);
}

Result<Restored> restore_backup(const RestoreOrder& order) {
  TAKT_TRY(folder, BackupFolder::open_to_read(order.backup_directory));
  TAKT_TRY(backup, folder.find(order.backup));
  TAKT_TRY_VOID(check_target(order));
  TAKT_TRY_VOID(check_backup(folder, backup, order.data_directory));

  std::error_code error;
  const bool was_there = fs::exists(order.data_directory, error);
  const fs::path staging = order.data_directory / staging_name;
  const bool was_half = is_half_restored(order.data_directory);
  fs::remove_all(staging, error);                      // of one that was killed
  TAKT_TRY_VOID(make_private_directory(order.data_directory));
  TAKT_TRY_VOID(make_private_directory(staging));
  Restored restored{std::move(backup), 0, {}};
  const Status done = [&]() -> Status {
    TAKT_TRY_VOID(copy_files(folder, restored.backup, staging, order));
    TAKT_TRY(erased, erase_again(staging, order));
    restored.erased = erased;
    TAKT_TRY(aside, move_into_place(staging, order.data_directory));
    restored.set_aside = std::move(aside);
    return {};
  }();
  if (done) return restored;
  // As before: but a directory that was half restored must go on saying so.
  if (!was_half) fs::remove_all(staging, error);
  if (!was_there) fs::remove(order.data_directory, error);
  return tl::unexpected(done.error());
}

} // namespace takt
