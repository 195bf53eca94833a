#pragma once
/// The story that Takt exists for, told twice: 28 days of one customer who touched the pink pumps once by accident, and the month of
/// many customers, each under three marketers: retargeting, Takt's caps alone, Takt's caps and fatigue. Same people, same seeds.
/// The numbers come out of the response model (response.h) and nothing else. Errors: none. Cost: some 100 us per customer-day and arm.
#include "api/demo/simulation.h"

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace takt::demo {

constexpr std::size_t arms_count = 3;
constexpr std::array<std::string_view, arms_count> arm_names{"retargeting", "caps", "caps and fatigue"};

struct PinkPumpsOptions {
  std::uint64_t customers = 10'000;
  std::uint32_t items = 1000, days = 28;
  std::uint64_t seed = 7;
  std::size_t threads = 2;
  double beta_scale = 1, annoyance_scale = 1;            ///< 0 = nobody tires, nobody is annoyed
};

struct StoryDay {
  std::uint32_t pumps = 0, impressions = 0;
  std::vector<std::pair<std::string, std::uint32_t>> others; ///< category and impressions, most first
};
struct Story {
  std::vector<StoryDay> days;
  std::uint32_t pumps = 0, impressions = 0, pumps_in_any_week_max = 0;
  std::size_t categories = 0;                            ///< seen beside that of the pumps
  LifeCounts counts;
};

/// Means per customer; differences are paired, customer by customer, with their standard errors.
struct ArmSummary {
  LifeCounts sums;
  double value = 0, value_more = 0, value_more_error = 0; ///< margin less the costs of contact; against retargeting
  std::vector<std::uint64_t> opt_outs_by_day;            ///< how many said so on that day
  double seconds = 0;
  double per_customer(std::uint64_t count) const { return static_cast<double>(count) / static_cast<double>(sums.customers); }
  double repeat_share() const { return sums.impressions == 0 ? 0 : static_cast<double>(sums.repeats) / static_cast<double>(sums.impressions); }
};

struct PinkPumps {
  PinkPumpsOptions options;
  std::uint32_t limit = 0;                               ///< of the starter policy: the same item so often …
  std::int64_t limit_days = 0;                           ///< … within so many days
  std::array<Story, arms_count> stories;
  std::array<ArmSummary, arms_count> arms;
};

/// `watch(done share, what)` now and then. `seconds_now` is a stopwatch: below the command nobody looks at a clock.
PinkPumps tell_pink_pumps(const PinkPumpsOptions& options, const std::function<void(double, std::string_view)>& watch, const std::function<double()>& seconds_now);

std::string pink_pumps_text(const PinkPumps& told);      ///< tables for a terminal
std::string pink_pumps_svg(const PinkPumps& told);       ///< a plot, 900 pixels wide, with no script and no font of its own
std::string pink_pumps_json(const PinkPumps& told);

} // namespace takt::demo
