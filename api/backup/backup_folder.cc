#include "api/backup/backup_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace takt {
namespace {

namespace fs = std::filesystem;

constexpr const char* marker_name = "takt-backups";
constexpr const char* marker_text = "backups of a Takt data directory, format 1: see docs/backup.md; takt restore reads them\n";
constexpr const char* manifests_name = "backups";
constexpr const char* contents_name = "contents";
constexpr const char* writing_name = "writing";           // below contents: on its way to a name
constexpr const char* manifest_suffix = ".json";

bool is_missing_or_empty(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return true;
  return fs::is_directory(directory, error) && fs::is_empty(directory, error);
}

std::string other_kind(const fs::path& directory) { return directory.string() + " is no directory of backups: name an empty one, or one that takt backup has made"; }

} // namespace

Result<BackupFolder> BackupFolder::open_to_write(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory / marker_name, error)) {
    if (!is_missing_or_empty(directory)) return fail(ErrorCode::conflict, other_kind(directory));
    TAKT_TRY_VOID(make_private_directory(directory));
    TAKT_TRY_VOID(write_whole_file(directory / marker_name, marker_text));
  }
  TAKT_TRY_VOID(make_private_directory(directory / manifests_name));
  TAKT_TRY_VOID(make_private_directory(directory / contents_name));
  BackupFolder folder(directory);
  TAKT_TRY_VOID(folder.lock());
  return folder;
}

Result<BackupFolder> BackupFolder::open_to_read(const fs::path& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) return fail(ErrorCode::not_found, "there is no directory " + directory.string());
  if (!fs::exists(directory / marker_name, error)) return fail(ErrorCode::not_found, other_kind(directory));
  return BackupFolder(directory);
}

BackupFolder::BackupFolder(BackupFolder&& other) noexcept : directory_(std::move(other.directory_)), lock_(std::exchange(other.lock_, -1)) {}

BackupFolder::~BackupFolder() {
  if (lock_ >= 0) ::close(lock_);
}

/// Gone with its process, however that ends.
Status BackupFolder::lock() {
  lock_ = ::open((directory_ / marker_name).c_str(), O_RDONLY | O_CLOEXEC);
  if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0) return {};
  if (lock_ >= 0 && errno == EWOULDBLOCK) return fail(ErrorCode::conflict, "another backup into " + directory_.string() + " is being made");
  return fail(ErrorCode::unavailable, "cannot lock " + directory_.string() + ": " + std::strerror(errno));
}

