#include "api/front/work_queue.h"

#include <algorithm>
#include <utility>

namespace takt {

WorkQueue::WorkQueue(int threads, std::size_t waiting_max, Work work, const std::function<void()>& begin)
    : waiting_max_(waiting_max), work_(std::move(work)), threads_count_(static_cast<std::size_t>(threads)),
      awake_max_(std::max<std::size_t>(2, std::thread::hardware_concurrency())) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, begin] { run(begin); });
}

std::size_t WorkQueue::push(std::span<Connection* const> jobs, Time now) {
  std::size_t taken = 0;
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    taken = std::min(jobs.size(), waiting_max_ - std::min(waiting_max_, jobs_.size()));
    for (Connection* job : jobs.first(taken)) jobs_.push_back({job, now});
    wakes = taken > 0 && may_wake();
  }
  if (wakes) wake_.notify_one();
  return taken;
}

void WorkQueue::push_admitted(Connection& job, Time now) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({&job, now});
    wakes = may_wake();
  }
  if (wakes) wake_.notify_one();
}

bool WorkQueue::hurry(Time now, Time::duration patience) {
  const std::lock_guard lock(mutex_);
  if (jobs_.empty()) return false;
  if (sleeping_ > 0 && now - jobs_.front().since >= patience) wake_.notify_one();
  return true;
}

std::size_t WorkQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

void WorkQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkQueue::run(const std::function<void()>& begin) {
  if (begin) begin();
  for (;;) {
    Connection* job = nullptr;
    bool wakes = false;
    {
      std::unique_lock lock(mutex_);
      ++sleeping_;
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      --sleeping_;
      if (jobs_.empty()) return;
      job = jobs_.front().connection;
      jobs_.pop_front();
      wakes = !jobs_.empty() && may_wake();
    }
    if (wakes) wake_.notify_one();
    work_(*job);
  }
}

} // namespace takt
