#pragma once
/// What a backup asks of a store: its state of one moment, beside it, while it works. A store in memory has none of this.
/// Threads: any. Errors: unavailable (disk), conflict (the directory exists).
#include "core/result.h"

#include <cstdint>
#include <string>

namespace takt {

class Checkpoints {
public:
  virtual ~Checkpoints() = default;
  /// A store of its own in `directory` (absolute), which must not exist: every commit that was answered before this call, and no half of any.
  /// On the same file system its large files are hard links, so it costs a flush of what is in memory and no copy; they never change.
  virtual Status checkpoint(const std::string& directory) = 0;
};

/// The format this build writes; it reads that and older ones.
std::uint64_t store_format_written();

} // namespace takt
