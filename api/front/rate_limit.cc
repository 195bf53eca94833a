#include "api/front/rate_limit.h"

#include <algorithm>

namespace takt {
namespace {

constexpr double nanos_per_second = 1e9;

/// The finaliser of splitmix64 (Steele et al. 2014): addresses of one network differ in few bits.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

} // namespace

CellRate::CellRate(RateLimit limit)
    : step_nanos_(limit.per_second > 0 ? std::max<std::int64_t>(1, static_cast<std::int64_t>(nanos_per_second / limit.per_second)) : 0),
      tolerance_nanos_(static_cast<std::int64_t>((std::max(1.0, limit.burst) - 1) * static_cast<double>(step_nanos_))) {}

std::optional<int> CellRate::refused_for(std::int64_t& arrival_nanos, std::int64_t now_nanos) const {
  if (!is_limited()) return std::nullopt;
  const std::int64_t wait_nanos = arrival_nanos - tolerance_nanos_ - now_nanos;
  if (wait_nanos > 0) return static_cast<int>((wait_nanos + 999'999'999) / 1'000'000'000);
  arrival_nanos = std::max(now_nanos, arrival_nanos) + step_nanos_;
  return std::nullopt;
}

RateLimiter::RateLimiter(RateLimit limit, std::size_t buckets)
    : rate_(limit), buckets_(buckets), slots_(rate_.is_limited() ? buckets * slots_per_bucket : 0) {}

std::optional<int> RateLimiter::refused_for(std::uint64_t caller, std::int64_t now_nanos) {
  if (slots_.empty()) return std::nullopt;
  Slot* const bucket = slots_.data() + (mixed(caller) % buckets_) * slots_per_bucket;
  Slot* slot = std::find_if(bucket, bucket + slots_per_bucket, [&](const Slot& one) { return one.caller == caller; });
  if (slot == bucket + slots_per_bucket) {
    slot = std::min_element(bucket, bucket + slots_per_bucket, [](const Slot& a, const Slot& b) { return a.arrival_nanos < b.arrival_nanos; });
    *slot = Slot{caller, now_nanos};
  }
  return rate_.refused_for(slot->arrival_nanos, now_nanos);
}

} // namespace takt
