#pragma once
/// What the front has done, for /metrics. Threads: written by the front's, read by any; each number for itself.
#include "api/front/refusal.h"

#include <array>
#include <atomic>
#include <cstdint>

namespace takt {

/// A reading.
struct FrontCounts {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_parked = 0;              ///< idle, or half of a request has come: no thread waits for them
  std::uint64_t connections_max = 0;                 ///< at which the longest idle one is closed
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_cut = 0;                 ///< closed by a deadline in the middle of something
  std::uint64_t accepts_failed = 0;                  ///< the process ran out of descriptors
  std::uint64_t requests_waiting = 0;                ///< for a worker
  std::uint64_t buffer_bytes = 0;
  std::array<std::uint64_t, front_reasons_count> refused{};
};

struct FrontCounters {
  std::atomic<std::uint64_t> connections_open{0}, connections_parked{0}, connections_accepted{0}, connections_cut{0}, accepts_failed{0}, buffer_bytes{0};
  std::array<std::atomic<std::uint64_t>, front_reasons_count> refused{};
};

} // namespace takt
