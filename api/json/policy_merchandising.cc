#include "api/json/policy_merchandising.h"

#include "api/json/condition_reader.h"
#include "api/json/policy_caps.h"
#include "api/json/policy_time.h"
#include "api/json/selector.h"

#include <algorithm>

namespace takt {

namespace {

/// A fifth to five times: more than that is a pin or a hide.
constexpr double factor_min = 0.2, factor_max = 5;

std::vector<MerchandisingRule::Pin> read_pins(Fields& rule, SymbolTable& symbols) {
  std::vector<MerchandisingRule::Pin> pins;
  for (const auto& [value, pointer] : rule.list("pin", limits::slots_max)) {
    Fields fields(value, pointer, rule.complaints());
    const auto item = fields.text("item", limits::id_bytes_max);
    if (!item || item->empty()) fields.complain("item", "must be the id of an item");
    const auto slot = fields.natural("slot", 1, limits::slots_max);
    fields.finish();
    pins.push_back({symbols.intern(item.value_or("")), static_cast<std::uint32_t>(slot.value_or(1))});
    const auto same = [&](const MerchandisingRule::Pin& other) { return &other != &pins.back() && (other.slot == pins.back().slot || other.item == pins.back().item); };
    if (std::any_of(pins.begin(), pins.end(), same)) rule.complaints().add(pointer, "the slot or the item is pinned already");
  }
  return pins;
}

double read_factor(Fields& fields) {
  const auto factor = fields.real("factor", factor_min, factor_max);
  fields.need("factor", factor.has_value());
  return factor.value_or(1);
}

std::vector<MerchandisingRule::Boost> read_boosts(Fields& rule, SymbolTable& symbols) {
  std::vector<MerchandisingRule::Boost> boosts;
  for (const auto& [value, pointer] : rule.list("boost", limits::merchandising_parts_max)) {
    Fields fields(value, pointer, rule.complaints());
    MerchandisingRule::Boost boost;
    boost.match = parse_selector(fields, "match", symbols).value_or(Selector{});
    boost.factor = read_factor(fields);
    fields.finish();
    boosts.push_back(std::move(boost));
  }
  return boosts;
}

/// What every rule has. `name`: of one without an id.
MerchandisingRule read_rule(Fields& fields, const std::string& name, SymbolTable& symbols, std::vector<std::string>& ids) {
  MerchandisingRule rule;
  rule.id = fields.text("id", limits::id_bytes_max).value_or(name);
  check_distinct_id(rule.id, ids, fields.pointer(), fields.complaints());
  rule.match = parse_selector(fields, "match", symbols).value_or(Selector{});
  rule.exempt = parse_selector(fields, "exempt", symbols);
  rule.schedule = read_schedule(fields);
  rule.audience = read_audience(fields, "audience");
  return rule;
}

} // namespace

std::vector<MerchandisingRule> read_merchandising(Fields& policy, SymbolTable& symbols) {
  std::vector<MerchandisingRule> rules;
  std::vector<std::string> ids;
  for (const auto& [value, pointer] : policy.list("merchandising", limits::timed_rules_max)) {
    Fields fields(value, pointer, policy.complaints());
    MerchandisingRule rule = read_rule(fields, "merchandising-" + std::to_string(rules.size() + 1), symbols, ids);
    rule.pins = read_pins(fields, symbols);
    rule.boosts = read_boosts(fields, symbols);
    rule.hide = parse_selector(fields, "hide", symbols);
    if (rule.pins.empty() && rule.boosts.empty() && !rule.hide && value.is(JsonKind::object)) policy.complaints().add(pointer, "does nothing: give pin, boost or hide");
    if (rule.hide && rule.hide->selects_everything()) fields.complain("hide", "would hide everything: to stop selling, pause");
    fields.finish();
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::vector<MerchandisingRule> read_levers(Fields& arbitration, SymbolTable& symbols) {
  std::vector<MerchandisingRule> levers;
  std::vector<std::string> ids;
  for (const auto& [value, pointer] : arbitration.list("levers", limits::timed_rules_max)) {
    Fields fields(value, pointer, arbitration.complaints());
    MerchandisingRule lever = read_rule(fields, "lever-" + std::to_string(levers.size() + 1), symbols, ids);
    lever.is_lever = true;
    lever.boosts = {{Selector{}, read_factor(fields)}};
    fields.finish();
    levers.push_back(std::move(lever));
  }
  return levers;
}

} // namespace takt
