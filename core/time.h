#pragma once
/// Instants are UTC milliseconds; durations are exact (1d = 24h); intervals are [a,b). Nothing here reads a
/// clock: `now` is an argument everywhere below api/. Parsing refuses what it does not understand.
#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace takt {

using Duration = std::chrono::milliseconds;
using UtcTime = std::chrono::sys_time<Duration>;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr UtcTime utc_from_ms(std::int64_t ms) { return UtcTime{Duration{ms}}; }
constexpr std::int64_t ms_of(UtcTime time) { return time.time_since_epoch().count(); }

constexpr Duration seconds(std::int64_t n) { return Duration{n * 1000}; }
constexpr Duration minutes(std::int64_t n) { return Duration{n * 60'000}; }
constexpr Duration hours(std::int64_t n) { return Duration{n * 3'600'000}; }
constexpr Duration days(std::int64_t n) { return Duration{n * 86'400'000}; }

/// "500ms 30s 10m 4h 7d": one whole number and one unit. Errors: invalid.
Result<Duration> parse_duration(std::string_view text);
/// The largest unit that expresses the duration exactly.
std::string format_duration(Duration duration);

/// RFC 3339 with a zone ("2026-03-05T09:12:00.250Z", "…+01:00"); finer fractions are truncated to ms. Errors: invalid.
Result<UtcTime> parse_utc(std::string_view text);
/// "2026-03-05T09:12:00Z", with ".mmm" only where it is not zero.
std::string format_utc(UtcTime time);

/// Answer by: measured on the steady clock, because the wall clock may step. max() = none.
struct Deadline {
  SteadyTime at = SteadyTime::max();
};

/// Timings and deadlines only; the time of a decision is request.now. Implementations: api/clock.cc, FakeClock.
class Clock {
public:
  virtual ~Clock() = default;
  virtual UtcTime utc_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

} // namespace takt
