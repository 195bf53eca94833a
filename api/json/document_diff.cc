#include "api/json/document_diff.h"

#include "api/json/fields.h"

#include <map>

namespace takt {

namespace {

using Values = std::map<std::string, JsonValue, std::less<>>;

Values members_of(const std::optional<JsonValue>& value) {
  Values members;
  if (value && value->is(JsonKind::object))
    for (const JsonMember member : value->members()) members.emplace(member.key, member.value);
  return members;
}

/// Depth is bounded by the parser (limits::json_depth_max).
void collect_fields(JsonValue before, JsonValue after, const std::string& pointer, std::vector<FieldChange>& out) {
  if (!before.is(JsonKind::object) || !after.is(JsonKind::object)) {
    if (canonical_json(before) != canonical_json(after)) out.push_back({pointer, std::string(before.source()), std::string(after.source())});
    return;
  }
  const Values old_members = members_of(before), new_members = members_of(after);
  for (const auto& [key, value] : old_members)
    if (const auto other = new_members.find(key); other != new_members.end()) collect_fields(value, other->second, pointer_to(pointer, key), out);
    else out.push_back({pointer_to(pointer, key), std::string(value.source()), std::nullopt});
  for (const auto& [key, value] : new_members)
    if (!old_members.contains(key)) out.push_back({pointer_to(pointer, key), std::nullopt, std::string(value.source())});
}

std::string text_of(JsonValue rule, std::string_view key) {
  const auto value = rule.is(JsonKind::object) ? rule.find(key) : std::nullopt;
  return value && value->is(JsonKind::string) ? std::string(value->text()) : "";
}

struct Rule {
  JsonValue value;
  std::string id;
  std::string pointer;
};
struct RuleList {
  std::vector<std::string> names;            ///< in the policy's order
  std::map<std::string, Rule> by_name;
};

RuleList rules_of(JsonValue list, const std::string& part) {
  RuleList rules;
  std::size_t place = 0;
  for (const JsonValue rule : list.elements()) {
    std::string id = text_of(rule, "id");
    if (id.empty()) id = text_of(rule, "fact");
    std::string name = "id:" + id;
    if (id.empty()) {
      name = "unnamed:";
      for (const std::string_view key : {"per", "match"})
        if (const auto value = rule.is(JsonKind::object) ? rule.find(key) : std::nullopt) name += canonical_json(*value) + "\n";
    }
    while (rules.by_name.contains(name)) name += "+"; // two that act on the same: the first is the first
    rules.names.push_back(name);
    rules.by_name.emplace(name, Rule{rule, id, pointer_to("/" + part, place++)});
  }
  return rules;
}

void diff_rules(const std::string& part, JsonValue before, JsonValue after, PolicyDiff& diff) {
  const RuleList old_rules = rules_of(before, part), new_rules = rules_of(after, part);
  std::vector<std::string> old_order, new_order;
  for (const std::string& name : new_rules.names) {
    const Rule& rule = new_rules.by_name.at(name);
    const auto old = old_rules.by_name.find(name);
    if (old == old_rules.by_name.end()) {
      diff.changes.push_back({PolicyChange::Kind::added, part, rule.id, rule.pointer, {}, std::nullopt, std::string(rule.value.source())});
      continue;
    }
    new_order.push_back(name);
    auto fields = diff_fields(old->second.value, rule.value, rule.pointer);
    if (!fields.empty()) diff.changes.push_back({PolicyChange::Kind::changed, part, rule.id, rule.pointer, std::move(fields), std::nullopt, std::nullopt});
  }
  for (const std::string& name : old_rules.names) {
    const Rule& rule = old_rules.by_name.at(name);
    if (new_rules.by_name.contains(name)) old_order.push_back(name);
    else diff.changes.push_back({PolicyChange::Kind::removed, part, rule.id, rule.pointer, {}, std::string(rule.value.source()), std::nullopt});
  }
  if (old_order != new_order) diff.reordered.push_back(part);
}

std::string_view name_of(PolicyChange::Kind kind) {
  return kind == PolicyChange::Kind::added ? "added" : kind == PolicyChange::Kind::removed ? "removed" : "changed";
}

} // namespace

std::vector<FieldChange> diff_fields(JsonValue before, JsonValue after, const std::string& pointer) {
  std::vector<FieldChange> fields;
  collect_fields(before, after, pointer, fields);
  return fields;
}

PolicyDiff diff_policies(JsonValue before, JsonValue after) {
  PolicyDiff diff;
  JsonDocument nothing;
  const Status parsed = nothing.parse("[]");
  static_cast<void>(parsed);
  Values old_parts = members_of(before), new_parts = members_of(after);
  for (const auto& [part, value] : new_parts) old_parts.try_emplace(part, value.is(JsonKind::array) ? nothing.root() : value);
  for (const auto& [part, old_value] : old_parts) {
    const bool is_new = !before.find(part);
    const auto found = new_parts.find(part);
    const bool is_list = old_value.is(JsonKind::array) && (found == new_parts.end() || found->second.is(JsonKind::array));
    if (is_list) diff_rules(part, old_value, found == new_parts.end() ? nothing.root() : found->second, diff);
    else if (is_new) diff.changes.push_back({PolicyChange::Kind::added, part, "", "/" + part, {}, std::nullopt, std::string(old_value.source())});
    else if (found == new_parts.end())
      diff.changes.push_back({PolicyChange::Kind::removed, part, "", "/" + part, {}, std::string(old_value.source()), std::nullopt});
    else if (auto fields = diff_fields(old_value, found->second, "/" + part); !fields.empty())
      diff.changes.push_back({PolicyChange::Kind::changed, part, "", "/" + part, std::move(fields), std::nullopt, std::nullopt});
  }
  return diff;
}

void write_field_changes(JsonWriter& json, const std::vector<FieldChange>& fields) {
  json.begin_array();
  for (const FieldChange& field : fields) {
    json.begin_object().field("pointer", field.pointer);
    if (field.before) json.key("before").raw(*field.before);
    if (field.after) json.key("after").raw(*field.after);
    json.end_object();
  }
  json.end_array();
}

void write_policy_diff(JsonWriter& json, const PolicyDiff& diff) {
  json.key("changes").begin_array();
  for (const PolicyChange& change : diff.changes) {
    json.begin_object().field("change", name_of(change.kind)).field("part", change.part).field_or_null("id", change.id).field("pointer", change.pointer);
    if (change.before) json.key("before").raw(*change.before);
    if (change.after) json.key("after").raw(*change.after);
    if (change.kind == PolicyChange::Kind::changed) {
      json.key("fields");
      write_field_changes(json, change.fields);
    }
    json.end_object();
  }
  json.end_array().key("reordered").begin_array();
  for (const std::string& part : diff.reordered) json.text(part);
  json.end_array();
}

} // namespace takt
