#pragma once
/// The backups of one open data directory: made when somebody asks, and by themselves every so often, one at a time. Threads: any; scheduled
/// ones run on a thread of their own, behind requests. Errors: those of make_backup; conflict where one is being made.
#include "api/backup/make_backup.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace takt {

struct BackupPlan {
  std::string directory;                       ///< "" = none
  Duration every{0};                           ///< 0 = only when asked
  std::size_t kept = 24;
};

struct BackupState {
  BackupPlan plan;
  bool is_running = false;
  std::optional<Backup> latest;                ///< without its files: of this process, or found in the plan's directory when it was first looked at
  std::uint64_t made = 0, failed = 0;          ///< since the start
  std::optional<UtcTime> failed_at;            ///< of the latest failure, while nothing was made since
  std::string failure;
};

class Backups {
public:
  /// `store` null: kept in memory, so there is nothing to back up (unavailable).
  Backups(std::string data_directory, std::string program, Checkpoints* store, const Clock& clock, BackupPlan plan);
  ~Backups();                                  ///< breaks off one of its own that is being made
  Backups(const Backups&) = delete;
  Backups& operator=(const Backups&) = delete;

  /// Here and now, in the caller's thread. `progress` as in BackupOrder.
  Result<MadeBackup> make(const std::string& directory, std::size_t kept, const std::function<bool(std::uint64_t, std::uint64_t)>& progress);
  /// Begins one into the plan's directory, on the thread of its own. Errors: conflict (one is being made; there is no plan).
  Status begin();
  /// From now on, until the process ends: the first one is due after `every`.
  void follow(BackupPlan plan);
  /// Begins what is due; asked several times a second. Sentences for an operator: what went wrong since the last look, and what is right again.
  std::vector<std::string> look();
  BackupState state() const;
  /// Is the plan not kept: the latest one failed, or is older than three times the plan's pace?
  bool is_late() const;
  /// Whole ones in the plan's directory, oldest first; none where there is no such directory.
  Result<std::vector<Backup>> list() const;

private:
  Result<MadeBackup> run(const std::string& directory, std::size_t kept, const std::function<bool(std::uint64_t, std::uint64_t)>& progress);
  void begin_locked();
  void find_latest();

  const std::string data_directory_, program_;
  Checkpoints* const store_;
  const Clock& clock_;
  const UtcTime started_;
  mutable std::mutex mutex_;
  BackupState state_;
  std::optional<SteadyTime> due_;              ///< none before the first look
  std::vector<std::string> sentences_;
  std::atomic<bool> is_stopping_ = false;
  std::jthread worker_;                        ///< last: uses the others
};

} // namespace takt