std::vector<std::string> BackupFolder::ids() const {
  std::vector<std::string> found;
  std::error_code ignored; // none there: no backups
  for (fs::directory_iterator entry(directory_ / manifests_name, ignored), end; entry != end; entry.increment(ignored)) {
    const fs::path& path = entry->path();
    if (path.extension() == manifest_suffix && is_backup_id(path.stem().string())) found.push_back(path.stem().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<Backup> BackupFolder::read(const std::string& id) const {
  TAKT_TRY(text, read_whole_file(directory_ / manifests_name / (id + manifest_suffix)));
  TAKT_TRY(backup, read_manifest(text));
  if (backup.id != id) return fail(ErrorCode::corrupt, "the manifest of a backup is damaged: it is of " + backup.id);
  return backup;
}

Result<std::vector<Backup>> BackupFolder::backups(const std::function<void(const Damage&)>& damaged) const {
  std::vector<Backup> found;
  for (const std::string& id : ids()) {
    auto backup = read(id);
    if (backup) found.push_back(std::move(*backup));
    else if (backup.error().code != ErrorCode::corrupt) return tl::unexpected(std::move(backup.error()));
    else if (damaged) damaged({id, "", backup.error().message});
  }
  return found;
}

Result<Backup> BackupFolder::find(const std::string& id) const {
  const std::vector<std::string> known = ids();
  if (known.empty()) return fail(ErrorCode::not_found, "there is no whole backup in " + directory_.string());
  if (id.empty()) return read(known.back());
  if (std::find(known.begin(), known.end(), id) == known.end()) return fail(ErrorCode::not_found, "there is no backup " + id + " in " + directory_.string());
  return read(id);
}

/// Below its first two digits: a file system lists a few thousand names fast, and a million slowly.
fs::path BackupFolder::place_of(const std::string& sha256) const { return directory_ / contents_name / sha256.substr(0, 2) / sha256; }

bool BackupFolder::has(const BackedUpFile& file) const {
  std::error_code error;
  const auto size = fs::file_size(place_of(file.sha256), error);
  return !error && size == file.bytes;
}

Result<HashedFile> BackupFolder::add(const fs::path& from, std::uint64_t& bytes_added, const OnBytes& on_bytes) {
  const fs::path beside = directory_ / contents_name / writing_name;
  TAKT_TRY(hashed, copy_and_hash(from, beside, on_bytes));
  const fs::path place = place_of(hashed.sha256);
  std::error_code error;
  if (has({"", hashed.sha256, hashed.bytes, ""})) {
    fs::remove(beside, error);
    return hashed;
  }
  TAKT_TRY_VOID(make_private_directory(place.parent_path()));
  fs::rename(beside, place, error);
  if (error) return fail(ErrorCode::unavailable, "cannot keep " + place.string() + ": " + error.message());
  TAKT_TRY_VOID(sync_directory(place.parent_path()));
  bytes_added += hashed.bytes;
  return hashed;
}

Status BackupFolder::put(const Backup& backup) {
  TAKT_TRY_VOID(sync_directory(directory_ / contents_name));
  return write_whole_file(directory_ / manifests_name / (backup.id + manifest_suffix), write_manifest(backup));
}

Result<std::vector<std::string>> BackupFolder::prune(std::size_t kept) {
  std::vector<std::string> forgotten;
  std::size_t damaged = 0;
  TAKT_TRY(all, backups([&](const Damage&) { ++damaged; }));
  if (damaged > 0) return forgotten;
  std::error_code error;
  while (all.size() > kept) {
    if (!fs::remove(directory_ / manifests_name / (all.front().id + manifest_suffix), error) || error)
      return fail(ErrorCode::unavailable, "cannot remove backup " + all.front().id + ": " + error.message());
    forgotten.push_back(all.front().id);
    all.erase(all.begin());
  }
  // The names first: a content must never go while a manifest asks for it.
  TAKT_TRY_VOID(sync_directory(directory_ / manifests_name));
  TAKT_TRY_VOID(remove_unused(all));
  return forgotten;
}

Status BackupFolder::remove_unused(const std::vector<Backup>& kept) const {
  std::set<std::string, std::less<>> used;
  for (const Backup& backup : kept)
    for (const BackedUpFile& file : backup.files) used.insert(file.sha256);
  std::error_code error;
  std::vector<fs::path> unused;
  for (fs::recursive_directory_iterator entry(directory_ / contents_name, error), end; !error && entry != end; entry.increment(error))
    if (entry->is_regular_file(error) && !used.contains(entry->path().filename().string())) unused.push_back(entry->path());
  if (error) return fail(ErrorCode::unavailable, "cannot list " + (directory_ / contents_name).string() + ": " + error.message());
  for (const fs::path& path : unused)
    if (!fs::remove(path, error) || error) return fail(ErrorCode::unavailable, "cannot remove " + path.string() + ": " + error.message());
  return {};
}

Result<Verified> BackupFolder::verify(const OnBytes& on_bytes) const {
  Verified verified;
  TAKT_TRY(all, backups([&](const Damage& damage) { verified.damages.push_back(damage); }));
  std::map<std::string, std::string> why_by_content;       // "" = as it should be
  for (const Backup& backup : all) {
    ++verified.backups;
    for (const BackedUpFile& file : backup.files) {
      auto known = why_by_content.find(file.sha256);
      if (known == why_by_content.end()) {
        std::string why;
        auto found = hash_file(place_of(file.sha256), on_bytes);
        if (found && (found->sha256 != file.sha256 || found->bytes != file.bytes)) why = "its content has changed";
        else if (!found && found.error().code == ErrorCode::not_found) why = "its content is missing";
        else if (!found) return tl::unexpected(std::move(found.error()));
        ++verified.files;
        verified.bytes += file.bytes;
        known = why_by_content.emplace(file.sha256, std::move(why)).first;
      }
      if (!known->second.empty()) verified.damages.push_back({backup.id, file.path, known->second});
    }
  }
  return verified;
}

} // namespace takt
