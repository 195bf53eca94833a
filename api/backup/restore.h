#pragma once
/// A backup becomes a data directory. Everything is copied and checked beside (`DATA/.restoring`) before anything of the target changes, so a
/// failure changes nothing; then it is moved into place, the store last. A restore that was killed is begun again: until then the directory
/// does not open (is_half_restored).
/// Errors: not_found (no such backup), conflict (the target is not empty, or somebody has it open), corrupt (a checksum, a newer format),
/// unavailable (disk, room), not_built (people were erased since, and nobody can erase them here). Threads: one per target.
#include "api/backup/erasures.h"
#include "api/backup/manifest.h"

#include <functional>

namespace takt {

struct RestoreOrder {
  std::filesystem::path backup_directory, data_directory;
  std::string backup;                          ///< id; "" = the newest
  bool replaces = false;                       ///< what is in the target is set aside, as `DATA/.before-restore-N`
  ApplyErasures apply_erasures;                ///< may be empty where nobody was erased
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct Restored {
  Backup backup;
  std::size_t erased = 0;                      ///< people of the list
  std::string set_aside;                       ///< where the former content is; "" = there was none
};

Result<Restored> restore_backup(const RestoreOrder& order);

/// A restore into this directory was broken off while it moved things: there is no store.
bool is_half_restored(const std::filesystem::path& data_directory);

} // namespace takt
