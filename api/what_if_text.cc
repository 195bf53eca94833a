// The report for a terminal: a table of before and after, who is kept off by what, a histogram, and what cannot be known.
#include "api/what_if.h"
#include "engine/what_if/bars.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace takt {
namespace {

using namespace what_if;

constexpr std::size_t rules_listed_max = 12, bar_characters = 28;

double per(double part, std::uint64_t whole) { return whole > 0 ? part / static_cast<double>(whole) : 0.0; }

std::string row(std::string_view name, const std::string& before, const std::string& after) { return fmt::format("  {:<34}{:>14}{:>14}\n", name, before, after); }
std::string counts(std::string_view name, std::uint64_t before, std::uint64_t after) { return row(name, std::to_string(before), std::to_string(after)); }
std::string shares(std::string_view name, double before, double after) { return row(name, fmt::format("{:.1f} %", 100 * before), fmt::format("{:.1f} %", 100 * after)); }
std::string amounts(std::string_view name, double before, double after) { return row(name, fmt::format("{:.2f}", before), fmt::format("{:.2f}", after)); }

std::string head_of(const Report& report, double seconds) {
  const Figures& figures = report.figures;
  std::string out = fmt::format("{} decisions of {} customers made again under the draft, {:.1f} s ({:.0f} a second)\n", figures.decisions, figures.customers, seconds,
                                seconds > 0 ? static_cast<double>(figures.decisions) / seconds : 0.0);
  if (report.sampled < 1) out += fmt::format("read: {} of {} customers; figures are of these, not scaled up\n", report.customers_read, report.customers_known);
  if (report.is_cancelled) out += "cancelled: what follows is of the customers before that\n";
  for (const LeftOut reason : {LeftOut::no_analytics_consent, LeftOut::bot, LeftOut::world_not_held})
    if (const auto customers = figures.left_out[static_cast<std::size_t>(reason)]; customers > 0) out += fmt::format("left out: {} customers, {}\n", customers, to_text(reason));
  for (const auto& [name, customers] : figures.not_held) out += fmt::format("  no longer held: {} ({} customers)\n", name, customers);
  if (figures.not_reproduced > 0)
    out += fmt::format("careful: of {} decisions made again under their own rules, {} came out otherwise (made in a hurry, or by an older release)\n", figures.checked, figures.not_reproduced);
  return out + fmt::format("{} decisions change ({:.1f} %)\n\n", figures.changed, 100 * per(static_cast<double>(figures.changed), figures.decisions));
}

std::string table_of(const Report& report) {
  const SideFigures &before = report.figures.log, &after = report.figures.draft;
  const std::uint64_t customers = report.figures.customers;
  std::string out = row("", "as it was", "draft");
  out += counts("exposures", before.exposures, after.exposures);
  out += amounts("exposures per customer", per(static_cast<double>(before.exposures), customers), per(static_cast<double>(after.exposures), customers));
  out += counts("customers who see anything", before.reached, after.reached);
  out += shares("slots filled", per(static_cast<double>(before.filled), before.slots), per(static_cast<double>(after.filled), after.slots));
  out += shares("placements held", per(static_cast<double>(before.holds), before.placements), per(static_cast<double>(after.holds), after.placements));
  out += counts("contacts", before.contacts, after.contacts) + amounts("cost of contacts", before.contact_cost, after.contact_cost);
  out += amounts("clicks expected by the model", report.model_clicks.log.value, report.model_clicks.draft.value);
  out += amounts("value expected by the model", report.model_value.log.value, report.model_value.draft.value);
  const Interval& gained = report.model_value.difference;
  return out + fmt::format("  value by the model changes by {:.2f} [{:.2f}, {:.2f}]; that the model may be wrong is not in the interval\n\n", gained.value, gained.low, gained.high);
}

std::string weighted_of(const WeightedEstimate& estimate) {
  std::string out = fmt::format("by logged responses alone: {} decisions could be weighed ({:.1f} %), worth {:.0f} independent ones\n", estimate.decisions, 100 * estimate.covered,
                                estimate.effective_sample);
  if (estimate.doubts.empty())
    return out + fmt::format("  clicks {:.1f} [{:.1f}, {:.1f}], before {:.1f}; value {:.2f} [{:.2f}, {:.2f}], before {:.2f}\n\n", estimate.clicks.value, estimate.clicks.low,
                             estimate.clicks.high, estimate.logged_clicks, estimate.value.value, estimate.value.low, estimate.value.high, estimate.logged_value);
  out += "  they cannot tell what the draft would bring:\n";
  for (const std::string& doubt : estimate.doubts) out += fmt::format("  - {}\n", doubt_text(doubt));
  return out + "\n";
}

std::string rules_of(std::string_view title, const std::map<std::string, std::uint64_t>& by_rule) {
  if (by_rule.empty()) return "";
  std::vector<std::pair<std::string, std::uint64_t>> rules(by_rule.begin(), by_rule.end());
  std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out = fmt::format("{}\n", title);
  for (std::size_t i = 0; i < std::min(rules.size(), rules_listed_max); ++i) out += fmt::format("  {:<34}{:>14}\n", rules[i].first, rules[i].second);
  if (rules.size() > rules_listed_max) out += fmt::format("  and {} more\n", rules.size() - rules_listed_max);
  return out + "\n";
}

std::string labels_of(std::string_view title, const std::map<Symbol, BothSides>& by_label, const SymbolTable& symbols) {
  std::vector<std::pair<std::string, BothSides>> rows;
  for (const auto& [symbol, both] : by_label) rows.emplace_back(symbol == Symbol::none ? std::string("(none)") : std::string(symbols.name(symbol)), both);
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out = fmt::format("{}\n", title);
  for (const auto& [name, both] : rows) out += counts(name, both.log, both.draft);
  return out + "\n";
}

std::string bars_text(std::string_view title, const Histogram& before, const Histogram& after, std::optional<std::uint32_t> cap) {
  const std::vector<Bar> bars = bars_of(before, after, 16);
  std::uint64_t most = 1;
  for (const Bar& bar : bars) most = std::max({most, bar.before, bar.after});
  const auto drawn = [&](std::uint64_t customers) { return std::string((customers * bar_characters + most - 1) / most, '#'); };
  std::string out = fmt::format("{}\n  {:>9}  {:<{}}  {:<{}}\n", title, "", "as it was", bar_characters + 8, "draft", bar_characters + 8);
  for (const Bar& bar : bars) {
    const std::string label = bar.least == bar.most ? std::to_string(bar.least) : fmt::format("{}-{}", bar.least, bar.most);
    out += fmt::format("  {:>9}  {:<{}}{:>8}  {:<{}}{:>8}\n", label, drawn(bar.before), bar_characters, bar.before, drawn(bar.after), bar_characters, bar.after);
    if (cap && bar.least <= *cap && *cap <= bar.most) out += fmt::format("  {:>9}  {}\n", "", std::string(2 * bar_characters + 18, '-') + fmt::format(" cap {}", *cap));
  }
  return out + "\n";
}

std::string named_of(const std::vector<CustomerChange>& named) {
  if (named.empty()) return "";
  std::string out = fmt::format("customers who change most\n  {:<18}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "", "decisions", "changed", "saw", "would see", "other");
  for (const CustomerChange& change : named)
    out += fmt::format("  {:<18}{:>10}{:>10}{:>10}{:>10}{:>10}\n", to_text(change.id), change.decisions, change.changed, change.exposures_log, change.exposures_draft, change.removed + change.added);
  return out;
}

} // namespace

std::string what_if_text(const Report& report, const SymbolTable& symbols, double seconds) {
  const Figures& figures = report.figures;
  std::string out = head_of(report, seconds) + table_of(report) + weighted_of(report.weighted);
  out += rules_of("exposures that go, by what keeps them off", figures.removed_by_rule);
  out += rules_of("exposures that come, by what kept them off", figures.added_by_rule);
  out += labels_of("exposures by channel", figures.by_channel, symbols) + labels_of("exposures by category", figures.by_category, symbols);
  out += bars_text("customers by exposures", figures.log.customers_by_exposures, figures.draft.customers_by_exposures, std::nullopt);
  for (const Yardstick& one : figures.yardsticks)
    out += bars_text(fmt::format("customers by their most exposures {}{} (rule {} of the {})", one.per == Per::item ? "of one item" : "of everything",
                                 one.window == Duration::max() ? std::string() : " within " + format_duration(one.window), one.rule, one.is_of_draft ? "draft" : "policy in force"),
                     one.log, one.draft, one.limit);
  return out + named_of(figures.most_changed);
}

} // namespace takt
