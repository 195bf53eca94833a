#include "tests/support/naive_condition.h"

#include "core/zone.h"
#include "engine/person.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace takt::test {
namespace {

using Texts = std::vector<std::string>;
/// A value is a list of texts and how they are to be read.
struct Seen { enum class Kind { missing, text, number, flag, list } kind = Kind::missing; Texts texts; double number = 0; };

Seen text(std::string_view value) { return value.empty() ? Seen{} : Seen{Seen::Kind::text, {std::string(value)}, 0}; }
Seen number(double value) { return {Seen::Kind::number, {}, value}; }
Seen flag(bool value) { return {Seen::Kind::flag, {}, value ? 1.0 : 0.0}; }

Seen scalar(const std::string& json) {
  if (json == "true" || json == "false") return flag(json == "true");
  if (json.starts_with('"')) return {Seen::Kind::text, {json.substr(1, json.size() - 2)}, 0};
  return json == "null" ? Seen{} : number(std::stod(json));
}

Seen item_field(const Item& item, const std::string& name) {
  if (name == "brand") return text(item.brand);
  if (name == "kind") return text(item.kind);
  if (name == "tags") return {Seen::Kind::list, item.tags, 0};
  if (name == "category") return item.category.empty() ? Seen{} : Seen{Seen::Kind::list, item.category, 0};
  if (name == "stock") return item.stock ? number(static_cast<double>(*item.stock)) : Seen{};
  if (name == "active") return flag(item.active);
  const auto attribute = item.attributes_json.find(name.substr(std::string("attributes.").size()));
  return attribute == item.attributes_json.end() ? Seen{} : scalar(attribute->second);
}

Seen wall(const ConditionInputs& inputs, UtcTime t, bool weekday) {
  std::optional<Duration> offset = utc_offset_at(inputs.context->timezone, t);
  if (!offset)
    for (const ZoneSpan& zone : inputs.record->zones)
      if (zone.from <= t) offset = utc_offset_at(inputs.symbols->name(zone.zone), t);
  if (!offset) return {};
  const std::int64_t minutes_of_wall = ms_of(t + *offset) / 60'000;
  static const char* const names[]{"thu", "fri", "sat", "sun", "mon", "tue", "wed"}; // 1 January 1970 was a Thursday
  return weekday ? text(names[minutes_of_wall / 1440 % 7]) : number(static_cast<double>(minutes_of_wall / 60 % 24));
}

Seen days_before(std::optional<UtcTime> then, UtcTime t) { return then && *then <= t ? number(std::floor(static_cast<double>((t - *then).count()) / 86'400'000.0)) : Seen{}; }

Seen customer_field(const ConditionInputs& inputs, const std::string& name, UtcTime t) {
  const CustomerRecord& record = *inputs.record;
  if (name == "locale") return text(inputs.symbols->name(record.locale));
  if (name == "consent.marketing.email")
    return flag(consent_allows(record, *inputs.consent, inputs.context ? *inputs.context : RequestContext{}, Purpose::marketing, inputs.symbols->find("email")));
  if (!inputs.profile_allowed) return {};
  if (name == "sessions") {
    std::uint32_t count = 0;
    for (const SessionSpan& session : record.sessions)
      if (session.start <= t) count = session.ordinal;
    return number(count);
  }
  if (name == "days_since_last_activity") return days_before(record.last_activity, t);
  for (const Trait& trait : record.traits)
    if ("traits." + trait.name == name) return scalar(trait.value_json);
  return {};
}

Seen field_of(const std::string& path, const ConditionInputs& inputs, UtcTime t) {
  const std::string owner = path.substr(0, path.find('.')), name = path.substr(path.find('.') + 1);
  if (owner == "item") return inputs.item ? item_field(inputs.item->item, name) : Seen{};
  if (owner == "anchor") return inputs.anchor ? item_field(inputs.anchor->item, name) : Seen{};
  if (owner == "customer") return customer_field(inputs, name, t);
  if (owner == "fact") {
    bool active = false;
    for (const Fact& fact : inputs.record->facts) {
      if (inputs.symbols->name(fact.name) != name) continue;
      const Fact::Switch* last = nullptr;
      for (const Fact::Switch& one : fact.switches)
        if (one.at <= t && (!last || one.at > last->at || (one.at == last->at && one.on))) last = &one;
      bool asked = false, young = false; // the most patient of the gates that ask for it decides
      for (const GatePolicy& gate : inputs.gates)
        if (gate.fact == fact.name) {
          asked = true;
          young = young || (last && t - last->at < gate.ttl);
        }
      active |= last && last->on && (!last->expires_at || t < *last->expires_at) && (young || !asked);
    }
    return flag(active);
  }
  if (!inputs.context) return {};
  if (name == "channel") return text(inputs.symbols->name(inputs.channel));
  if (name == "device") return text(inputs.context->device);
  return wall(inputs, t, name == "weekday");
}

Seen operand_of(const Operand& operand, const ConditionInputs& inputs, UtcTime t) {
  if (const auto* reference = std::get_if<FieldRef>(&operand)) return field_of(reference->path, inputs, t);
  if (const auto* list = std::get_if<Texts>(&operand)) return {Seen::Kind::list, *list, 0};
  if (const auto* one = std::get_if<std::string>(&operand)) return {Seen::Kind::text, {*one}, 0};
  if (const auto* value = std::get_if<double>(&operand)) return number(*value);
  if (const auto* yes = std::get_if<bool>(&operand)) return flag(*yes);
  return {};
}

/// none: the two cannot be ordered.
std::optional<double> difference(const Seen& a, const Seen& b) {
  const auto as_number = [](const Seen& seen) -> std::optional<double> {
    if (seen.kind == Seen::Kind::number) return seen.number;
    if (seen.kind != Seen::Kind::text) return std::nullopt;
    char* end = nullptr;
    const double value = std::strtod(seen.texts[0].c_str(), &end);
    return *end == '\0' && end != seen.texts[0].c_str() ? std::optional(value) : std::nullopt;
  };
  if (a.kind == Seen::Kind::text && b.kind == Seen::Kind::text) return a.texts[0] < b.texts[0] ? -1.0 : a.texts[0] == b.texts[0] ? 0.0 : 1.0;
  const auto left = as_number(a), right = as_number(b);
  if (left && right) return *left - *right;
  return std::nullopt;
}

bool same(const Seen& a, const Seen& b) {
  if (a.kind == Seen::Kind::missing || b.kind == Seen::Kind::missing) return false;
  if (a.kind == Seen::Kind::list || b.kind == Seen::Kind::list) return a.kind == b.kind && a.texts == b.texts;
  if (a.kind == Seen::Kind::flag || b.kind == Seen::Kind::flag) return a.kind == b.kind && a.number == b.number;
  return difference(a, b) == 0.0;
}

bool one_of(const Seen& value, const Seen& list) {
  for (const std::string& allowed : list.texts) {
    if (value.kind == Seen::Kind::list && std::count(value.texts.begin(), value.texts.end(), allowed) > 0) return true;
    if (value.kind != Seen::Kind::list && same(value, text(allowed))) return true;
  }
  return false;
}

bool compared(ConditionOp op, const Seen& value, const Seen& operand) {
  const auto apart = difference(value, operand);
  switch (op) {
  case ConditionOp::eq: return same(value, operand);
  case ConditionOp::ne: return !same(value, operand);
  case ConditionOp::lt: return apart && *apart < 0;
  case ConditionOp::le: return apart && *apart <= 0;
  case ConditionOp::gt: return apart && *apart > 0;
  case ConditionOp::ge: return apart && *apart >= 0;
  case ConditionOp::in: return one_of(value, operand);
  case ConditionOp::not_in: return !one_of(value, operand);
  case ConditionOp::under: {
    if (value.texts.empty() || operand.texts.empty() || value.texts.size() < operand.texts.size()) return false;
    return Texts(value.texts.begin(), value.texts.begin() + static_cast<std::ptrdiff_t>(operand.texts.size())) == operand.texts;
  }
  case ConditionOp::contains:
    if (value.kind == Seen::Kind::list) return operand.kind == Seen::Kind::text && std::count(value.texts.begin(), value.texts.end(), operand.texts[0]) > 0;
    return value.kind == Seen::Kind::text && operand.kind == Seen::Kind::text && value.texts[0].find(operand.texts[0]) != std::string::npos;
  case ConditionOp::exists: return (value.kind != Seen::Kind::missing && !(value.kind == Seen::Kind::list && value.texts.empty())) == (operand.kind != Seen::Kind::flag || operand.number != 0);
  }
  return false;
}

bool among(const Texts& wanted, std::string_view name) { return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end(); }

bool path_matches(const std::vector<Texts>& wanted, const Texts& path) {
  if (wanted.empty()) return true;
  return std::any_of(wanted.begin(), wanted.end(), [&](const Texts& root) { return root.size() <= path.size() && std::equal(root.begin(), root.end(), path.begin()); });
}

bool labels_match(const LabelTexts& match, const LabelSet& labels, const SymbolTable& symbols) {
  const auto name = [&](Symbol symbol) { return symbols.name(symbol); };
  const bool tagged = match.tags.empty() || std::any_of(labels.tags.begin(), labels.tags.end(), [&](Symbol tag) { return among(match.tags, name(tag)); });
  return tagged && among(match.kinds, name(labels.kind)) && among(match.items, name(labels.item)) && among(match.brands, name(labels.brand)) &&
         among(match.channels, name(labels.channel)) && path_matches(match.categories, labels.category.empty() ? Texts{} : symbols.path_of(labels.category.back()));
}

std::optional<std::vector<UtcTime>> times_of(const Occurrence& asked, const ConditionInputs& inputs) {
  const CustomerRecord& record = *inputs.record;
  std::vector<UtcTime> times;
  if (asked.book == Occurrence::Book::seen) {
    if (!inputs.frequency_allowed) return std::nullopt;
    for (const Entry& entry : record.ledger.entries) {
      const LabelSet& labels = record.ledger.labels_of(entry);
      if (entry.origin == EntryOrigin::ghost || entry.origin == EntryOrigin::unverified || !labels_match(asked.match, labels, *inputs.symbols)) continue;
      if (const auto at = shown_at(entry, labels.medium)) times.push_back(*at);
      for (const UtcTime at : reshown_at(entry, labels.medium)) times.push_back(at);
    }
    return times;
  }
  if (!inputs.profile_allowed) return std::nullopt;
  if (asked.event == "Order Completed") {
    for (const Order& order : record.orders)
      for (const OrderLine& line : order.lines) {
        LabelSet labels;
        labels.item = line.item;
        labels.category = line.category;
        if (line.quantity <= 0 || !labels_match(asked.match, labels, *inputs.symbols)) continue;
        times.push_back(order.at);
        break;
      }
    return times;
  }
  std::map<UtcTime, int> instants;
  for (const JourneyEvent& event : record.journey) {
    LabelSet labels;
    labels.item = event.item;
    labels.brand = event.brand;
    labels.channel = event.channel;
    if (event.category != Symbol::none) labels.category = {event.category};
    const bool named = asked.event == "Product Viewed" ? event.kind == JourneyKind::view : event.kind == JourneyKind::other && inputs.symbols->name(event.name) == asked.event;
    if (named && labels_match(asked.match, labels, *inputs.symbols)) instants[event.at] = 1;
  }
  for (const auto& [at, count] : instants) times.push_back(at);
  return times;
}

bool happened(const Occurrence& asked, const ConditionInputs& inputs, UtcTime t) {
  const auto times = times_of(asked, inputs);
  if (!times) return false;
  std::size_t count = 0;
  for (const UtcTime at : *times) count += at <= t && (!asked.within || at > t - *asked.within) ? 1U : 0U;
  return count >= asked.at_least && (!asked.at_most || count <= *asked.at_most);
}

} // namespace

bool naive_condition(const Condition& condition, const ConditionInputs& inputs, const std::vector<Audience>& audiences, UtcTime t) {
  const auto holds = [&](const Condition& child) { return naive_condition(child, inputs, audiences, t); };
  switch (condition.kind) {
  case Condition::Kind::all: return std::all_of(condition.children.begin(), condition.children.end(), holds);
  case Condition::Kind::any: return std::any_of(condition.children.begin(), condition.children.end(), holds);
  case Condition::Kind::negation: return !holds(condition.children.front());
  case Condition::Kind::compare: return compared(condition.op, field_of(condition.field, inputs, t), operand_of(condition.value, inputs, t));
  case Condition::Kind::occurrence: return happened(*condition.occurrence, inputs, t);
  case Condition::Kind::audience: break;
  }
  for (const Audience& audience : audiences) {
    if (audience.id != condition.field) continue;
    if (audience.condition) return holds(*audience.condition);
    for (const LinkedIdentity& linked : inputs.record->identities)
      for (const std::string& customer : audience.customers)
        if (customer == (linked.identity.kind == IdentityKind::user ? "user:" : "anon:") + linked.identity.value) return true;
  }
  return false;
}

} // namespace takt::test
