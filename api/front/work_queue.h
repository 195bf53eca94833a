#pragma once
/// A bounded queue and the threads that empty it. What was taken in is done, also while stopping.
/// No more threads are awake than there are processors, as long as jobs only compute: more would take turns, and each of their requests
/// would take longer. Where jobs wait (for a disk, say), those behind them grow old, and hurry() wakes more.
/// Threads: push and hurry from one, stop from one. Cost: a lock per batch.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace takt {

struct Connection;

class WorkQueue {
public:
  using Work = std::function<void(Connection&)>;
  using Time = std::chrono::steady_clock::time_point;

  /// `begin` runs once on each thread before its first job.
  WorkQueue(int threads, std::size_t waiting_max, Work work, const std::function<void()>& begin);
  ~WorkQueue() { stop(); }
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// Takes the first ones, as many as there is room for; returns how many.
  std::size_t push(std::span<Connection* const> jobs, Time now);
  /// Wakes one more thread if a job has waited for longer than `patience`. True: some job still waits, ask again soon.
  bool hurry(Time now, Time::duration patience);
  /// The rest of something that was admitted before: never refused.
  void push_admitted(Connection& job, Time now);
  std::size_t waiting() const;
  /// Finishes what was taken in, then ends the threads.
  void stop();

private:
  struct Job { Connection* connection; Time since; };
  bool may_wake() const { return sleeping_ > 0 && threads_count_ - sleeping_ < awake_max_; }
  void run(const std::function<void()>& begin);

  const std::size_t waiting_max_;
  const Work work_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  const std::size_t threads_count_, awake_max_;
  std::size_t sleeping_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace takt
