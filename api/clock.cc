#include "api/clock.h"

namespace takt {

UtcTime SystemClock::utc_now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

} // namespace takt
