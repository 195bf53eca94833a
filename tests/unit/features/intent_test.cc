#include "features/intent.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

TEST(IntentOfDwell, faster_than_a_person_is_nothing) {
  EXPECT_EQ(intent_of_dwell(0), 0);
  EXPECT_EQ(intent_of_dwell(399), 0);
}

TEST(IntentOfDwell, the_accidental_click_says_little_and_the_long_look_nearly_everything) {
  EXPECT_LT(intent_of_dwell(1800), 0.2);
  EXPECT_DOUBLE_EQ(intent_of_dwell(4000), 0.5);
  EXPECT_GT(intent_of_dwell(30'000), 0.95);
  EXPECT_LE(intent_of_dwell(UINT32_MAX), 1);
}

TEST(IntentOfDwell, grows_with_dwell) {
  double before = 0;
  for (std::uint32_t dwell = 400; dwell < 100'000; dwell += 100) {
    const double now = intent_of_dwell(dwell);
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(IntentOfDwell, unknown_dwell_is_mostly_meant) { EXPECT_DOUBLE_EQ(intent_of_dwell(std::nullopt), intent_of_unknown_dwell); }

} // namespace
} // namespace takt
