// The plot: one strip per marketer, one column per day, one square per impression; the pumps are pink, every other category has a quiet
// colour of its own, the same in all strips. Below them who had enough, day by day, and the sums.
#include "api/demo/pink_pumps.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

namespace takt::demo {
namespace {

constexpr std::string_view pink = "#e8308a", ink = "#22262b", grey = "#6d747c", line = "#d9dde1", rest = "#c3c9cf";
constexpr std::array<std::string_view, 6> quiet{"#3b6ea5", "#5b9a8b", "#d2a24c", "#8e7cc3", "#a3b86c", "#b07d62"};
constexpr double left = 60, right = 20, width = 900, strip_height = 150, gap = 62, top = 104;

struct Palette {
  std::map<std::string, std::string_view> colour_of;
  std::vector<std::string> named;                        ///< most shown first
};

/// The most shown categories of all strips together have a colour; the others share one.
Palette palette_of(const PinkPumps& told) {
  std::map<std::string, std::uint32_t> count;
  for (const Story& story : told.stories)
    for (const StoryDay& day : story.days)
      for (const auto& [category, n] : day.others) count[category] += n;
  Palette palette;
  for (const auto& [category, n] : count) palette.named.push_back(category);
  std::stable_sort(palette.named.begin(), palette.named.end(), [&](const auto& a, const auto& b) { return count[a] > count[b]; });
  palette.named.resize(std::min(palette.named.size(), quiet.size()));
  for (std::size_t i = 0; i < palette.named.size(); ++i) palette.colour_of[palette.named[i]] = quiet[i];
  return palette;
}

std::string text_at(double x, double y, std::string_view what, int size, std::string_view colour, std::string_view more = "") {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" font-size="{}" fill="{}"{}>{}</text>)"
                     "\n",
                     x, y, size, colour, more, what);
}

std::string block(double x, double y, double wide, double high, std::string_view colour) {
  return fmt::format(R"(<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" fill="{}"/>)"
                     "\n",
                     x, y, wide, high, colour);
}

/// One day: pumps at the bottom, then the categories in the order of the legend, then the rest.
std::string column(const StoryDay& day, const Palette& palette, double x, double bottom, double wide, double unit) {
  std::string out;
  double y = bottom;
  const auto stack = [&](std::uint32_t n, std::string_view colour) {
    for (; n > 0; --n) {
      y -= unit;
      out += block(x, y + 0.8, wide, unit - 0.8, colour);
    }
  };
  stack(day.pumps, pink);
  for (const std::string& category : palette.named)
    for (const auto& [name, n] : day.others)
      if (name == category) stack(n, palette.colour_of.at(category));
  for (const auto& [name, n] : day.others)
    if (!palette.colour_of.contains(name)) stack(n, rest);
  return out;
}

std::string strip(const PinkPumps& told, std::size_t arm, const Palette& palette, double y, double most) {
  const Story& story = told.stories[arm];
  const double bottom = y + strip_height, step = (width - left - right) / static_cast<double>(told.options.days), unit = strip_height / most;
  std::string out = text_at(left, y - 12, arm == 0 ? "Retargeting" : fmt::format("Takt: {}", arm_names[arm]), 15, ink, R"( font-weight="600")");
  out += text_at(width - right, y - 12, fmt::format("pumps: {} of {} impressions, at most {} in any 7 days{}", story.pumps, story.impressions, story.pumps_in_any_week_max, story.counts.opt_outs > 0 ? "; then she opted out" : ""), 13, grey, R"( text-anchor="end")");
  const int tick = most > 12 ? 5 : 2;
  for (int n = 0; n <= static_cast<int>(most); n += tick) {
    const double at = bottom - n * unit;
    out += fmt::format(R"(<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{}"/>)"
                       "\n",
                       left, width - right, at, at, n == 0 ? grey : line, n == 0 ? 1.0 : 0.6);
    out += text_at(left - 8, at + 4, std::to_string(n), 11, grey, R"( text-anchor="end")");
  }
  for (std::size_t day = 0; day < told.options.days; ++day) {
    const double x = left + (static_cast<double>(day) + 0.12) * step;
    out += column(story.days[day], palette, x, bottom, step * 0.76, unit);
    if (day == 0 || (day + 1) % 7 == 0) out += text_at(x + step * 0.38, bottom + 16, (day == 0 ? "day " : "") + std::to_string(day + 1), 11, grey, R"( text-anchor="middle")");
  }
  return out;
}

std::string legend(const Palette& palette, double y) {
  std::string out;
  double x = left;
  const auto entry = [&](std::string_view colour, const std::string& name) {
    out += block(x, y - 10, 11, 11, colour) + text_at(x + 16, y, name, 12, ink);
    x += 34 + 6.4 * static_cast<double>(name.size());
  };
  entry(pink, "Pink pumps");
  for (const std::string& category : palette.named) entry(palette.colour_of.at(category), category);
  entry(rest, "others");
  return out;
}

