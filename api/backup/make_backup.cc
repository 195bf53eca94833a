#include "api/backup/make_backup.h"

#include "api/backup/erasures.h"
#include "api/disk_space.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace takt {
namespace {

namespace fs = std::filesystem;

constexpr const char* staging_name = ".backup";
constexpr std::uint64_t room_left_min = std::uint64_t{64} << 20; // for manifests, and for whoever else writes there

/// Gone when the backup is made, or is not.
class Staging {
public:
  explicit Staging(fs::path directory) : directory_(std::move(directory)) { remove(); }
  ~Staging() { remove(); }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  const fs::path& directory() const { return directory_; }

private:
  void remove() const {
    std::error_code ignored; // what stays is removed by the next one
    fs::remove_all(directory_, ignored);
  }
  fs::path directory_;
};

bool is_left_out(const std::string& name) {
  return name.starts_with('.') || name == "store" || name == "spool" || name == "rejects" || name == "sources.json" || name == "control.sock";
}

/// A name that never changes its content: a table of the store, a file of a published artefact.
bool is_immutable(const std::string& path) { return path.ends_with(".sst") || path.starts_with("artefacts/"); }

/// A link where that can be; else, and for what changes, a copy. Artefacts that are removed meanwhile are not there any more: so be it.
Status put_beside(const fs::path& from, const fs::path& to, const std::string& path) {
  std::error_code error;
  if (is_immutable(path)) {
    fs::create_hard_link(from, to, error);
    if (!error || error == std::errc::no_such_file_or_directory) return {};
  }
  auto copied = copy_and_hash(from, to);
  if (!copied && copied.error().code == ErrorCode::not_found) return {};
  if (!copied) return tl::unexpected(std::move(copied.error()));
  return {};
}

Status put_directory_beside(const fs::path& from, const fs::path& to, const std::string& prefix) {
  TAKT_TRY_VOID(make_private_directory(to));
  std::error_code error;
  for (fs::directory_iterator entry(from, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string(), path = prefix + name;
    if (prefix.empty() ? is_left_out(name) : name.starts_with('.')) continue;
    std::error_code gone;
    if (entry->is_directory(gone)) TAKT_TRY_VOID(put_directory_beside(entry->path(), to / name, path + "/"));
    else if (entry->is_regular_file(gone)) TAKT_TRY_VOID(put_beside(entry->path(), to / name, path));
  }
  if (error && error != std::errc::no_such_file_or_directory) return fail(ErrorCode::unavailable, "cannot read " + from.string() + ": " + error.message());
  return {};
}

struct StagedFile {
  fs::path place;
  BackedUpFile file;                           ///< without its hash
};

Result<std::vector<StagedFile>> staged_files(const fs::path& directory) {
  std::vector<StagedFile> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    struct stat status {};
    if (::lstat(entry->path().c_str(), &status) != 0) return fail(ErrorCode::unavailable, "cannot read " + entry->path().string());
    if (!S_ISREG(status.st_mode)) continue;
    StagedFile staged{entry->path(), {entry->path().lexically_relative(directory).string(), "", static_cast<std::uint64_t>(status.st_size), ""}};
    if (is_immutable(staged.file.path))
      staged.file.stamp = fmt::format("{}:{}:{}:{}.{:09}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    files.push_back(std::move(staged));
  }
  if (error) return fail(ErrorCode::unavailable, "cannot read " + directory.string() + ": " + error.message());
  std::sort(files.begin(), files.end(), [](const StagedFile& a, const StagedFile& b) { return a.file.path < b.file.path; });
  return files;
}

bool is_inside(const fs::path& directory, const fs::path& of) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(directory, error), outer = fs::weakly_canonical(of, error);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

/// What the newest backup knows of a file that has not changed since, while its content is still there.
class KnownFiles {
public:
  KnownFiles(const BackupFolder& folder, const std::vector<Backup>& backups) : folder_(folder) {
    if (backups.empty()) return;
    for (const BackedUpFile& file : backups.back().files)
      if (!file.stamp.empty()) by_path_.emplace(file.path, file);
  }
  const BackedUpFile* find(const BackedUpFile& file) const {
    const auto known = by_path_.find(file.path);
    const bool is_same = known != by_path_.end() && !file.stamp.empty() && known->second.stamp == file.stamp && folder_.has(known->second);
    return is_same ? &known->second : nullptr;
  }

private:
  const BackupFolder& folder_;
  std::map<std::string, BackedUpFile> by_path_;
};

Status check_room(const fs::path& directory, const std::vector<StagedFile>& files, const KnownFiles& known) {
  std::uint64_t needed = 0;
  for (const StagedFile& staged : files)
    if (known.find(staged.file) == nullptr) needed += staged.file.bytes;
  TAKT_TRY(space, read_disk_space(directory.string()));
  if (space.free_bytes >= needed + room_left_min) return {};
  return fail(ErrorCode::unavailable, fmt::format("a backup into {} needs {} bytes, and {} are free", directory.string(), needed + room_left_min, space.free_bytes));
}

Status copy_all(const std::vector<StagedFile>& files, const KnownFiles& known, BackupFolder& folder, const BackupOrder& order, Backup& backup) {
  std::uint64_t done = 0, total = 0;
  for (const StagedFile& staged : files) total += staged.file.bytes;
  const auto on_bytes = [&](std::uint64_t bytes) {
    done += bytes;
    return !order.progress || order.progress(done, total);
  };
  for (const StagedFile& staged : files) {
    BackedUpFile file = staged.file;
    if (const BackedUpFile* same = known.find(file)) {
      file.sha256 = same->sha256;
      if (!on_bytes(file.bytes)) return fail(ErrorCode::unavailable, "stopped before the end");
    } else {
      TAKT_TRY(hashed, folder.add(staged.place, backup.bytes_added, on_bytes));
      file.sha256 = hashed.sha256;
      file.bytes = hashed.bytes;
    }
    backup.bytes += file.bytes;
    backup.files.push_back(std::move(file));
  }
  return {};
}

} // namespace

Result<MadeBackup> make_backup(const BackupOrder& order, Checkpoints& store, const Clock& clock) {
  const SteadyTime begin = clock.steady_now();
  if (is_inside(order.backup_directory, order.data_directory)) return fail(ErrorCode::invalid, "a backup inside the data directory would be lost with it: name another directory");
  TAKT_TRY(folder, BackupFolder::open_to_write(order.backup_directory));
  // Before anything is copied: whoever erases somebody from now on finds this directory.
  TAKT_TRY_VOID(remember_backup_place(order.data_directory, order.backup_directory));
  TAKT_TRY_VOID(copy_erasures(order.data_directory, order.backup_directory));
  TAKT_TRY(earlier, folder.backups());

  Backup backup;
  backup.at = clock.utc_now();
  if (!earlier.empty()) backup.at = std::max(backup.at, earlier.back().at + Duration(1)); // a clock that was set back: the newest backup stays the newest
  backup.id = backup_id_of(backup.at);
  backup.takt = order.takt;
  backup.store_format = store_format_written();
  std::error_code error;
  const Staging staging(fs::absolute(order.data_directory, error) / staging_name);
  TAKT_TRY_VOID(make_private_directory(staging.directory()));
  TAKT_TRY_VOID(store.checkpoint((staging.directory() / "store").string()));
  TAKT_TRY_VOID(put_directory_beside(order.data_directory, staging.directory(), ""));

  TAKT_TRY(files, staged_files(staging.directory()));
  const KnownFiles known(folder, earlier);
  TAKT_TRY_VOID(check_room(order.backup_directory, files, known));
  TAKT_TRY_VOID(copy_all(files, known, folder, order, backup));
  backup.seconds = std::chrono::duration<double>(clock.steady_now() - begin).count();
  TAKT_TRY_VOID(folder.put(backup));
  MadeBackup made{std::move(backup), earlier.size() + 1, {}};
  if (order.kept == 0) return made;
  TAKT_TRY(forgotten, folder.prune(order.kept));
  made.kept -= forgotten.size();
  made.forgotten = std::move(forgotten);
  return made;
}

} // namespace takt
