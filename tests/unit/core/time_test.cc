#include "core/time.h"

#include "core/random.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

TEST(Duration, ReadsOneNumberAndOneUnit) {
  EXPECT_EQ(parse_duration("500ms").value(), Duration{500});
  EXPECT_EQ(parse_duration("30s").value(), seconds(30));
  EXPECT_EQ(parse_duration("10m").value(), minutes(10));
  EXPECT_EQ(parse_duration("4h").value(), hours(4));
  EXPECT_EQ(parse_duration("7d").value(), days(7));
  EXPECT_EQ(parse_duration("0s").value(), Duration{0});
  EXPECT_EQ(parse_duration("36525d").value(), days(36'525));
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text : {"", "7", "d", "7 d", " 7d", "7d ", "-7d", "+7d", "1.5h", "1h30m", "7D", "7w", "7dd", "36526d", "99999999999999999999d",
                           "9223372036854775807ms"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, IsWrittenInTheLargestExactUnit) {
  EXPECT_EQ(format_duration(days(7)), "7d");
  EXPECT_EQ(format_duration(hours(36)), "36h");
  EXPECT_EQ(format_duration(minutes(90)), "90m");
  EXPECT_EQ(format_duration(seconds(61)), "61s");
  EXPECT_EQ(format_duration(Duration{1500}), "1500ms");
  EXPECT_EQ(format_duration(-minutes(5)), "-5m");
}

TEST(Duration, TextRoundTrips) {
  Random random(3);
  for (int i = 0; i < 1000; ++i) {
    const Duration duration{static_cast<std::int64_t>(random.below(1'000'000'000'000))};
    ASSERT_EQ(parse_duration(format_duration(duration)).value(), duration);
  }
}

TEST(Utc, ReadsRfc3339WithAZone) {
  const UtcTime expected = utc_from_ms(1'772'701'920'250); // 2026-03-05T09:12:00.250Z
  for (const char* text : {"2026-03-05T09:12:00.250Z", "2026-03-05t09:12:00.25z", "2026-03-05 09:12:00.250Z", "2026-03-05T10:12:00.250+01:00",
                           "2026-03-05T00:42:00.2509999-08:30", "2026-03-06T08:12:00.250+23:00"})
    EXPECT_EQ(parse_utc(text).value(), expected) << text;
  EXPECT_EQ(parse_utc("1970-01-01T00:00:00-00:00").value(), UtcTime{});
  EXPECT_EQ(ms_of(parse_utc("1969-12-31T23:59:59.999Z").value()), -1);
  EXPECT_EQ(ms_of(parse_utc("2024-02-29T00:00:00Z").value()), 1'709'164'800'000);
}

TEST(Utc, ALeapSecondIsTheFirstOfTheNextDay) {
  EXPECT_EQ(parse_utc("2016-12-31T23:59:60Z").value(), parse_utc("2017-01-01T00:00:00Z").value());
  EXPECT_EQ(parse_utc("2017-01-01T00:59:60.5+01:00").value(), parse_utc("2017-01-01T00:00:00.5Z").value());
  EXPECT_FALSE(parse_utc("2016-12-31T12:00:60Z"));
}

TEST(Utc, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {"", "2026-03-05", "2026-03-05T09:12:00", "2026-03-05T09:12Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00Zx", "2026-1-01T00:00:00Z ",
        "-026-01-01T00:00:00Z", "2026-01-01X00:00:00Z", "1709632800000"})
    EXPECT_FALSE(parse_utc(text)) << text;
}

TEST(Utc, IsWrittenWithMillisecondsOnlyWhereThereAreSome) {
  EXPECT_EQ(format_utc(utc_from_ms(1'772'701'920'250)), "2026-03-05T09:12:00.250Z");
  EXPECT_EQ(format_utc(utc_from_ms(1'772'701'920'000)), "2026-03-05T09:12:00Z");
  EXPECT_EQ(format_utc(utc_from_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Utc, TextRoundTrips) {
  Random random(4);
  for (int i = 0; i < 2000; ++i) {
    const UtcTime t = utc_from_ms(static_cast<std::int64_t>(random.below(250'000'000'000'000)) - 60'000'000'000'000); // years 69 to 7991
    ASSERT_EQ(parse_utc(format_utc(t)).value(), t);
  }
}

} // namespace
} // namespace takt
