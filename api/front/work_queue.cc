#include "api/front/work_queue.h"

#include <algorithm>
#include <utility>

namespace takt {

WorkQueue::WorkQueue(int threads, std::size_t waiting_max, Work work, const std::function<void()>& begin, std::function<bool()> lead)
    : waiting_max_(waiting_max), work_(std::move(work)), lead_(std::move(lead)), threads_count_(static_cast<std::size_t>(threads)),
      awake_max_(2 * std::max<std::size_t>(1, std::thread::hardware_concurrency())) {
  for (int i = 0; i < threads; ++i)
    threads_.emplace_back([this, begin, &bed = beds_.emplace_back()] {
      if (begin) begin();
      run(bed);
    });
}

/// The leader takes one itself as soon as its turn is over.
std::condition_variable* WorkQueue::choose_sleeper() {
  const bool enough = jobs_.size() <= (led_ && leader_works_ ? 1U : 0U);
  return enough || threads_count_ - sleeping_.size() >= awake_max_ ? nullptr : ring_last();
}

std::condition_variable* WorkQueue::ring_last() {
  if (sleeping_.empty()) return nullptr;
  Bed* const bed = sleeping_.back();
  sleeping_.pop_back();
  bed->rung = true;
  return &bed->bell;
}

std::size_t WorkQueue::push(std::span<Connection* const> jobs, Time now) {
  std::size_t taken = 0;
  std::condition_variable* bell = nullptr;
  {
    const std::lock_guard lock(mutex_);
    taken = std::min(jobs.size(), waiting_max_ - std::min(waiting_max_, jobs_.size()));
    for (Connection* job : jobs.first(taken)) jobs_.push_back({job, now});
    if (taken > 0) bell = choose_sleeper();
  }
  if (bell != nullptr) bell->notify_one();
  return taken;
}

void WorkQueue::push_admitted(Connection& job, Time now) {
  std::condition_variable* bell = nullptr;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({&job, now});
    bell = choose_sleeper();
  }
  if (bell != nullptr) bell->notify_one();
}

bool WorkQueue::hurry(Time now, Time::duration patience) {
  std::vector<std::condition_variable*> bells;
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.empty()) return false;
    for (const Job& job : jobs_) {
      if (now - job.since < patience || sleeping_.empty()) break;
      bells.push_back(ring_last());
    }
  }
  for (std::condition_variable* const bell : bells) bell->notify_one();
  return true;
}

std::size_t WorkQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

void WorkQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    finish();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkQueue::finish() {
  finished_ = true;
  while (std::condition_variable* const bell = ring_last()) bell->notify_one();
  guard_wake_.notify_one();
}

void WorkQueue::run(Bed& bed) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!jobs_.empty()) {
      Connection* const job = jobs_.front().connection;
      jobs_.pop_front();
      std::condition_variable* const bell = choose_sleeper();
      lock.unlock();
      if (bell != nullptr) bell->notify_one();
      work_(*job);
      lock.lock();
    } else if (finished_) {
      return;
    } else if (lead_ && !led_) {
      lead_once(lock, true);
    } else {
      bed.rung = false;
      sleeping_.push_back(&bed);
      bed.bell.wait(lock, [&] { return bed.rung; });
    }
  }
}

void WorkQueue::lead_once(std::unique_lock<std::mutex>& lock, bool leader_works) {
  led_ = true;
  leader_works_ = leader_works;
  lock.unlock();
  const bool done = lead_();
  lock.lock();
  led_ = false;
  if (done) finish();
  if (jobs_.empty()) return;
  ++turns_with_jobs_;
  if (guard_sleeps_long_) guard_wake_.notify_one(); // from now on nobody may lead
}

void WorkQueue::guard(std::chrono::milliseconds patience, std::chrono::milliseconds idle_nap) {
  constexpr int quiet_naps_max = 100;               // a tenth of a second without a request
  std::unique_lock lock(mutex_);
  std::uint64_t turns_before = turns_with_jobs_;
  for (int quiet_naps = 0; !finished_;) {
    guard_sleeps_long_ = quiet_naps > quiet_naps_max;
    guard_wake_.wait_for(lock, guard_sleeps_long_ ? idle_nap : patience);
    guard_sleeps_long_ = false;
    quiet_naps = turns_with_jobs_ == turns_before && led_ ? quiet_naps + 1 : 0;
    turns_before = turns_with_jobs_;
    // Until it has found jobs: the worker that does them takes over. If that takes long, so does the next nap end.
    while (!finished_ && !led_) {
      lead_once(lock, false);
      if (!jobs_.empty()) break;
    }
  }
}

} // namespace takt
