#pragma once
/// A bounded queue, the threads that empty it, and who of them looks after the sockets meanwhile: a thread that finds no job *leads*, which
/// is one turn of the event loop, and takes the first job that comes out of it itself. So a request that finds the server idle is read,
/// answered and sent by one thread, without waking another (leader and followers, Schmidt et al. 2000, with a queue for the rest).
/// A burst of short jobs wakes two threads per processor and no more: each wake-up costs as much as a short job. Jobs that have waited for
/// a millisecond wake as many as they are (hurry): those before them are long, or wait for a disk and may wait together. And because
/// nobody leads while all work, the guard, a thread that does no jobs, looks each millisecond and leads where nobody does.
/// What was taken in is done, also while stopping. Threads: push, hurry from the leader; guard and stop from one. Cost: a lock per batch.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
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

  /// `begin` runs once on each thread before its first job. `lead` is one turn of the loop, never run by two threads at once; true: there
  /// will be no more. Without it, jobs only come from outside.
  WorkQueue(int threads, std::size_t waiting_max, Work work, const std::function<void()>& begin, std::function<bool()> lead = {});
  ~WorkQueue() { stop(); }
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// Takes the first ones, as many as there is room for; returns how many.
  std::size_t push(std::span<Connection* const> jobs, Time now);
  /// The rest of something that was admitted before: never refused.
  void push_admitted(Connection& job, Time now);
  /// Wakes one more thread for each job that has waited for `patience`. True: some job still waits, ask again soon.
  bool hurry(Time now, Time::duration patience);
  std::size_t waiting() const;
  /// Returns after the last turn.
  void guard(std::chrono::milliseconds patience, std::chrono::milliseconds idle_nap);
  /// Finishes what was taken in, then ends the threads.
  void stop();

private:
  struct Job { Connection* connection; Time since; };
  struct Bed { std::condition_variable bell; bool rung = false; };
  /// The one to wake, or none. Notify it after the lock is gone.
  std::condition_variable* choose_sleeper();
  std::condition_variable* ring_last();
  void run(Bed& bed);
  void finish();
  void lead_once(std::unique_lock<std::mutex>& lock, bool leader_works);

  const std::size_t waiting_max_;
  const Work work_;
  const std::function<bool()> lead_;
  const std::size_t threads_count_, awake_max_;
  mutable std::mutex mutex_;
  std::condition_variable guard_wake_;
  std::deque<Job> jobs_;
  std::deque<Bed> beds_;                             ///< one per thread
  std::vector<Bed*> sleeping_;                       ///< who lay down last is woken first: its memory is still in the caches
  bool led_ = false;                                 ///< somebody is in lead_
  bool leader_works_ = false;                        ///< and will take a job itself
  bool guard_sleeps_long_ = false;
  std::uint64_t turns_with_jobs_ = 0;
  bool finished_ = false;
  std::vector<std::thread> threads_;
};

} // namespace takt
