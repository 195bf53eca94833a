#pragma once
/// How much room a disk has. Errors: unavailable. Threads: any. Cost: one statvfs, ~2 µs.
#include "core/result.h"

#include <cstdint>
#include <functional>
#include <string>

namespace takt {

struct DiskSpace {
  std::uint64_t free_bytes = 0;                ///< for a process without privileges
  std::uint64_t total_bytes = 0;
  double free_share() const { return total_bytes == 0 ? 1.0 : static_cast<double>(free_bytes) / static_cast<double>(total_bytes); }
};

/// Of the disk that the directory lies on.
Result<DiskSpace> read_disk_space(const std::string& directory);
/// The same as an argument, so that tests need no full disk.
using DiskReader = std::function<Result<DiskSpace>()>;

} // namespace takt
