#include "api/backup/backups.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/resource.h>

namespace takt {
namespace {

constexpr Duration retry_after_max = std::chrono::minutes(5); // a disk that was full or away
constexpr int late_factor = 3;                                 // one may be slow, and one may have failed

Backup without_files(Backup backup) {
  backup.files.clear();
  return backup;
}

} // namespace

Backups::Backups(std::string data_directory, std::string program, Checkpoints* store, const Clock& clock, BackupPlan plan)
    : data_directory_(std::move(data_directory)), program_(std::move(program)), store_(store), clock_(clock), started_(clock.utc_now()) {
  state_.plan = std::move(plan);
}

Backups::~Backups() {
  is_stopping_ = true;
  if (worker_.joinable()) worker_.join();
}

Result<MadeBackup> Backups::make(const std::string& directory, std::size_t kept, const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
  if (store_ == nullptr) return fail(ErrorCode::unavailable, "this store is in memory: there is nothing to back up");
  {
    const std::lock_guard lock(mutex_);
    if (state_.is_running) return fail(ErrorCode::conflict, "a backup is being made");
    state_.is_running = true;
  }
  return run(directory, kept, progress);
}

/// The caller has set is_running.
Result<MadeBackup> Backups::run(const std::string& directory, std::size_t kept, const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
  const BackupOrder order{data_directory_, directory, kept, program_, [&](std::uint64_t done, std::uint64_t total) { return !is_stopping_ && (!progress || progress(done, total)); }};
  Result<MadeBackup> made = make_backup(order, *store_, clock_);
  const std::lock_guard lock(mutex_);
  state_.is_running = false;
  if (made) {
    if (state_.failed_at) sentences_.push_back("backups are made again");
    ++state_.made;
    state_.latest = without_files(made->backup);
    state_.failed_at.reset();
  } else if (!is_stopping_ && directory == state_.plan.directory) { // of any other one the caller hears
    if (!state_.failed_at) sentences_.push_back("no backup was made: " + made.error().message);
    ++state_.failed;
    state_.failed_at = clock_.utc_now();
    state_.failure = made.error().message;
  }
  if (directory == state_.plan.directory) due_ = clock_.steady_now() + (made ? state_.plan.every : std::min(state_.plan.every, retry_after_max));
  return made;
}

Status Backups::begin() {
  const std::lock_guard lock(mutex_);
  if (store_ == nullptr) return fail(ErrorCode::unavailable, "this store is in memory: there is nothing to back up");
  if (state_.plan.directory.empty()) return fail(ErrorCode::conflict, "no directory for backups is configured: set backup_dir, or say takt backup DIR");
  if (state_.is_running) return fail(ErrorCode::conflict, "a backup is being made");
  begin_locked();
  return {};
}

void Backups::begin_locked() {
  state_.is_running = true;
  if (worker_.joinable()) worker_.join(); // it has ended: nothing was running
  worker_ = std::jthread([this, plan = state_.plan] {
    constexpr int nice_level = 10;
    ::setpriority(PRIO_PROCESS, 0, nice_level); // of this thread alone, on Linux
    static_cast<void>(run(plan.directory, plan.kept, {})); // the state says how it went; nothing that takes the lock may follow
  });
}

void Backups::follow(BackupPlan plan) {
  const std::lock_guard lock(mutex_);
  state_.plan = std::move(plan);
  due_ = clock_.steady_now() + state_.plan.every;
}

/// A restart makes backups neither more often nor less.
void Backups::find_latest() {
  due_ = clock_.steady_now();
  auto folder = BackupFolder::open_to_read(state_.plan.directory);
  if (!folder) return;
  auto newest = folder->find("");
  if (!newest) return;
  state_.latest = without_files(std::move(*newest));
  due_ = *due_ + std::clamp(state_.latest->at + state_.plan.every - clock_.utc_now(), Duration(0), state_.plan.every);
}

std::vector<std::string> Backups::look() {
  const std::lock_guard lock(mutex_);
  const bool is_planned = store_ != nullptr && !state_.plan.directory.empty() && state_.plan.every > Duration(0);
  if (is_planned && !due_) find_latest();
  if (is_planned && !state_.is_running && clock_.steady_now() >= *due_) begin_locked();
  return std::exchange(sentences_, {});
}

BackupState Backups::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool Backups::is_late() const {
  const BackupState state = this->state();
  if (state.failed_at) return true;
  if (state.plan.directory.empty() || state.plan.every <= Duration(0)) return false;
  return (state.latest ? std::max(state.latest->at, started_) : started_) + late_factor * state.plan.every < clock_.utc_now();
}

Result<std::vector<Backup>> Backups::list() const {
  const BackupState state = this->state();
  if (state.plan.directory.empty()) return std::vector<Backup>{};
  auto folder = BackupFolder::open_to_read(state.plan.directory);
  if (folder) return folder->backups();
  if (folder.error().code == ErrorCode::not_found) return std::vector<Backup>{};
  return tl::unexpected(std::move(folder.error()));
}

} // namespace takt
