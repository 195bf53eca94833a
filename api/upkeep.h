#pragma once
/// What keeps one open data directory in good order beside its requests: backups, the guard of the disk, forgetting what is old. A server looks after it several
/// times a second; commands ask it for one thing. Threads: any.
#include "api/backup/backups.h"
#include "api/disk_guard.h"
#include "api/forgetting.h"
#include "api/upkeep_config.h"

#include <optional>
#include <string>
#include <vector>

namespace takt {

struct Config;

/// What /metrics shows of it.
struct UpkeepFigures {
  std::optional<DiskSpace> disk;
  bool is_disk_low = false;
  BackupState backups;
  std::optional<ForgettingState> books;
};

/// A line of takt doctor.
struct UpkeepLine {
  std::string check;
  bool is_ok = true;
  std::string text, advice;
};

class Upkeep {
public:
  /// `program`: its version. Null: kept in memory.
  Upkeep(const Config& config, std::string program, Checkpoints* checkpoints, Retention* books, const Clock& clock);

  Backups& backups() { return backups_; }
  DiskGuard& disk() { return disk_; }
  Forgetting& forgetting() { return forgetting_; }
  /// Begins what is due. Sentences for an operator.
  std::vector<std::string> look();
  UpkeepFigures figures() const;
  std::vector<UpkeepLine> lines() const;

private:
  const Clock& clock_;
  DiskGuard disk_;
  Backups backups_;
  Forgetting forgetting_;
  std::optional<SteadyTime> disk_looked_at_, books_looked_at_;   ///< of the one thread that looks
};

} // namespace takt
