// The report as JSON. "before" is the log, "after" is the draft.
#include "api/json/writer.h"
#include "api/what_if.h"

#include <algorithm>
#include <vector>

namespace takt {
namespace {

using namespace what_if;

double share_of(std::uint64_t part, std::uint64_t whole) { return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0; }

void write_time(JsonWriter& json, std::string_view name, UtcTime time) {
  if (time == UtcTime::min() || time == UtcTime::max()) json.key(name).null();
  else json.field(name, time);
}

void write_customers(JsonWriter& json, const Report& report) {
  const Figures& figures = report.figures;
  const auto left_out = [&](LeftOut reason) { return figures.left_out[static_cast<std::size_t>(reason)]; };
  json.key("customers").begin_object();
  json.field("known", report.customers_known).field("read", report.customers_read).field("read_share", report.sampled).field("replayed", figures.customers);
  json.field("with_another_history", figures.diverged);
  json.key("left_out").begin_object();
  for (const LeftOut reason : {LeftOut::no_decisions, LeftOut::no_analytics_consent, LeftOut::bot, LeftOut::told_elsewhere, LeftOut::parted, LeftOut::world_not_held})
    json.field(to_text(reason), left_out(reason));
  json.end_object().key("not_held").begin_array();
  for (const auto& [name, customers] : figures.not_held) json.begin_object().field("name", name).field("customers", customers).end_object();
  json.end_array().end_object();
}

void write_side(JsonWriter& json, std::string_view name, const SideFigures& side, std::uint64_t customers) {
  json.key(name).begin_object();
  json.field("exposures", side.exposures).field("exposures_per_customer", share_of(side.exposures, customers));
  json.field("customers_reached", side.reached).field("reach", share_of(side.reached, customers));
  json.field("fill_rate", share_of(side.filled, side.slots)).field("hold_rate", share_of(side.holds, side.placements));
  json.field("fallbacks", side.fallbacks).field("deferred", side.defers).field("contacts", side.contacts).field("contact_cost", side.contact_cost);
  json.end_object();
}

void write_rules(JsonWriter& json, std::string_view name, const std::map<std::string, std::uint64_t>& by_rule) {
  std::vector<std::pair<std::string, std::uint64_t>> rules(by_rule.begin(), by_rule.end());
  std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  json.key(name).begin_array();
  for (const auto& [rule, exposures] : rules) json.begin_object().field("rule", rule).field("exposures", exposures).end_object();
  json.end_array();
}

void write_exposures(JsonWriter& json, const Figures& figures) {
  json.key("exposures").begin_object();
  json.field("removed", figures.removed).field("added", figures.added).field("moved_to_a_slot_that_was_not_seen", figures.moved_out).field("moved_to_a_slot_that_was_seen", figures.moved_in);
  write_rules(json, "removed_by_rule", figures.removed_by_rule);
  write_rules(json, "added_where_a_rule_kept_it_off", figures.added_by_rule);
  json.end_object();
}

void write_labels(JsonWriter& json, std::string_view name, const char* label, const std::map<Symbol, BothSides>& by_label, const SymbolTable& symbols) {
  std::vector<std::pair<std::string, BothSides>> rows;
  for (const auto& [symbol, both] : by_label) rows.emplace_back(symbols.name(symbol), both);
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; }); // numbers of symbols are an accident
  json.key(name).begin_array();
  for (const auto& [text, both] : rows)
    json.begin_object().field_or_null(label, text).field("before", both.log).field("after", both.draft).field("removed", both.removed).field("added", both.added).end_object();
  json.end_array();
}

void write_histogram(JsonWriter& json, std::string_view name, const Histogram& before, const Histogram& after) {
  std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> both;
  for (const auto& [count, customers] : before) both[count].first = customers;
  for (const auto& [count, customers] : after) both[count].second = customers;
  json.key(name).begin_array();
  for (const auto& [count, customers] : both)
    json.begin_object().field("exposures", count).field("customers_before", customers.first).field("customers_after", customers.second).end_object();
  json.end_array();
}

