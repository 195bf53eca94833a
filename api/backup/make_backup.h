#pragma once
/// One backup of a data directory whose store this process owns, while it works. The state of one moment is put beside (`DATA/.backup`: a
/// checkpoint of the store, links to artefacts, copies of small files), then what the folder does not have yet is copied there, and the manifest
/// is written last. Broken off at any point, nothing but garbage is left, which the next backup removes.
/// In it: everything of the data directory but what is on its way (names with a dot in front), input that is being read (spool/), what imports
/// refused (rejects/), what sources sent today (sources.json) and sockets. Errors: conflict (another one is being made there), invalid (the directory), unavailable (disk; too little room).
/// Threads: one at a time per data directory. Cost: a flush, then reading and writing what is new.
#include "api/backup/backup_folder.h"
#include "core/time.h"
#include "store/checkpoints.h"

#include <functional>

namespace takt {

struct BackupOrder {
  std::filesystem::path data_directory, backup_directory;
  std::size_t kept = 0;                        ///< older ones are forgotten afterwards; 0 = none is
  std::string takt;                            ///< version of the program
  /// Bytes looked at, of all; false stops.
  std::function<bool(std::uint64_t done, std::uint64_t total)> progress;
};

struct MadeBackup {
  Backup backup;
  std::size_t kept = 0;                        ///< backups in the directory now
  std::vector<std::string> forgotten;          ///< ids
};

Result<MadeBackup> make_backup(const BackupOrder& order, Checkpoints& store, const Clock& clock);

} // namespace takt
