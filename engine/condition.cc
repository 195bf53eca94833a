#include "engine/condition.h"

#include "engine/json_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace takt {
namespace {

using Value = ScalarValue; // monostate = missing
using Texts = std::vector<std::string>;

Value number_or_missing(const std::optional<std::int64_t>& value, double unit) {
  return value ? Value(static_cast<double>(*value) / unit) : Value();
}
Value text_or_missing(const std::string& text) { return text.empty() ? Value() : Value(text); }
Value amount_of(const std::optional<Money>& money) { return money ? Value(money->amount()) : Value(); }
Value currency_of(const std::optional<Money>& money) { return money ? text_or_missing(money->currency) : Value(); }

struct Field {
  std::string_view name;
  Value (*read)(const Item& item);
};
constexpr std::string_view attributes_prefix = "attributes.";

const std::array<Field, 18>& fields() {
  static const std::array<Field, 18> table{{
      {"id", [](const Item& item) { return Value(item.id.text()); }},
      {"kind", [](const Item& item) { return Value(item.kind); }},
      {"group", [](const Item& item) { return Value(item.group.empty() ? item.id.text() : item.group); }},
      {"title", [](const Item& item) { return text_or_missing(item.title); }},
      {"brand", [](const Item& item) { return text_or_missing(item.brand); }},
      {"category", [](const Item& item) { return item.category.empty() ? Value() : Value(item.category); }},
      {"tags", [](const Item& item) { return Value(item.tags); }},
      {"campaign", [](const Item& item) { return text_or_missing(item.campaign); }},
      {"purpose", [](const Item& item) { return text_or_missing(item.purpose); }},
      {"price.amount", [](const Item& item) { return amount_of(item.price); }},
      {"price.currency", [](const Item& item) { return currency_of(item.price); }},
      {"list_price.amount", [](const Item& item) { return amount_of(item.list_price); }},
      {"list_price.currency", [](const Item& item) { return currency_of(item.list_price); }},
      {"value", [](const Item& item) { return number_or_missing(item.value_micros, 1e6); }},
      {"stock", [](const Item& item) { return number_or_missing(item.stock, 1.0); }},
      {"active", [](const Item& item) { return Value(item.active); }},
      {"channels", [](const Item& item) { return Value(item.channels); }},
      {"regions", [](const Item& item) { return Value(item.regions); }},
  }};
  return table;
}

Value read_field(const Item& item, std::string_view name) {
  if (name.starts_with(attributes_prefix)) {
    const auto found = item.attributes_json.find(std::string(name.substr(attributes_prefix.size())));
    return found == item.attributes_json.end() ? Value() : parse_json_scalar(found->second);
  }
  for (const Field& field : fields())
    if (field.name == name) return field.read(item);
  return {};
}

Value read_path(std::string_view path, const CatalogueItem& item, const CatalogueItem* anchor) {
  if (path.starts_with("item.")) return read_field(item.item, path.substr(5));
  if (path.starts_with("anchor.") && anchor) return read_field(anchor->item, path.substr(7));
  return {};
}

bool is_missing(const Value& value) { return std::holds_alternative<std::monostate>(value); }

std::optional<double> as_number(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  const auto* text = std::get_if<std::string>(&value);
  if (!text) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// Numbers as numbers only where one side is one: "10" and "9" are texts, and so ids compare as texts.
bool compare_as_numbers(const Value& a, const Value& b) {
  return (std::holds_alternative<double>(a) || std::holds_alternative<double>(b)) && as_number(a) && as_number(b);
}

bool equal(const Value& a, const Value& b) {
  if (is_missing(a) || is_missing(b)) return false;
  return compare_as_numbers(a, b) ? *as_number(a) == *as_number(b) : a == b;
}

/// -1, 0, 1; none where the two have no order.
std::optional<int> order_of(const Value& a, const Value& b) {
  if (compare_as_numbers(a, b)) return *as_number(a) < *as_number(b) ? -1 : *as_number(a) > *as_number(b) ? 1 : 0;
  const auto* left = std::get_if<std::string>(&a);
  const auto* right = std::get_if<std::string>(&b);
  if (!left || !right) return std::nullopt;
  return left->compare(*right) < 0 ? -1 : left->compare(*right) > 0 ? 1 : 0;
}

Texts as_texts(const Value& value) {
  if (const auto* texts = std::get_if<Texts>(&value)) return *texts;
  if (const auto* text = std::get_if<std::string>(&value)) return {*text};
  return {};
}

/// A scalar is one of the list; a list shares a member with it.
bool is_in(const Value& value, const Value& list) {
  const Texts allowed = as_texts(list);
  if (const auto* own = std::get_if<Texts>(&value))
    return std::any_of(own->begin(), own->end(), [&](const std::string& text) { return std::find(allowed.begin(), allowed.end(), text) != allowed.end(); });
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& text) { return equal(value, Value(text)); });
}

