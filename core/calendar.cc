#include "core/calendar.h"

#include "core/check.h"

#include <algorithm>

namespace takt {
namespace {

using std::chrono::floor;

LocalDate first_date(const CalendarPeriod& period, LocalDate day) {
  switch (period.unit) {
    case CalendarUnit::day: return day;
    case CalendarUnit::week: return day - (std::chrono::weekday(day) - period.week_start);
    case CalendarUnit::month: break;
  }
  const std::chrono::year_month_day date(day);
  return LocalDate(date.year() / date.month() / std::chrono::day(1));
}

/// The latest period of that zone begun by t. Tomorrow's date may have begun where clocks went back over midnight.
UtcTime start_in(const CalendarPeriod& period, const Zone& zone, UtcTime t) {
  const LocalDate today = zone.date_at(t);
  const UtcTime of_tomorrow = zone.start_of(first_date(period, today + std::chrono::days(1)));
  return of_tomorrow <= t ? of_tomorrow : zone.start_of(first_date(period, today));
}

std::chrono::days longest(CalendarUnit unit) {
  constexpr int month_days_max = 31;
  return std::chrono::days(unit == CalendarUnit::day ? 1 : unit == CalendarUnit::week ? 7 : month_days_max);
}

void edges_in(const CalendarPeriod& period, const Zone& zone, UtcTime t, std::vector<UtcTime>& out) {
  const LocalDate today = zone.date_at(t);
  // Two days more than the longest period: zones differ by up to 26 hours.
  for (LocalDate day = today; day <= today + longest(period.unit) + std::chrono::days(2); day += std::chrono::days(1))
    if (first_date(period, day) == day) out.push_back(zone.start_of(day));
}

} // namespace

Zone zone_at(std::span<const HeldZone> held, UtcTime t, const std::optional<Zone>& missing) {
  const auto later = std::find_if(held.begin(), held.end(), [&](const HeldZone& span) { return span.from > t; });
  if (later != held.begin()) return std::prev(later)->zone;
  if (!held.empty()) return held.front().zone;
  if (missing) return *missing;
  const auto utc = Zone::find("UTC");
  TAKT_CHECK(utc.has_value(), "the zone database knows UTC: tools/install_deps.sh installs it");
  return *utc;
}

UtcTime period_start(const CalendarPeriod& period, std::span<const HeldZone> held, UtcTime t) {
  if (period.zone) return start_in(period, *period.zone, t);
  UtcTime start = start_in(period, zone_at(held, t, period.zone_missing), t);
  for (bool moved = true; moved;) { // least fixed point: an earlier start may bring in the zone held before
    moved = false;
    for (std::size_t i = 0; i < held.size(); ++i) {
      const bool by_now = i == 0 || held[i].from <= t;
      const bool since_start = i + 1 == held.size() || held[i + 1].from > start;
      if (!by_now || !since_start) continue;
      const UtcTime other = start_in(period, held[i].zone, t);
      if (other < start) {
        start = other;
        moved = true;
      }
    }
  }
  return start;
}

void period_edges(const CalendarPeriod& period, std::span<const HeldZone> held, UtcTime t, std::vector<UtcTime>& out) {
  if (period.zone) return edges_in(period, *period.zone, t, out);
  if (held.empty()) return edges_in(period, zone_at(held, t, period.zone_missing), t, out);
  for (const HeldZone& span : held) edges_in(period, span.zone, t, out);
}

bool QuietInterval::covers(LocalTime local) const {
  const LocalDate day = floor<std::chrono::days>(local);
  const Duration of_day = local - day;
  const auto is_on = [&](LocalDate begun) { return ((days >> (std::chrono::weekday(begun).iso_encoding() - 1)) & 1U) != 0; };
  if (from < to) return of_day >= from && of_day < to && is_on(day);
  return (of_day >= from && is_on(day)) || (of_day < to && is_on(day - std::chrono::days(1)));
}

UtcTime quiet_edge(const QuietInterval& quiet, const Zone& zone, UtcTime t) {
  return std::min(zone.next_edge(quiet.from, t), zone.next_edge(quiet.to, t));
}

} // namespace takt
