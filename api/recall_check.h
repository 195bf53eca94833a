#pragma once
/// Does the index still find what exact search would? On a sample of decisions the customer's taste is searched once more, by the index and
/// by a scan of all vectors, on a thread of its own: no answer waits for it. For /metrics and `takt doctor`.
/// Which decisions are sampled follows from their seed. One waits at a time; what comes while it is looked at is left out, so a slow scan
/// thins the sample and nothing else. Threads: any. Cost: one comparison per decision; a scan of the vectors per sampled one.
#include "core/id.h"
#include "engine/world.h"
#include "store/store.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace takt {

struct OnlineRecall {
  std::uint64_t searches = 0, found = 0, wanted = 0;
  double recall_at_100() const { return wanted == 0 ? 1 : static_cast<double>(found) / static_cast<double>(wanted); }
};

class RecallCheck {
public:
  /// One decision in so many is checked.
  static constexpr std::uint64_t one_of = 1000;

  explicit RecallCheck(Store& store) : store_(store) {}
  ~RecallCheck();
  RecallCheck(const RecallCheck&) = delete;
  RecallCheck& operator=(const RecallCheck&) = delete;

  static bool samples(std::uint64_t seed);
  /// The thread starts with the first sampled decision.
  void offer(WorldPtr world, CustomerId customer, UtcTime now);
  OnlineRecall totals() const;
  /// Until what was offered has been looked at.
  void wait_until_idle();

private:
  struct Task {
    WorldPtr world;
    CustomerId customer;
    UtcTime now{};
  };
  void run(const std::stop_token& stop);
  void check(const Task& task);

  Store& store_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Task> waiting_;
  bool busy_ = false;
  OnlineRecall totals_;
  std::jthread thread_;                      ///< last: stops before the rest goes
};

} // namespace takt
