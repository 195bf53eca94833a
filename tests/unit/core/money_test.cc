#include "core/money.h"

#include "core/random.h"

#include <gtest/gtest.h>

#include <limits>

namespace takt {
namespace {

TEST(Money, ReadsDecimalsExactly) {
  EXPECT_EQ(parse_micros("79.90").value(), 79'900'000);
  EXPECT_EQ(parse_micros("0.002").value(), 2'000);
  EXPECT_EQ(parse_micros("0").value(), 0);
  EXPECT_EQ(parse_micros("12").value(), 12'000'000);
  EXPECT_EQ(parse_micros("0.000001").value(), 1);
  EXPECT_EQ(parse_micros("999999999999.999999").value(), 999'999'999'999'999'999);
}

TEST(Money, RefusesWhatItCannotHoldExactly) {
  for (const char* text : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,50", "1.0000001", "1000000000000", " 1", "1 ", "NaN", "0x1", "1.2.3"})
    EXPECT_FALSE(parse_micros(text)) << text;
}

TEST(Money, IsWrittenWithAtLeastTwoDecimals) {
  EXPECT_EQ(format_micros(79'900'000), "79.90");
  EXPECT_EQ(format_micros(2'000), "0.002");
  EXPECT_EQ(format_micros(0), "0.00");
  EXPECT_EQ(format_micros(-1'500'000), "-1.50");
  EXPECT_EQ(format_micros(std::numeric_limits<std::int64_t>::min()), "-9223372036854.775808");
}

TEST(Money, SumsOfLinesEndWhere64BitsDo) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(plus_line(1, 3, 79'900'000), 239'700'001);
  EXPECT_EQ(plus_line(10, -2, 3), 4);
  EXPECT_EQ(plus_line(0, 1'000'000, 999'999'999'999'000'000), most);
  EXPECT_EQ(plus_line(0, -1'000'000, 999'999'999'999'000'000), least);
  EXPECT_EQ(plus_line(most, 1, 1), most);
  EXPECT_EQ(plus_line(most - 1, 1, 1), most);
  EXPECT_EQ(plus_line(least, -1, 1), least);
}

TEST(Money, TextRoundTrips) {
  Random random(5);
  for (int i = 0; i < 1000; ++i) {
    const auto micros = static_cast<std::int64_t>(random.below(1'000'000'000'000'000'000));
    ASSERT_EQ(parse_micros(format_micros(micros)).value(), micros);
  }
}

} // namespace
} // namespace takt