/// Opt-outs so far per 100 customers. The last value stands beside its line, moved apart where two ends would touch.
std::string opt_outs(const PinkPumps& told, double y) {
  constexpr std::array<std::string_view, arms_count> colours{"#6d747c", "#5b9a8b", "#3b6ea5"};
  constexpr double high = 120, labels = 190, label_gap = 15;
  std::array<std::vector<double>, arms_count> so_far;
  double most = 1;
  for (std::size_t arm = 0; arm < arms_count; ++arm) {
    double sum = 0;
    for (const std::uint64_t count : told.arms[arm].opt_outs_by_day) so_far[arm].push_back(sum += 100 * told.arms[arm].per_customer(count));
    most = std::max(most, std::ceil(sum));
  }
  const double bottom = y + 24 + high, step = (width - left - right - labels) / static_cast<double>(told.options.days), unit = high / most;
  std::string out = text_at(left, y, fmt::format("Opt-outs so far, of 100 customers ({} customers)", told.options.customers), 15, ink, R"( font-weight="600")");
  for (int n = 0, tick = most > 4 ? 2 : 1; n <= static_cast<int>(most); n += tick) {
    out += fmt::format(R"(<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{}"/>)"
                       "\n",
                       left, width - right - labels, bottom - n * unit, bottom - n * unit, n == 0 ? grey : line, n == 0 ? 1.0 : 0.6);
    out += text_at(left - 8, bottom - n * unit + 4, std::to_string(n), 11, grey, R"( text-anchor="end")");
  }
  for (std::size_t day = 0; day < told.options.days; ++day)
    if (day == 0 || (day + 1) % 7 == 0) out += text_at(left + (static_cast<double>(day) + 1) * step, bottom + 16, (day == 0 ? "day " : "") + std::to_string(day + 1), 11, grey, R"( text-anchor="middle")");
  std::array<std::size_t, arms_count> by_end{0, 1, 2};
  std::sort(by_end.begin(), by_end.end(), [&](std::size_t a, std::size_t b) { return so_far[a].back() < so_far[b].back(); });
  double label_at = bottom + label_gap;
  for (const std::size_t arm : by_end) {
    std::string points = fmt::format("{:.1f},{:.1f}", left, bottom);
    for (std::size_t day = 0; day < so_far[arm].size(); ++day) points += fmt::format(" {:.1f},{:.1f}", left + (static_cast<double>(day) + 1) * step, bottom - so_far[arm][day] * unit);
    out += fmt::format(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>)"
                       "\n",
                       points, colours[arm]);
    label_at = std::min(label_at - label_gap, bottom - so_far[arm].back() * unit + 4);
    out += text_at(width - right - labels + 8, label_at, fmt::format("{:.2f} {}", so_far[arm].back(), arm == 0 ? "retargeting" : fmt::format("Takt: {}", arm_names[arm])), 12, colours[arm], R"( font-weight="600")");
  }
  return out;
}

std::string table(const PinkPumps& told, double y) {
  const std::array<double, 6> columns{left, 330, 460, 590, 710, width - right};
  const auto row = [&](double at, const std::array<std::string, 6>& cells, std::string_view colour, std::string_view weight) {
    std::string out = text_at(columns[0], at, cells[0], 12, colour, weight);
    for (std::size_t i = 1; i < cells.size(); ++i) out += text_at(columns[i], at, cells[i], 12, colour, std::string(weight) + R"( text-anchor="end")");
    return out;
  };
  std::string out = text_at(left, y, fmt::format("{} customers over {} days, the same people under each", told.options.customers, told.options.days), 15, ink, R"( font-weight="600")");
  out += row(y + 26, {"", "repeat share", "impressions", "opt-outs", "value, EUR", "against retargeting"}, grey, "");
  for (std::size_t arm = 0; arm < arms_count; ++arm) {
    const ArmSummary& summary = told.arms[arm];
    out += row(y + 48 + 21 * static_cast<double>(arm),
               {arm == 0 ? "Retargeting" : fmt::format("Takt: {}", arm_names[arm]), fmt::format("{:.1f} %", 100 * summary.repeat_share()), fmt::format("{:.1f}", summary.per_customer(summary.sums.impressions)),
                fmt::format("{:.2f} %", 100 * summary.per_customer(summary.sums.opt_outs)), fmt::format("{:.2f}", summary.value),
                arm == 0 ? "" : fmt::format("{:+.2f} ± {:.2f}", summary.value_more, 2 * summary.value_more_error)},
               ink, "");
  }
  return out;
}

} // namespace

std::string pink_pumps_svg(const PinkPumps& told) {
  const Palette palette = palette_of(told);
  std::uint32_t most = 4;
  for (const Story& story : told.stories)
    for (const StoryDay& day : story.days) most = std::max(most, day.impressions);
  const double opt_outs_at = top + arms_count * (strip_height + gap) + 18, table_at = opt_outs_at + 204, height = table_at + 120;
  std::string out = fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1:.0f}" viewBox="0 0 {0} {1:.0f}" font-family="Inter, 'Segoe UI', Helvetica, Arial, sans-serif">)"
                                "\n",
                                width, height);
  out += block(0, 0, width, height, "#ffffff");
  out += text_at(left, 34, "One accidental tap on pink pumps, and the four weeks after it", 20, ink, R"( font-weight="600")");
  out += text_at(left, 56, fmt::format("What one customer saw, day by day; a block is an impression. The rule: the same item at most {} times in {} days.", told.limit, told.limit_days), 13, grey);
  out += legend(palette, 80);
  for (std::size_t arm = 0; arm < arms_count; ++arm) out += strip(told, arm, palette, top + 24 + static_cast<double>(arm) * (strip_height + gap), static_cast<double>(most));
  return out + opt_outs(told, opt_outs_at) + table(told, table_at + 8) + "</svg>\n";
}

} // namespace takt::demo
