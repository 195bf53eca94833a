#include "core/zone.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

UtcTime utc(const char* text) { return parse_utc(text).value(); }

TEST(Zone, KnowsWinterAndSummer) {
  EXPECT_EQ(utc_offset_at("Europe/Berlin", utc("2026-03-05T12:00:00Z")), hours(1));
  EXPECT_EQ(utc_offset_at("Europe/Berlin", utc("2026-03-29T00:59:59Z")), hours(1));
  EXPECT_EQ(utc_offset_at("Europe/Berlin", utc("2026-03-29T01:00:00Z")), hours(2));
  EXPECT_EQ(utc_offset_at("Asia/Kathmandu", utc("2026-03-05T12:00:00Z")), hours(5) + minutes(45));
  EXPECT_EQ(utc_offset_at("America/New_York", utc("2026-01-05T12:00:00Z")), hours(-5));
}

TEST(Zone, ANameThatNobodyKnowsHasNoOffset) {
  EXPECT_EQ(utc_offset_at("Europe/Atlantis", utc("2026-03-05T12:00:00Z")), std::nullopt);
  EXPECT_EQ(utc_offset_at("", utc("2026-03-05T12:00:00Z")), std::nullopt);
}

} // namespace
} // namespace takt
