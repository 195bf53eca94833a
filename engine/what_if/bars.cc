#include "engine/what_if/bars.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace takt::what_if {
namespace {

constexpr const char *ink = "#22262b", *grey = "#6d747c", *line = "#d9dde1", *old_side = "#9aa3ad", *new_side = "#3b6ea5", *cap_colour = "#e8308a";
constexpr double width = 900, height = 400, top = 100, plot_height = 230, panel_width = 380;
constexpr std::size_t bars_drawn_max = 24;

[[gnu::format(printf, 1, 2)]] std::string text(const char* form, ...) {
  char buffer[512];
  std::va_list values;
  va_start(values, form);
  std::vsnprintf(buffer, sizeof buffer, form, values);
  va_end(values);
  return buffer;
}

std::string escaped(const std::string& plain) {
  std::string out;
  for (const char character : plain) {
    if (character == '<') out += "&lt;";
    else if (character == '&') out += "&amp;";
    else out += character;
  }
  return out;
}

std::string words(double x, double y, const std::string& what, int size, const char* colour, const char* more = "") {
  return text("<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" fill=\"%s\"%s>", x, y, size, colour, more) + escaped(what) + "</text>\n";
}

std::string stroke(double x1, double y1, double x2, double y2, const char* colour, double thick) {
  return text("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\"/>\n", x1, y1, x2, y2, colour, thick);
}

std::string block(double x, double y, double wide, double high, const char* colour) {
  return text("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, wide, high, colour);
}

std::string label_of(const Bar& bar) { return bar.least == bar.most ? text("%u", bar.least) : text("%u-%u", bar.least, bar.most); }

std::string panel(double left, const std::string& title, const std::vector<Bar>& bars, std::optional<std::uint32_t> cap) {
  std::string out = words(left, top - 14, title, 13, ink) + stroke(left, top + plot_height, left + panel_width, top + plot_height, grey, 1);
  std::uint64_t most = 1;
  for (const Bar& bar : bars) most = std::max({most, bar.before, bar.after});
  const double step = panel_width / static_cast<double>(std::max<std::size_t>(bars.size(), 1));
  const auto high = [&](std::uint64_t customers) { return plot_height * static_cast<double>(customers) / static_cast<double>(most); };
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const double x = left + step * static_cast<double>(i);
    out += block(x + step * 0.1, top + plot_height - high(bars[i].before), step * 0.38, high(bars[i].before), old_side);
    out += block(x + step * 0.52, top + plot_height - high(bars[i].after), step * 0.38, high(bars[i].after), new_side);
    if (bars.size() <= 12 || i % 3 == 0) out += words(x + step / 2, top + plot_height + 16, label_of(bars[i]), 10, grey, " text-anchor=\"middle\"");
    const bool holds_cap = cap && bars[i].least <= *cap && *cap <= bars[i].most;
    if (!holds_cap) continue;
    out += stroke(x + step, top - 4, x + step, top + plot_height, cap_colour, 2) + words(x + step + 4, top + 8, text("cap %u", *cap), 11, cap_colour);
  }
  return out + words(left, top + 4, text("%llu customers", static_cast<unsigned long long>(most)), 10, grey);
}

std::string days_text(Duration window) {
  return window == Duration::max() ? std::string("at any time") : text("within %.3g days", static_cast<double>(window.count()) / static_cast<double>(days(1).count()));
}

/// The draft's first rule over everything, else its first; else the one in force.
const Yardstick* drawn_of(const std::vector<Yardstick>& yardsticks) {
  const Yardstick* best = nullptr;
  const auto rank = [](const Yardstick& one) { return (one.is_of_draft ? 2 : 0) + (one.per == Per::all ? 1 : 0); };
  for (const Yardstick& one : yardsticks)
    if (!best || rank(one) > rank(*best)) best = &one;
  return best;
}

} // namespace

std::vector<Bar> bars_of(const Histogram& before, const Histogram& after, std::size_t bars_max) {
  std::uint32_t most = 0;
  for (const Histogram* side : {&before, &after})
    if (!side->empty()) most = std::max(most, side->rbegin()->first);
  const std::uint32_t wide = most <= bars_max ? 1 : static_cast<std::uint32_t>((most + bars_max - 1) / bars_max);
  std::vector<Bar> bars(1 + (most + wide - 1) / wide);
  for (std::uint32_t i = 1; i < bars.size(); ++i) bars[i].least = 1 + (i - 1) * wide, bars[i].most = i * wide;
  const auto bar_of = [&](std::uint32_t count) -> Bar& { return bars[(count + wide - 1) / wide]; };
  for (const auto& [count, customers] : before) bar_of(count).before += customers;
  for (const auto& [count, customers] : after) bar_of(count).after += customers;
  return bars;
}

std::string histogram_svg(const Figures& figures) {
  std::string out = text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"Inter, 'Segoe UI', Helvetica, Arial, sans-serif\">\n", width,
                         height, width, height);
  out += block(0, 0, width, height, "#ffffff") + words(40, 34, "What customers would have seen", 19, ink, " font-weight=\"600\"");
  out += block(40, 48, 10, 10, old_side) + words(56, 57, "as it was", 12, grey) + block(130, 48, 10, 10, new_side) + words(146, 57, "under the draft", 12, grey);
  out += panel(40, "Customers by exposures in the whole range", bars_of(figures.log.customers_by_exposures, figures.draft.customers_by_exposures, bars_drawn_max), std::nullopt);
  if (const Yardstick* rule = drawn_of(figures.yardsticks)) {
    const std::string what = rule->per == Per::item ? "most of one item " : "most exposures ";
    out += stroke(450, top, 450, top + plot_height, line, 1);
    out += panel(480, "Rule " + rule->rule + ": " + what + days_text(rule->window), bars_of(rule->log, rule->draft, bars_drawn_max), rule->limit);
  }
  return out + "</svg>\n";
}

} // namespace takt::what_if
