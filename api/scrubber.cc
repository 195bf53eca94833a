#include "api/scrubber.h"

#include <chrono>
#include <utility>

namespace takt {
namespace {

/// A full disk may have room again.
constexpr auto again_after = std::chrono::minutes(1);

} // namespace

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
    last_ = std::move(status);
    finished_ = turn;
    changed_.notify_all();
    if (last_) continue;
    everything_ = true; // whatever is left, the next turn takes it along
    changed_.wait_for(lock, again_after, [&] { return stops_; });
    ++asked_;
  }
}

} // namespace takt
