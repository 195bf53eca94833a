#pragma once
/// How often one caller may ask: the generic cell rate algorithm (ITU-T I.371), one number per caller, exact and without timers.
/// The table has a fixed size; where it overflows, the caller that is nearest to forgiven is forgotten, so a flood of addresses makes
/// the limit looser for some and memory larger for none. Pure: the time is an argument. Threads: one. Cost: ~20 ns.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace takt {

struct RateLimit {
  double per_second = 0;                             ///< sustained; 0 = no limit
  double burst = 1;                                  ///< at once, after a silence; at least 1
  bool operator==(const RateLimit&) const = default;
};

/// The algorithm itself, for one caller, whose state is `arrival_nanos`: when its next question is due, in the past where it is forgiven.
class CellRate {
public:
  CellRate() = default;
  explicit CellRate(RateLimit limit);
  bool is_limited() const { return step_nanos_ > 0; }
  /// As RateLimiter::refused_for.
  std::optional<int> refused_for(std::int64_t& arrival_nanos, std::int64_t now_nanos) const;

private:
  std::int64_t step_nanos_ = 0;                      ///< between two questions at the sustained rate
  std::int64_t tolerance_nanos_ = 0;                 ///< how far ahead of that a burst may run
};

class RateLimiter {
public:
  /// `buckets` of four callers each.
  RateLimiter(RateLimit limit, std::size_t buckets);

  /// May `caller` ask at `now_nanos`, on a clock that only goes forward? If so the question is counted. If not: after how many whole
  /// seconds it may, at least 1 (Retry-After).
  std::optional<int> refused_for(std::uint64_t caller, std::int64_t now_nanos);

private:
  struct Slot { std::uint64_t caller = 0; std::int64_t arrival_nanos = 0; };
  static constexpr std::size_t slots_per_bucket = 4;

  CellRate rate_;
  std::size_t buckets_;
  std::vector<Slot> slots_;                          ///< empty: no limit
};

} // namespace takt