bool is_under(const Value& value, const Value& root) {
  const Texts path = as_texts(value), prefix = as_texts(root);
  return !path.empty() && !prefix.empty() && prefix.size() <= path.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

bool contains(const Value& value, const Value& part) {
  const auto* text = std::get_if<std::string>(&part);
  if (!text) return false;
  if (const auto* whole = std::get_if<std::string>(&value)) return whole->find(*text) != std::string::npos;
  const auto* list = std::get_if<Texts>(&value);
  return list && std::find(list->begin(), list->end(), *text) != list->end();
}

Value operand_value(const Operand& operand, const CatalogueItem& item, const CatalogueItem* anchor) {
  if (const auto* flag = std::get_if<bool>(&operand)) return *flag;
  if (const auto* number = std::get_if<double>(&operand)) return *number;
  if (const auto* text = std::get_if<std::string>(&operand)) return *text;
  if (const auto* texts = std::get_if<Texts>(&operand)) return *texts;
  if (const auto* reference = std::get_if<FieldRef>(&operand)) return read_path(reference->path, item, anchor);
  return {};
}

bool compare(const Condition& condition, const CatalogueItem& item, const CatalogueItem* anchor) {
  const Value value = read_path(condition.field, item, anchor);
  const Value operand = operand_value(condition.value, item, anchor);
  const std::optional<int> order = order_of(value, operand);
  switch (condition.op) {
    case ConditionOp::eq: return equal(value, operand);
    case ConditionOp::ne: return !equal(value, operand);
    case ConditionOp::lt: return order && *order < 0;
    case ConditionOp::le: return order && *order <= 0;
    case ConditionOp::gt: return order && *order > 0;
    case ConditionOp::ge: return order && *order >= 0;
    case ConditionOp::in: return is_in(value, operand);
    case ConditionOp::not_in: return !is_in(value, operand);
    case ConditionOp::under: return is_under(value, operand);
    case ConditionOp::contains: return contains(value, operand);
    case ConditionOp::exists: {
      const auto* wanted = std::get_if<bool>(&operand);
      const auto* list = std::get_if<Texts>(&value);
      const bool exists = !is_missing(value) && !(list && list->empty());
      return exists == (wanted ? *wanted : true);
    }
  }
  return false;
}

} // namespace

bool condition_holds(const Condition& condition, const CatalogueItem& item, const CatalogueItem* anchor) {
  const auto holds = [&](const Condition& child) { return condition_holds(child, item, anchor); };
  switch (condition.kind) {
    case Condition::Kind::all: return std::all_of(condition.children.begin(), condition.children.end(), holds);
    case Condition::Kind::any: return std::any_of(condition.children.begin(), condition.children.end(), holds);
    case Condition::Kind::negation: return std::none_of(condition.children.begin(), condition.children.end(), holds);
    case Condition::Kind::compare: return compare(condition, item, anchor);
  }
  return false;
}

bool is_condition_field(std::string_view path) {
  if (path.starts_with("item.")) path.remove_prefix(5);
  else if (path.starts_with("anchor.")) path.remove_prefix(7);
  else return false;
  if (path.starts_with(attributes_prefix)) return path.size() > attributes_prefix.size();
  return std::any_of(fields().begin(), fields().end(), [&](const Field& field) { return field.name == path; });
}

} // namespace takt
