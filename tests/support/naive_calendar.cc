#include "tests/support/naive_calendar.h"

#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace takt::tests {
namespace {

using Day = std::int64_t;   ///< since 1970-01-01, local
constexpr std::int64_t day_ms = 86'400'000;

Day day_at(const Zone& zone, std::int64_t ms) {
  const std::int64_t local = ms + zone.offset_at(utc_from_ms(ms)).count();
  return (local >= 0 ? local : local - day_ms + 1) / day_ms;
}

/// min{u : day_at(u) >= day}: by quarter-hours, then millisecond by halving.
UtcTime day_start(const Zone& zone, Day day) {
  static std::map<std::pair<std::string, Day>, std::int64_t> walked;
  const auto place = std::pair(std::string(zone.name()), day);
  if (const auto known = walked.find(place); known != walked.end()) return utc_from_ms(known->second);
  constexpr std::int64_t quarter = 15 * 60'000;
  std::int64_t u = day * day_ms - 16 * 4 * quarter;
  while (day_at(zone, u) < day) u += quarter;
  std::int64_t before = u - quarter;
  while (u - before > 1) {
    const std::int64_t middle = before + (u - before) / 2;
    (day_at(zone, middle) >= day ? u : before) = middle;
  }
  walked[place] = u;
  return utc_from_ms(u);
}

bool begins_period(const CalendarPeriod& period, Day day) {
  const std::chrono::sys_days date{std::chrono::days(day)};
  if (period.unit == CalendarUnit::week) return std::chrono::weekday(date) == period.week_start;
  if (period.unit == CalendarUnit::month) return std::chrono::year_month_day(date).day() == std::chrono::day(1);
  return true;
}

UtcTime start_in(const CalendarPeriod& period, const Zone& zone, UtcTime t) {
  Day day = day_at(zone, ms_of(t)) + 2;   // tomorrow may have begun already
  while (!begins_period(period, day) || day_start(zone, day) > t) --day;
  return day_start(zone, day);
}

Zone zone_for_strangers(const CalendarPeriod& period) { return period.zone_missing ? *period.zone_missing : *Zone::find("UTC"); }

std::vector<Zone> zones_within(std::span<const HeldZone> held, UtcTime a, UtcTime b) {
  std::vector<Zone> zones;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const UtcTime begin = i == 0 ? UtcTime::min() : held[i].from;
    const UtcTime end = i + 1 == held.size() ? UtcTime::max() : held[i + 1].from;
    if (begin <= b && end > a) zones.push_back(held[i].zone);
  }
  return zones;
}

} // namespace

UtcTime naive_period_start(const CalendarPeriod& period, std::span<const HeldZone> held, UtcTime t) {
  if (period.zone) return start_in(period, *period.zone, t);
  if (held.empty()) return start_in(period, zone_for_strangers(period), t);
  UtcTime start = start_in(period, zones_within(held, t, t).back(), t);
  while (true) {
    UtcTime earliest = UtcTime::max();
    for (const Zone& zone : zones_within(held, start, t)) earliest = std::min(earliest, start_in(period, zone, t));
    if (earliest == start) return start;
    start = earliest;
  }
}

void add_naive_period_edges(const CalendarPeriod& period, std::span<const HeldZone> held, UtcTime t, std::set<UtcTime>& out) {
  std::vector<Zone> zones = zones_within(held, UtcTime::min(), UtcTime::max());
  if (period.zone) zones = {*period.zone};
  if (zones.empty()) zones = {zone_for_strangers(period)};
  constexpr Day ahead = 40;
  for (const Zone& zone : zones)
    for (Day day = day_at(zone, ms_of(t)); day <= day_at(zone, ms_of(t)) + ahead; ++day)
      if (begins_period(period, day)) out.insert(day_start(zone, day));
}

} // namespace takt::tests
