#include "core/zone.h"

#include <algorithm>
#include <date/tz.h>
#include <stdexcept>

namespace takt {
namespace {

date::local_time<Duration> as_local(LocalDate day) { return date::local_time<Duration>(day.time_since_epoch()); }

} // namespace

std::optional<Zone> Zone::find(std::string_view name) {
  if (name.empty()) return std::nullopt;
  try {
    return Zone(date::locate_zone(name));
  } catch (const std::runtime_error&) { // how the library says that it knows no such name
    return std::nullopt;
  }
}

Duration Zone::offset_at(UtcTime t) const { return std::chrono::duration_cast<Duration>(zone_->get_info(t).offset); }

LocalTime Zone::local(UtcTime t) const { return LocalTime(t.time_since_epoch() + offset_at(t)); }

UtcTime Zone::start_of(LocalDate day) const {
  const date::local_info info = zone_->get_info(as_local(day));
  // Where clocks skip midnight the day begins with the change; where they repeat it, with the first of the two.
  if (info.result == date::local_info::nonexistent) return std::chrono::time_point_cast<Duration>(info.first.end);
  return UtcTime(Duration(day.time_since_epoch()) - std::chrono::duration_cast<Duration>(info.first.offset));
}

UtcTime Zone::next_edge(Duration time_of_day, UtcTime t) const {
  const date::sys_info info = zone_->get_info(t);
  const Duration of_day = (t.time_since_epoch() + std::chrono::duration_cast<Duration>(info.offset)) % days(1);
  const Duration into_day = of_day < Duration::zero() ? of_day + days(1) : of_day;   // before 1970 the remainder is negative
  const Duration ahead = time_of_day > into_day ? time_of_day - into_day : time_of_day + days(1) - into_day;
  return std::min(t + ahead, std::chrono::time_point_cast<Duration>(std::min(info.end, std::chrono::time_point_cast<std::chrono::seconds>(t + days(2)))));
}

std::string_view Zone::name() const { return zone_->name(); }

std::optional<Duration> utc_offset_at(std::string_view name, UtcTime t) {
  const auto zone = Zone::find(name);
  return zone ? std::optional(zone->offset_at(t)) : std::nullopt;
}

} // namespace takt
