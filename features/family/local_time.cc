// The hour and the day on the person's wall, as points on a circle: 23:00 is near 01:00, Sunday near Monday.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn shared[] = {
    {"hour_sin", "sine of the local time of day", "-1 to 1"},
    {"hour_cos", "cosine of the local time of day: 1 at midnight", "-1 to 1"},
    {"weekday_sin", "sine of the local time of week", "-1 to 1"},
    {"weekday_cos", "cosine of the local time of week: 1 as Monday begins", "-1 to 1"},
};

/// Share of the period that has passed, in [0,1).
double share_of(Duration time, Duration period) {
  const std::int64_t passed = ((time.count() % period.count()) + period.count()) % period.count();
  return static_cast<double>(passed) / static_cast<double>(period.count());
}

void write_shared(const FeatureContext& context, float* values) {
  constexpr double turn = 6.283185307179586;
  const Duration local = context.now.time_since_epoch() + context.utc_offset;
  constexpr Duration first_monday = days(4); // 1 January 1970 was a Thursday
  const double day = turn * share_of(local, days(1)), week = turn * share_of(local - first_monday, days(7));
  values[0] = static_cast<float>(std::sin(day));
  values[1] = static_cast<float>(std::cos(day));
  values[2] = static_cast<float>(std::sin(week));
  values[3] = static_cast<float>(std::cos(week));
}

} // namespace

FeatureFamily local_time() { return {.name = "local_time", .reads = Reads::request, .shared = shared, .write_shared = write_shared}; }

} // namespace takt::family
