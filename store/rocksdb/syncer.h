#pragma once
/// Group commit: one thread syncs the write-ahead log for everybody who waits (design.md "Commit protocol"; DeWitt et al.
/// 1984, "Implementation techniques for main memory database systems"). Writers never hold a lock while they wait.
#include "core/result.h"
#include "core/time.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace takt {

class Syncer {
public:
  enum class Outcome : std::uint8_t { synced, late, failed };
  /// `sync` makes everything written before its call durable. `pause`: writes that nobody waits for are synced at least
  /// this often; 0 = only when somebody waits.
  Syncer(std::function<Status()> sync, Duration pause);
  ~Syncer();                                   ///< syncs what is left
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;

  /// A write was done. Returns its ticket.
  std::uint64_t wrote();
  /// Ticket of the newest write.
  std::uint64_t newest();
  /// Until everything up to the ticket is on the device. late: the deadline came first; the sync goes on.
  Outcome wait(std::uint64_t ticket, Deadline deadline);

private:
  void run();

  std::function<Status()> sync_;
  Duration pause_;
  std::mutex mutex_;
  std::condition_variable work_;               ///< to the thread: somebody waits
  std::condition_variable done_;               ///< to the waiters
  std::uint64_t written_ = 0;
  std::uint64_t wanted_ = 0;
  std::uint64_t synced_ = 0;
  bool failed_ = false;                        ///< for good: after a failed fsync nothing is known about the device
  bool stopping_ = false;
  std::thread thread_;                         ///< last: starts when the rest is ready
};

} // namespace takt
