#pragma once
/// Inside of ConditionProgram, for engine/condition*.cc only.
#include "engine/condition.h"
#include "engine/json_scalar.h"
#include "core/selector.h"

#include <array>
#include <optional>
#include <span>
#include <string>

namespace takt {

/// Which field, found once: `row` is its place in the table of its root.
struct FieldKey {
  enum class Root : std::uint8_t { none, item, anchor, customer, context, fact };
  Root root = Root::none;                ///< none: a field that another release knows; missing
  std::uint8_t row = 0;
  std::string name;                      ///< of a trait, an attribute or a fact
  Symbol symbol = Symbol::none;          ///< of a fact's name, of a consent's channel
  Purpose purpose = Purpose::marketing;
  bool is_of_item() const { return root == Root::item || root == Root::anchor; }
};

/// none: there is no such field.
std::optional<FieldKey> find_field(std::string_view path, SymbolTable& symbols, NewLabels new_labels);
ScalarValue read_field(const FieldKey& field, const ConditionInputs& inputs, UtcTime t);
/// Appends the instants at which the field may have another value; of those that go on for ever only until `last`. context.hour: only the
/// beginnings of the hours whose bit is set.
void field_edges(const FieldKey& field, const ConditionInputs& inputs, std::uint32_t hours_that_matter, UtcTime t, UtcTime last, std::vector<UtcTime>& out);
/// Labels of the item in this field, where symbols stand for its value; nullopt where they do not.
std::optional<std::span<const Symbol>> field_labels(const FieldKey& field, const CatalogueItem& item);

/// What an event name means in the journey; none for names of the sender's own.
struct JourneyName { JourneyKind kind = JourneyKind::other; bool is_orders = false; };
std::optional<JourneyName> journey_name(std::string_view event);

bool compare_values(ConditionOp op, const ScalarValue& value, const ScalarValue& operand);

/// What an occurrence counts, with symbols.
struct OccurrenceRule {
  Occurrence::Book book = Occurrence::Book::journey;
  bool is_orders = false;
  JourneyKind kind = JourneyKind::other;
  Symbol name = Symbol::none;            ///< kind other: the sender's own name
  Selector match;                        ///< categories: unused in the journey, see `categories`
  std::vector<std::string> categories;   ///< paths joined by path_separator: a journey event knows the last prefix only
  bool matches_all = true;
  std::optional<Duration> within;
  std::uint32_t at_least = 0;
  std::optional<std::uint32_t> at_most;
};
/// Times of what matches, ascending; `tallied` of them lie before the ledger's entries and have no time any more.
struct Occurrences {
  std::vector<UtcTime> at;
  std::uint32_t tallied = 0;
};
std::optional<Occurrences> occurrences(const OccurrenceRule& rule, const ConditionInputs& inputs);   ///< none: must not be read
bool occurrence_holds(const OccurrenceRule& rule, const ConditionInputs& inputs, UtcTime t);
void occurrence_edges(const OccurrenceRule& rule, const ConditionInputs& inputs, std::vector<UtcTime>& out);

struct ConditionProgram::Node {
  Condition::Kind kind = Condition::Kind::all;
  std::uint32_t end = 0;                 ///< first node after this one and all inside it
  bool is_of_item = false;               ///< hangs on the item or the anchor, itself or by something inside
  // ---- compare
  FieldKey field;
  ConditionOp op = ConditionOp::eq;
  ScalarValue constant;
  std::optional<FieldKey> reference;     ///< instead of the constant
  bool by_labels = false;                ///< eq, ne, in, not_in, under, contains of labels: any of `labels` is there, or none
  bool wants_label = true;
  std::vector<Symbol> labels;
  // ---- occurrence, audience
  OccurrenceRule occurrence;
  Symbol audience = Symbol::none;
};

} // namespace takt