void write_yardsticks(JsonWriter& json, const std::vector<Yardstick>& yardsticks) {
  json.key("caps").begin_array();
  for (const Yardstick& one : yardsticks) {
    json.begin_object().field("rule", one.rule).field("of", one.is_of_draft ? "draft" : "current").field("per", one.per == Per::item ? "item" : "all");
    if (one.window == Duration::max()) json.key("window").null();
    else json.field("window", format_duration(one.window));
    json.field("limit", one.limit);
    write_histogram(json, "most_in_a_window", one.log, one.draft);
    json.end_object();
  }
  json.end_array();
}

void write_interval(JsonWriter& json, std::string_view name, const Interval& interval) {
  json.key(name).begin_object().field("value", interval.value).field("low", interval.low).field("high", interval.high).end_object();
}

void write_model(JsonWriter& json, std::string_view name, const ModelEstimate& estimate) {
  json.key(name).begin_object();
  write_interval(json, "before", estimate.log);
  write_interval(json, "after", estimate.draft);
  write_interval(json, "difference", estimate.difference);
  json.end_object();
}

void write_weighted(JsonWriter& json, const WeightedEstimate& estimate) {
  json.key("by_logged_responses").begin_object().field("can_tell", estimate.doubts.empty());
  json.key("doubts").begin_array();
  for (const std::string& doubt : estimate.doubts) json.begin_object().field("code", doubt).field("text", doubt_text(doubt)).end_object();
  json.end_array();
  json.field("decisions_weighed", estimate.decisions).field("share_of_decisions", estimate.covered).field("customers", estimate.customers);
  json.field("effective_sample_size", estimate.effective_sample).field("largest_weight", estimate.weight_max);
  json.field("clicks_before", estimate.logged_clicks).field("value_before", estimate.logged_value);
  write_interval(json, "clicks_after", estimate.clicks);
  write_interval(json, "value_after", estimate.value);
  json.end_object();
}

void write_named(JsonWriter& json, const std::vector<CustomerChange>& named) {
  json.key("customers_most_changed").begin_array();
  for (const CustomerChange& change : named) {
    json.begin_object().field("customer_id", to_text(change.id)).field("decisions", change.decisions).field("decisions_changed", change.changed);
    json.field("exposures_before", change.exposures_log).field("exposures_after", change.exposures_draft).field("removed", change.removed).field("added", change.added);
    write_rules(json, "removed_by_rule", change.removed_by_rule);
    json.end_object();
  }
  json.end_array();
}

} // namespace

std::string what_if_json(const Report& report, const SymbolTable& symbols, double seconds) {
  const Figures& figures = report.figures;
  JsonWriter json;
  json.begin_object();
  write_time(json, "from", report.options.range.from);
  write_time(json, "to", report.options.range.to);
  json.field("sample", report.options.sample).field("cut_short", report.is_cut_short).field("cancelled", report.is_cancelled);
  write_customers(json, report);
  json.key("decisions").begin_object().field("replayed", figures.decisions).field("changed", figures.changed).field("changed_share", share_of(figures.changed, figures.decisions));
  json.field("made_again_under_their_own_rules", figures.checked).field("of_these_otherwise", figures.not_reproduced).end_object();
  write_side(json, "before", figures.log, figures.customers);
  write_side(json, "after", figures.draft, figures.customers);
  write_exposures(json, figures);
  write_labels(json, "by_category", "category", figures.by_category, symbols);
  write_labels(json, "by_channel", "channel", figures.by_channel, symbols);
  write_labels(json, "by_placement", "placement", figures.by_placement, symbols);
  write_histogram(json, "exposures_per_customer", figures.log.customers_by_exposures, figures.draft.customers_by_exposures);
  write_yardsticks(json, figures.yardsticks);
  json.key("by_model").begin_object();
  write_model(json, "clicks", report.model_clicks);
  write_model(json, "value", report.model_value);
  json.end_object();
  write_weighted(json, report.weighted);
  write_named(json, figures.most_changed);
  json.field("seconds", seconds).field("decisions_per_second", seconds > 0 ? static_cast<double>(figures.decisions) / seconds : 0.0).end_object();
  return json.take();
}

} // namespace takt
