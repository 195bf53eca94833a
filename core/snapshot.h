#pragma once
/// Snapshot<T>: one writer publishes an immutable value, readers keep the one they took. Cost: one short lock to take.
#include <memory>
#include <mutex>
#include <utility>

namespace takt {

template <class T>
class Snapshot {
public:
  explicit Snapshot(std::shared_ptr<const T> first) : current_(std::move(first)) {}
  std::shared_ptr<const T> take() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void publish(std::shared_ptr<const T> next) {
    const std::lock_guard lock(mutex_);
    current_.swap(next); // the old value dies outside the critical path of the readers: `next` goes out of scope last
  }

private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> current_;
};

} // namespace takt
