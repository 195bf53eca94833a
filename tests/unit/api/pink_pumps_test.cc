#include "api/demo/pink_pumps.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace takt::demo {
namespace {

PinkPumpsOptions few_people() {
  PinkPumpsOptions options;
  options.customers = 60;
  options.items = 400;
  return options;
}

PinkPumps tell(const PinkPumpsOptions& options) {
  return tell_pink_pumps(options, [](double, std::string_view) {}, [] { return 0.0; });
}

const PinkPumps& told() {
  static const PinkPumps story = tell(few_people());
  return story;
}

TEST(PinkPumps, AreNotShownMoreOftenThanTheRuleSays) {
  ASSERT_EQ(told().limit, 3U);
  ASSERT_EQ(told().limit_days, 7);
  for (std::size_t arm = 1; arm < arms_count; ++arm) {
    EXPECT_LE(told().stories[arm].pumps_in_any_week_max, told().limit) << arm_names[arm];
    EXPECT_GT(told().stories[arm].impressions, told().stories[arm].pumps) << "something else has the places";
  }
}

TEST(PinkPumps, FollowTheCustomerUnderRetargetingUntilSheLooksAtSomethingElse) {
  const Story& story = told().stories[0];
  EXPECT_GT(story.pumps, told().limit);
  EXPECT_GT(story.days.front().pumps + story.days[1].pumps, 0U);
}

TEST(PinkPumps, DaysAddUpToTheStory) {
  for (const Story& story : told().stories) {
    std::uint32_t pumps = 0, impressions = 0;
    for (const StoryDay& day : story.days) {
      std::uint32_t others = 0;
      for (const auto& [category, count] : day.others) others += count;
      EXPECT_EQ(day.pumps + others, day.impressions);
      pumps += day.pumps;
      impressions += day.impressions;
    }
    EXPECT_EQ(pumps, story.pumps);
    EXPECT_EQ(impressions, story.impressions);
  }
}

TEST(PinkPumps, EveryOptOutHasItsDay) {
  std::uint64_t all = 0;
  for (const ArmSummary& arm : told().arms) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : arm.opt_outs_by_day) sum += count;
    EXPECT_EQ(sum, arm.sums.opt_outs);
    EXPECT_EQ(arm.opt_outs_by_day.size(), told().options.days);
    all += sum;
  }
  EXPECT_GT(all, 0U);
}

TEST(PinkPumps, ComeOutTheSameOnAnyNumberOfThreads) {
  PinkPumpsOptions options = few_people();
  options.threads = 1;
  EXPECT_EQ(pink_pumps_json(tell(options)), pink_pumps_json(told()));
}

TEST(PinkPumps, NobodyLeavesWhereNothingAnnoys) {
  PinkPumpsOptions options = few_people();
  options.annoyance_scale = 0;
  for (const ArmSummary& arm : tell(options).arms) {
    EXPECT_EQ(arm.sums.opt_outs, 0U);
    EXPECT_EQ(arm.sums.dismissals, 0U);
  }
}

TEST(PinkPumps, ReportThemselvesAsJsonTextAndPlot) {
  const auto json = nlohmann::json::parse(pink_pumps_json(told()));
  ASSERT_EQ(json.at("arms").size(), arms_count);
  EXPECT_EQ(json.at("arms").at(2).at("story").at("pumps"), told().stories[2].pumps);
  EXPECT_EQ(json.at("arms").at(0).at("story").at("days").size(), 28U);
  const std::string text = pink_pumps_text(told()), plot = pink_pumps_svg(told());
  for (const std::string_view arm : arm_names) EXPECT_NE(text.find(arm), std::string::npos);
  std::size_t blocks = 0;
  for (std::size_t at = plot.find("<rect"); at != std::string::npos; at = plot.find("<rect", at + 1)) ++blocks;
  std::size_t impressions = 0;
  for (const Story& story : told().stories) impressions += story.impressions;
  EXPECT_GT(blocks, impressions) << "each impression is a block; the legend has some more";
  EXPECT_LT(blocks, impressions + 12);
  EXPECT_EQ(plot.rfind("</svg>\n"), plot.size() - 7);
}

} // namespace
} // namespace takt::demo
