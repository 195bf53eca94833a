#pragma once
/// A bounded queue and the threads that empty it. What was taken in is done, also while stopping.
/// Threads: push from any, stop from one. Cost: a lock per batch; a sleeping worker is woken once per batch and wakes the next itself,
/// so short jobs do not start more threads than they keep busy.
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

  /// `begin` runs once on each thread before its first job.
  WorkQueue(int threads, std::size_t waiting_max, Work work, const std::function<void()>& begin);
  ~WorkQueue() { stop(); }
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// Takes the first ones, as many as there is room for; returns how many.
  std::size_t push(std::span<Connection* const> jobs);
  /// The rest of something that was admitted before: never refused.
  void push_admitted(Connection& job);
  std::size_t waiting() const;
  /// Finishes what was taken in, then ends the threads.
  void stop();

private:
  void run(const std::function<void()>& begin);

  const std::size_t waiting_max_;
  const Work work_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Connection*> jobs_;
  std::size_t sleeping_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace takt
