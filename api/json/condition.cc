#include "api/json/codecs.h"
#include "api/json/condition_reader.h"
#include "api/json/deep_document.h"
#include "engine/condition.h"
#include "core/money.h"

namespace takt {

namespace {

/// Contract names that later releases answer; anything else is a typing mistake.
bool is_planned(std::string_view field) {
  for (const std::string_view owner : {"context.attributes.", "session.", "experiment."})
    if (field.starts_with(owner)) return true;
  return false;
}

/// Why a field that exists cannot be asked here; "" = it can.
std::string_view objection(ConditionUse use, std::string_view field) {
  const bool of_item = field.starts_with("item.") || field.starts_with("anchor."), of_call = field.starts_with("context.");
  if (use != ConditionUse::filter && of_item) return "an audience is about people: it knows no item and no anchor";
  if (use == ConditionUse::audience && of_call) return "a named audience is asked without a call: context is for filters and for the audience of a rule or an item";
  return "";
}

class ConditionReader {
public:
  ConditionReader(Complaints& complaints, ConditionUse use) : complaints_(complaints), use_(use) {}
  Condition read(JsonValue value, const std::string& pointer, std::size_t depth);

private:
  void read_children(Fields& fields, std::string_view key, Condition& condition, std::size_t depth);
  void read_compare(Fields& fields, Condition& condition);
  void read_value(Fields& fields, Condition& condition, FieldKind kind);
  std::optional<FieldKind> check_field(const std::string& field, const std::string& pointer);
  Complaints& complaints_;
  ConditionUse use_;
  std::size_t nodes_ = 0, values_ = 0;
};

Condition ConditionReader::read(JsonValue value, const std::string& pointer, std::size_t depth) {
  Condition condition;
  if (depth > limits::condition_depth_max) {
    complaints_.add(pointer, "is nested deeper than " + std::to_string(limits::condition_depth_max) + " levels");
    return condition;
  }
  if (++nodes_ > limits::condition_nodes_max) {
    if (nodes_ == limits::condition_nodes_max + 1) complaints_.add(pointer, "the condition has more than " + std::to_string(limits::condition_nodes_max) + " parts");
    return condition;
  }
  Fields fields(value, pointer, complaints_);
  if (fields.has("and")) {
    condition.kind = Condition::Kind::all;
    read_children(fields, "and", condition, depth);
  } else if (fields.has("or")) {
    condition.kind = Condition::Kind::any;
    read_children(fields, "or", condition, depth);
  } else if (const auto inner = fields.take("not")) {
    condition.kind = Condition::Kind::negation;
    condition.children.push_back(read(*inner, fields.pointer("not"), depth + 1));
  } else if (fields.has("journey") || fields.has("seen")) {
    const bool is_journey = fields.has("journey");
    condition.kind = Condition::Kind::occurrence;
    condition.occurrence = read_occurrence(fields, is_journey ? "journey" : "seen", is_journey ? Occurrence::Book::journey : Occurrence::Book::seen);
  } else if (fields.has("audience")) {
    condition.kind = Condition::Kind::audience;
    condition.field = fields.text("audience", limits::id_bytes_max).value_or("");
    if (condition.field.empty()) fields.complain("audience", "must be the id of an audience");
  } else {
    condition.kind = Condition::Kind::compare;
    read_compare(fields, condition);
  }
  fields.finish();
  return condition;
}

void ConditionReader::read_children(Fields& fields, std::string_view key, Condition& condition, std::size_t depth) {
  const auto children = fields.list(key, limits::condition_nodes_max);
  if (children.empty()) fields.complain(key, "must be a list of at least one condition");
  for (const auto& [child, pointer] : children) condition.children.push_back(read(child, pointer, depth + 1));
}

std::optional<FieldKind> ConditionReader::check_field(const std::string& field, const std::string& pointer) {
  const auto kind = condition_field_kind(field);
  const std::string_view wrong = kind ? objection(use_, field) : std::string_view{};
  if (kind && wrong.empty()) return kind;
  if (kind) complaints_.add(pointer, std::string(wrong));
  else if (is_planned(field)) complaints_.add_not_built(pointer, "the field " + field + " is not built yet");
  else complaints_.add(pointer, "is not a field: item.category, anchor.brand, customer.traits.tier, customer.consent.marketing.email, context.device, fact.case_open …");
  return std::nullopt;
}

void ConditionReader::read_compare(Fields& fields, Condition& condition) {
  const auto field = fields.text("field", 200);
  fields.need("field", field.has_value());
  const auto op = fields.choice<ConditionOp>("op", {{"eq", ConditionOp::eq}, {"ne", ConditionOp::ne}, {"lt", ConditionOp::lt}, {"le", ConditionOp::le},
                                                    {"gt", ConditionOp::gt}, {"ge", ConditionOp::ge}, {"in", ConditionOp::in}, {"not_in", ConditionOp::not_in},
                                                    {"under", ConditionOp::under}, {"contains", ConditionOp::contains}, {"exists", ConditionOp::exists}});
  fields.need("op", op.has_value());
  const auto kind = field ? check_field(*field, fields.pointer("field")) : std::nullopt;
  if (!kind || !op) {
    fields.take("value");
    return;
  }
  condition.field = *field;
  condition.op = *op;
  read_value(fields, condition, *kind);
}

/// Money is written "79.90" everywhere else, so a condition may write it like that too.
bool is_number(const Operand& operand) {
  if (std::holds_alternative<double>(operand)) return true;
  const auto* text = std::get_if<std::string>(&operand);
  return text && text->size() <= 19 && parse_micros(*text).has_value();
}

/// What an operator may be compared with; "" = fine.
std::string_view objection(ConditionOp op, FieldKind kind, const Operand& operand) {
  const bool ref = std::holds_alternative<FieldRef>(operand);
  const bool list = std::holds_alternative<std::vector<std::string>>(operand);
  switch (op) {
  case ConditionOp::exists: return std::holds_alternative<std::monostate>(operand) || std::holds_alternative<bool>(operand) ? "" : "must be true, false or absent";
  case ConditionOp::lt: case ConditionOp::le: case ConditionOp::gt: case ConditionOp::ge:
    if (kind != FieldKind::number && kind != FieldKind::any) return "only numbers have an order";
    return ref || is_number(operand) || (kind == FieldKind::any && std::holds_alternative<std::string>(operand)) ? "" : "must be a number";
  case ConditionOp::in: case ConditionOp::not_in: return list ? "" : "must be a list of texts";
  case ConditionOp::under:
    if (kind != FieldKind::path) return "only a category is under another";
    return list || ref ? "" : "must be a path: a list of names";
  case ConditionOp::contains: return std::holds_alternative<std::string>(operand) || ref ? "" : "must be text";
  case ConditionOp::eq: case ConditionOp::ne: break;
  }
  if (ref) return "";
  switch (kind) {
  case FieldKind::text: return std::holds_alternative<std::string>(operand) ? "" : "must be text";
  case FieldKind::number: return is_number(operand) ? "" : "must be a number";
  case FieldKind::flag: return std::holds_alternative<bool>(operand) ? "" : "must be true or false";
  case FieldKind::list: case FieldKind::path: return list ? "" : "must be a list of texts";
  case FieldKind::any: return std::holds_alternative<std::monostate>(operand) ? "is missing" : "";
  }
  return "";
}

void ConditionReader::read_value(Fields& fields, Condition& condition, FieldKind kind) {
  const auto value = fields.take("value");
  if (value) switch (value->kind()) {
    case JsonKind::boolean: condition.value = value->boolean(); break;
    case JsonKind::number: condition.value = value->real(); break;
    case JsonKind::string: condition.value = fields.text("value").value_or(""); break;
    case JsonKind::array: {
      auto texts = fields.texts("value", limits::selector_values_max, limits::text_bytes_max);
      values_ += texts.size();
      if (values_ > limits::selector_values_max) fields.complain("value", "the lists of a condition have at most " + std::to_string(limits::selector_values_max) + " texts together: name an audience, or tag the items");
      condition.value = std::move(texts);
      break;
    }
    case JsonKind::object: {
      Fields ref(*value, fields.pointer("value"), complaints_);
      const auto path = ref.text("ref", 200);
      ref.need("ref", path.has_value());
      if (path) check_field(*path, ref.pointer("ref"));
      ref.finish();
      condition.value = FieldRef{path.value_or("")};
      break;
    }
    case JsonKind::null: break;
    }
  if (const std::string_view wrong = objection(condition.op, kind, condition.value); !wrong.empty()) fields.complain("value", std::string(wrong));
}

} // namespace

Condition read_condition(JsonValue value, const std::string& pointer, Complaints& complaints, ConditionUse use) {
  return ConditionReader(complaints, use).read(value, pointer, 1);
}

std::optional<Condition> read_audience(Fields& fields, std::string_view key) {
  const auto value = fields.take(key);
  if (!value) return std::nullopt;
  if (!value->is(JsonKind::string)) return read_condition(*value, fields.pointer(key), fields.complaints(), ConditionUse::rule);
  Condition named;
  named.kind = Condition::Kind::audience;
  named.field = fields.text(key, limits::id_bytes_max).value_or("");
  if (named.field.empty()) fields.complain(key, "must be a condition, or the id of an audience");
  return named;
}

Result<Condition> parse_condition(std::string_view json, ConditionUse use) {
  JsonDocument document;
  TAKT_TRY_VOID(parse_own_document(document, json));
  Complaints complaints;
  Condition condition = read_condition(document.root(), "", complaints, use);
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return condition;
}

} // namespace takt
