// A condition as the JSON that reads back to it.
#include "api/json/condition_reader.h"
#include "api/json/writer.h"

#include <array>
#include <type_traits>

namespace takt {

namespace {

constexpr std::array<std::string_view, 11> op_names{"eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "under", "contains", "exists"};

void write_texts(JsonWriter& json, const std::vector<std::string>& texts) {
  json.begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

void write_operand(JsonWriter& json, const Operand& operand) {
  std::visit(
      [&](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>) json.null();
        if constexpr (std::is_same_v<Value, bool>) json.boolean(value);
        if constexpr (std::is_same_v<Value, double>) json.number(value);
        if constexpr (std::is_same_v<Value, std::string>) json.text(value);
        if constexpr (std::is_same_v<Value, std::vector<std::string>>) write_texts(json, value);
        if constexpr (std::is_same_v<Value, FieldRef>) json.begin_object().field("ref", value.path).end_object();
      },
      operand);
}

void write_match(JsonWriter& json, const LabelTexts& match) {
  if (match == LabelTexts{}) return;
  json.key("match").begin_object();
  const auto list = [&](std::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    json.key(name);
    write_texts(json, texts);
  };
  list("kinds", match.kinds);
  list("tags", match.tags);
  list("brands", match.brands);
  list("campaigns", match.campaigns);
  list("items", match.items);
  list("groups", match.groups);
  list("purposes", match.purposes);
  list("channels", match.channels);
  list("placements", match.placements);
  if (!match.categories.empty()) {
    json.key("categories").begin_array();
    for (const auto& path : match.categories) write_texts(json, path);
    json.end_array();
  }
  json.end_object();
}

void write_occurrence(JsonWriter& json, const Occurrence& occurrence) {
  json.key(occurrence.book == Occurrence::Book::journey ? "journey" : "seen").begin_object();
  if (occurrence.book == Occurrence::Book::journey) json.field("event", occurrence.event);
  write_match(json, occurrence.match);
  if (occurrence.at_least > 0) json.field("at_least", occurrence.at_least);
  if (occurrence.at_most) json.field("at_most", *occurrence.at_most);
  if (occurrence.within) json.field("within", format_duration(*occurrence.within));
  json.end_object();
}

} // namespace

void write_condition(JsonWriter& json, const Condition& condition) { // recursion: depth is bounded where it was read
  json.begin_object();
  switch (condition.kind) {
  case Condition::Kind::all:
  case Condition::Kind::any:
    json.key(condition.kind == Condition::Kind::all ? "and" : "or").begin_array();
    for (const Condition& child : condition.children) write_condition(json, child);
    json.end_array();
    break;
  case Condition::Kind::negation:
    json.key("not");
    write_condition(json, condition.children.front());
    break;
  case Condition::Kind::compare:
    json.field("field", condition.field).field("op", op_names[static_cast<std::size_t>(condition.op)]).key("value");
    write_operand(json, condition.value);
    break;
  case Condition::Kind::occurrence: write_occurrence(json, condition.occurrence.value_or(Occurrence{})); break;
  case Condition::Kind::audience: json.field("audience", condition.field); break;
  }
  json.end_object();
}

void write_audience_of(JsonWriter& json, const Condition& audience) {
  if (audience.kind == Condition::Kind::audience) json.text(audience.field);
  else write_condition(json, audience);
}

} // namespace takt
