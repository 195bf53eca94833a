#include "engine/condition.h"

#include "engine/audience.h"
#include "engine/condition_program.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

namespace takt {
namespace {

using Value = ScalarValue; // monostate = missing
using Texts = std::vector<std::string>;

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
  const auto* many = std::get_if<Texts>(&list); // asked for every item: a list of a thousand is not copied each time
  const auto* one = std::get_if<std::string>(&list);
  const std::span<const std::string> allowed = many != nullptr ? std::span(*many) : one != nullptr ? std::span(one, 1) : std::span<const std::string>();
  const auto is_allowed = [&](const std::string& text) { return std::find(allowed.begin(), allowed.end(), text) != allowed.end(); };
  if (const auto* own = std::get_if<Texts>(&value)) return std::any_of(own->begin(), own->end(), is_allowed);
  if (const auto* text = std::get_if<std::string>(&value)) return is_allowed(*text); // two texts are equal as texts
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

bool exists(const Value& value, const Value& wanted) {
  const auto* list = std::get_if<Texts>(&value);
  const bool is_there = !is_missing(value) && !(list && list->empty());
  const auto* flag = std::get_if<bool>(&wanted);
  return is_there == (flag ? *flag : true);
}

bool has_label(const ConditionProgram::Node& node, const CatalogueItem& item) {
  const auto labels = field_labels(node.field, item);
  return std::any_of(labels->begin(), labels->end(), [&](Symbol label) { return std::binary_search(node.labels.begin(), node.labels.end(), label); });
}

} // namespace

bool compare_values(ConditionOp op, const ScalarValue& value, const ScalarValue& operand) {
  switch (op) {
  case ConditionOp::eq: return equal(value, operand);
  case ConditionOp::ne: return !equal(value, operand);
  case ConditionOp::in: return is_in(value, operand);
  case ConditionOp::not_in: return !is_in(value, operand);
  case ConditionOp::under: return is_under(value, operand);
  case ConditionOp::contains: return contains(value, operand);
  case ConditionOp::exists: return exists(value, operand);
  case ConditionOp::lt:
  case ConditionOp::le:
  case ConditionOp::gt:
  case ConditionOp::ge: break;
  }
  const std::optional<int> order = order_of(value, operand);
  if (!order) return false;
  if (*order == 0) return op == ConditionOp::le || op == ConditionOp::ge;
  return *order < 0 ? op == ConditionOp::lt || op == ConditionOp::le : op == ConditionOp::gt || op == ConditionOp::ge;
}

bool ConditionMoment::holds(const ConditionProgram& program, const CatalogueItem* item) {
  inputs_.item = item;
  auto& known = known_[&program];
  if (known.empty()) known.assign(program.nodes().size(), Known::nothing);
  return node_holds(program, known, 0);
}

/// Recursion is bounded by the depth of the condition.
bool ConditionMoment::node_holds(const ConditionProgram& program, std::vector<Known>& known, std::size_t place) {
  const ConditionProgram::Node& node = program.nodes()[place];
  if (!node.is_of_item && known[place] != Known::nothing) return known[place] == Known::yes;
  bool result = true;
  switch (node.kind) {
  case Condition::Kind::all:
    for (std::size_t child = place + 1; result && child < node.end; child = program.nodes()[child].end) result = node_holds(program, known, child);
    break;
  case Condition::Kind::any:
    result = false;
    for (std::size_t child = place + 1; !result && child < node.end; child = program.nodes()[child].end) result = node_holds(program, known, child);
    break;
  case Condition::Kind::negation: result = !(place + 1 < node.end && node_holds(program, known, place + 1)); break;
  case Condition::Kind::compare:
  case Condition::Kind::occurrence:
  case Condition::Kind::audience: result = leaf_holds(node); break;
  }
  if (!node.is_of_item) known[place] = result ? Known::yes : Known::no;
  return result;
}

bool ConditionMoment::leaf_holds(const ConditionProgram::Node& node) {
  if (node.kind == Condition::Kind::audience) return audience_holds(node.audience);
  if (node.kind == Condition::Kind::occurrence) return occurrence_holds(node.occurrence, inputs_, t_);
  if (node.by_labels) {
    const CatalogueItem* owner = node.field.root == FieldKey::Root::item ? inputs_.item : inputs_.anchor;
    return (owner && has_label(node, *owner)) == node.wants_label;
  }
  const Value value = read_field(node.field, inputs_, t_);
  return compare_values(node.op, value, node.reference ? read_field(*node.reference, inputs_, t_) : node.constant);
}

bool ConditionMoment::audience_holds(Symbol audience) {
  const AudienceSet::Compiled* found = inputs_.audiences ? inputs_.audiences->find(audience) : nullptr;
  if (!found) return false;
  if (const auto known = audiences_.find(audience); known != audiences_.end()) return known->second;
  const CatalogueItem* item = inputs_.item; // audiences know none, and must leave it as it is
  const bool result = found->program ? holds(*found->program, nullptr) : found->lists(*inputs_.record);
  inputs_.item = item;
  audiences_[audience] = result;
  return result;
}

bool condition_holds(const ConditionProgram& program, const ConditionInputs& inputs, UtcTime t) { return ConditionMoment(inputs, t).holds(program); }

} // namespace takt
