#pragma once
/// A directory of backups: contents by their SHA-256, each once however many backups have it, and one manifest per backup that names them.
/// A content is renamed into its place when it is on the device, a manifest when all its contents are: what was broken off is no backup, and
/// what of it was finished is there already for the next one. Only one process at a time writes (a lock on the directory).
/// Layout: docs/formats.md "Backups". Threads: one per object. Errors: not_found, corrupt, conflict (somebody else writes), unavailable (disk).
#include "api/backup/durable_files.h"
#include "api/backup/manifest.h"

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace takt {

/// A backup whose manifest cannot be read, or a content that is not what it should be.
struct Damage {
  std::string backup, path, why;
  bool operator==(const Damage&) const = default;
};

struct Verified {
  std::size_t backups = 0, files = 0;          ///< contents, each counted once
  std::uint64_t bytes = 0;
  std::vector<Damage> damages;
};

class BackupFolder {
public:
  /// To write: makes the directory where it is absent or empty, refuses one of another kind, and holds its lock while it lives.
  static Result<BackupFolder> open_to_write(const std::filesystem::path& directory);
  /// Errors: not_found (no such directory, or none of backups).
  static Result<BackupFolder> open_to_read(const std::filesystem::path& directory);
  ~BackupFolder();
  BackupFolder(BackupFolder&& other) noexcept;
  BackupFolder& operator=(BackupFolder&&) = delete;

  const std::filesystem::path& directory() const { return directory_; }

  /// Whole ones, oldest first. One whose manifest is damaged is told to `damaged`, and left out.
  Result<std::vector<Backup>> backups(const std::function<void(const Damage&)>& damaged = {}) const;
  /// "" = the newest. Errors: not_found, corrupt.
  Result<Backup> find(const std::string& id) const;

  std::filesystem::path place_of(const std::string& sha256) const;
  bool has(const BackedUpFile& file) const;    ///< at its place, of its size
  /// Reads a file, and keeps its content unless it is there. Adds what was new to `bytes_added`.
  Result<HashedFile> add(const std::filesystem::path& from, std::uint64_t& bytes_added, const OnBytes& on_bytes);
  /// The contents it names are in: from here on it is a backup.
  Status put(const Backup& backup);
  /// Forgets all but the newest `kept`, and every content that no backup has. Returns the ids of the forgotten ones. Where a manifest is damaged,
  /// nothing is removed: nobody knows what it needs.
  Result<std::vector<std::string>> prune(std::size_t kept);

  /// Reads everything. `on_bytes` as in hash_file.
  Result<Verified> verify(const OnBytes& on_bytes) const;

private:
  explicit BackupFolder(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Status lock();
  std::vector<std::string> ids() const;
  Result<Backup> read(const std::string& id) const;
  Status remove_unused(const std::vector<Backup>& kept) const;

  std::filesystem::path directory_;
  int lock_ = -1;
};

} // namespace takt
