#pragma once
/// Files that are on the device when a call returns, and their SHA-256. Errors: unavailable (disk), not_found. Modes: 0600 and 0700, for a
/// backup holds personal data. Threads: any. Cost: hashing and copying run at some 400 MB/s of one core.
#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace takt {

struct HashedFile {
  std::string sha256;                          ///< 64 hexadecimal digits
  std::uint64_t bytes = 0;
  bool operator==(const HashedFile&) const = default;
};

/// Asked now and then, with the bytes since the last time; false stops the work, which then fails.
using OnBytes = std::function<bool(std::uint64_t)>;

std::string sha256_of(std::string_view bytes);
Result<HashedFile> hash_file(const std::filesystem::path& path, const OnBytes& on_bytes = {});
/// One pass: `to` is made anew, or overwritten. It is synced, its directory is not.
Result<HashedFile> copy_and_hash(const std::filesystem::path& from, const std::filesystem::path& to, const OnBytes& on_bytes = {});
Result<std::string> read_whole_file(const std::filesystem::path& path);
/// Old or new, never half: written beside as `<path>.writing`, synced, renamed, the directory synced.
Status write_whole_file(const std::filesystem::path& path, std::string_view text);
Status sync_directory(const std::filesystem::path& directory);
/// With its parents; where it was not there, only the owner may enter it.
Status make_private_directory(const std::filesystem::path& directory);

} // namespace takt
