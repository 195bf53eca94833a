#include "api/scrubber.h"

#include <utility>

namespace takt {

Scrubber::Scrubber(Work scrub) : scrub_(std::move(scrub)), thread_([this] { run(); }) {}

Scrubber::~Scrubber() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Scrubber::ask(bool everything) {
  {
    const std::lock_guard lock(mutex_);
    ++asked_;
    everything_ = everything_ || everything;
  }
  changed_.notify_all();
}

Status Scrubber::wait() {
  std::unique_lock lock(mutex_);
  const std::uint64_t turn = asked_;
  changed_.wait(lock, [&] { return stops_ || finished_ >= turn; });
  return last_;
}

void Scrubber::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stops_ || finished_ < asked_; });
    if (stops_) return;
    const std::uint64_t turn = asked_;
    const bool everything = std::exchange(everything_, false);
    lock.unlock();
    Status status = scrub_(everything, [this] {
      const std::lock_guard held(mutex_);
      return !stops_;
    });
    lock.lock();
    if (!status) everything_ = true; // whatever is left, the next turn takes it along
    last_ = std::move(status);
    finished_ = turn;
    changed_.notify_all();
  }
}

} // namespace takt
