#include "store/rocksdb/syncer.h"

#include <algorithm>
#include <utility>

namespace takt {

Syncer::Syncer(std::function<Status()> sync, Duration pause) : sync_(std::move(sync)), pause_(pause), thread_([this] { run(); }) {}

Syncer::~Syncer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  thread_.join();
}

std::uint64_t Syncer::wrote() {
  const std::lock_guard lock(mutex_);
  return ++written_;
}

std::uint64_t Syncer::newest() {
  const std::lock_guard lock(mutex_);
  return written_;
}

Syncer::Outcome Syncer::wait(std::uint64_t ticket, Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto is_over = [&] { return synced_ >= ticket || failed_; };
  if (!is_over()) {
    wanted_ = std::max(wanted_, ticket);
    work_.notify_one();
    if (deadline.at == SteadyTime::max())
      done_.wait(lock, is_over);
    else if (!done_.wait_until(lock, deadline.at, is_over))
      return Outcome::late;
  }
  return synced_ >= ticket ? Outcome::synced : Outcome::failed;
}

void Syncer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto has_work = [&] { return stopping_ || (!failed_ && wanted_ > synced_); };
    if (pause_ > Duration::zero())
      work_.wait_for(lock, pause_, has_work);
    else
      work_.wait(lock, has_work);
    if (failed_ || written_ == synced_) {
      if (stopping_) return;
      continue;
    }
    const std::uint64_t covered = written_;    // every one of these writes ended before the sync begins
    lock.unlock();
    const bool is_synced = sync_().has_value();
    lock.lock();
    if (is_synced)
      synced_ = covered;
    else
      failed_ = true;
    done_.notify_all();
  }
}

} // namespace takt
