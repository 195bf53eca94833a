#pragma once
/// Calendar periods of a person: days, weeks and months that begin where the person is (semantics.md §1 COUNT, "Zones").
/// Who changes the zone within a period keeps the earliest start of all zones held in it: travelling never resets a cap.
/// Pure; nothing fails. Cost: about 1 µs per zone held within the period.
#include "core/time.h"
#include "core/zone.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace takt {

/// A zone is held from `from` until the next one's; the first one since ever.
struct HeldZone {
  UtcTime from{};
  Zone zone;
  bool operator==(const HeldZone&) const = default;
};

enum class CalendarUnit : std::uint8_t { day, week, month };

struct CalendarPeriod {
  CalendarUnit unit = CalendarUnit::day;
  std::optional<Zone> zone = {};                              ///< none: the customer's
  std::optional<Zone> zone_missing = {};                      ///< for a customer whose zone nobody knows; none: UTC
  std::chrono::weekday week_start = std::chrono::Monday;
  bool operator==(const CalendarPeriod&) const = default;
};

/// S(t): when the period that holds at t began.
UtcTime period_start(const CalendarPeriod& period, std::span<const HeldZone> held, UtcTime t);

/// Starts of later periods, in every zone ever held, as far as one that began at t can matter. Any order, repeats.
void period_edges(const CalendarPeriod& period, std::span<const HeldZone> held, UtcTime t, std::vector<UtcTime>& out);

/// Is the time of day within [from, to) on the circle, on one of the days (bit 0 = Monday)? The hours after midnight belong to the day
/// on which the interval began. from != to.
struct QuietInterval {
  Duration from{}, to{};
  std::uint8_t days = 0x7f;
  bool covers(LocalTime local) const;
  bool operator==(const QuietInterval&) const = default;
};

/// The first instant after t at which local time enters or leaves the interval; `horizon` where it never does.
UtcTime quiet_edge(const QuietInterval& quiet, const Zone& zone, UtcTime t);

/// The zone held at t: the customer's latest by then, else the one for people whose zone nobody knows.
Zone zone_at(std::span<const HeldZone> held, UtcTime t, const std::optional<Zone>& missing);

} // namespace takt
