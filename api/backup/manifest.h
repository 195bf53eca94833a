#pragma once
/// What one backup consists of: which content stands at which path, and what wrote it. Written last, so a backup with a manifest is whole
/// (docs/formats.md "Backups"). Errors: corrupt (with what is wrong). Threads: trivial.
#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

constexpr std::uint64_t backup_format = 1;       ///< a newer one is refused

struct BackedUpFile {
  std::string path;                              ///< below the data directory, such as "store/000012.sst"
  std::string sha256;
  std::uint64_t bytes = 0;
  /// Of a file that never changes: device, i-node, size and time of change. The same path with the same stamp needs no reading next time. "" = always read.
  std::string stamp;
  bool operator==(const BackedUpFile&) const = default;
};

struct Backup {
  std::string id;                                ///< "20261122T221512.123Z": its moment. Later ones are greater
  UtcTime at{};                                  ///< what was acknowledged before is in it
  std::string takt;                              ///< version of the program
  std::uint64_t store_format = 0;
  std::vector<BackedUpFile> files;               ///< ascending by path
  std::uint64_t bytes = 0;                       ///< of all its files
  std::uint64_t bytes_added = 0;                 ///< of them, what no earlier backup of the directory had
  double seconds = 0;
  bool operator==(const Backup&) const = default;
};

std::string write_manifest(const Backup& backup);
/// With its checksum, a known format, paths that stay below the data directory, hashes that are hashes.
Result<Backup> read_manifest(std::string_view text);

/// Of an id as above.
bool is_backup_id(std::string_view text);
std::string backup_id_of(UtcTime at);

} // namespace takt
