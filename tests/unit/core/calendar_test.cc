#include "core/calendar.h"

#include <gtest/gtest.h>

namespace takt::tests {
namespace {

Zone zone(const char* name) { return *Zone::find(name); }
UtcTime utc(const char* text) { return *parse_utc(text); }

UtcTime day_start(const std::vector<HeldZone>& held, const char* at) { return period_start({}, held, utc(at)); }

TEST(Calendar, ADayBeginsWhereThePersonIs) {
  const std::vector<HeldZone> berlin{{utc("2024-01-01T00:00:00Z"), zone("Europe/Berlin")}};
  EXPECT_EQ(day_start(berlin, "2024-06-10T22:30:00Z"), utc("2024-06-10T22:00:00Z")) << "half past midnight on the eleventh";
  EXPECT_EQ(day_start({}, "2024-06-10T22:30:00Z"), utc("2024-06-10T00:00:00Z")) << "nobody knows where: UTC";
  EXPECT_EQ(period_start({.zone_missing = zone("Europe/Berlin")}, {}, utc("2024-06-10T22:30:00Z")), utc("2024-06-10T22:00:00Z"));
}

TEST(Calendar, TravellingNeverBeginsANewDayEarly) {
  // Berlin, 23:30 on the tenth; then Moscow, where it is half past midnight on the eleventh.
  const std::vector<HeldZone> travels{{utc("2024-01-01T00:00:00Z"), zone("Europe/Berlin")}, {utc("2024-06-10T21:30:00Z"), zone("Europe/Moscow")}};
  EXPECT_EQ(day_start(travels, "2024-06-10T21:31:00Z"), utc("2024-06-09T22:00:00Z")) << "still Berlin's tenth";
  EXPECT_EQ(day_start(travels, "2024-06-11T21:31:00Z"), utc("2024-06-11T21:00:00Z")) << "a day later Moscow's twelfth";
}

TEST(Calendar, MidnightsThatAreSkippedOrRepeated) {
  const std::vector<HeldZone> santiago{{utc("2020-01-01T00:00:00Z"), zone("America/Santiago")}};
  EXPECT_EQ(day_start(santiago, "2023-09-03T12:00:00Z"), utc("2023-09-03T04:00:00Z")) << "the day begins at 01:00";
  EXPECT_EQ(day_start(santiago, "2024-04-07T03:30:00Z"), utc("2024-04-06T03:00:00Z")) << "23:30 of the sixth for the second time";
  const std::vector<HeldZone> apia{{utc("2010-01-01T00:00:00Z"), zone("Pacific/Apia")}};
  EXPECT_EQ(day_start(apia, "2011-12-30T12:00:00Z"), utc("2011-12-30T10:00:00Z")) << "the thirtieth did not take place";
}

TEST(Calendar, WeeksAndMonths) {
  const std::vector<HeldZone> berlin{{utc("2024-01-01T00:00:00Z"), zone("Europe/Berlin")}};
  const UtcTime wednesday = utc("2024-06-12T12:00:00Z");
  EXPECT_EQ(period_start({.unit = CalendarUnit::week}, berlin, wednesday), utc("2024-06-09T22:00:00Z"));
  EXPECT_EQ(period_start({.unit = CalendarUnit::week, .week_start = std::chrono::Sunday}, berlin, wednesday), utc("2024-06-08T22:00:00Z"));
  EXPECT_EQ(period_start({.unit = CalendarUnit::month}, berlin, wednesday), utc("2024-05-31T22:00:00Z"));
}

constexpr std::uint8_t friday = 1U << 4U;

TEST(QuietInterval, CrossesMidnightAndBelongsToTheDayItBegan) {
  const QuietInterval nights{hours(21), hours(8), friday};
  const Zone berlin = zone("Europe/Berlin");
  const auto quiet = [&](const char* at) { return nights.covers(berlin.local(utc(at))); };
  EXPECT_FALSE(quiet("2024-06-14T18:59:59Z"));   // Friday, a second to nine
  EXPECT_TRUE(quiet("2024-06-14T19:00:00Z"));
  EXPECT_TRUE(quiet("2024-06-15T05:59:59Z")) << "Saturday morning is Friday's night";
  EXPECT_FALSE(quiet("2024-06-15T06:00:00Z"));
  EXPECT_FALSE(quiet("2024-06-15T19:00:00Z")) << "Saturday is not asked for";
  EXPECT_FALSE(quiet("2024-06-14T05:00:00Z")) << "Friday morning is Thursday's night";
}

TEST(QuietInterval, BetweenItsEdgesNothingChanges) {
  // Every quarter-hour of four days around both clock changes: who walks from edge to edge misses no change.
  const QuietInterval odd{hours(2) + minutes(30), hours(3) + minutes(15)};
  const Zone berlin = zone("Europe/Berlin");
  for (const char* begin : {"2024-03-29T12:00:00Z", "2024-10-25T12:00:00Z"}) {
    UtcTime edge = utc(begin);
    bool is_quiet = odd.covers(berlin.local(edge));
    int changes = 0;
    while (edge < utc(begin) + days(4)) {
      const UtcTime next = quiet_edge(odd, berlin, edge);
      ASSERT_GT(next, edge);
      for (UtcTime t = edge; t < next; t += minutes(15)) EXPECT_EQ(odd.covers(berlin.local(t)), is_quiet) << format_utc(t);
      edge = next;
      if (edge >= utc(begin) + days(4)) break;
      const bool now = odd.covers(berlin.local(edge));
      changes += now != is_quiet ? 1 : 0;
      is_quiet = now;
    }
    EXPECT_EQ(changes, std::string_view(begin).starts_with("2024-03") ? 8 : 10) << "the repeated half-hour is quiet twice";
  }
}

} // namespace
} // namespace takt::tests
