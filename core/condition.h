#pragma once
/// The one condition language of filter and audience (contract.md §3, §5) as a typed tree: parsed once, never interpreted as text.
/// Labels are text here; engine/condition.h compiles them to symbols. Bounded by limits::condition_nodes_max and _depth_max.
/// What a field means and which are known: engine/condition.h.
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace takt {

enum class ConditionOp : std::uint8_t { eq, ne, lt, le, gt, ge, in, not_in, under, contains, exists };

/// {"ref":"anchor.price.amount"}
struct FieldRef {
  std::string path;
  bool operator==(const FieldRef&) const = default;
};
using Operand = std::variant<std::monostate, bool, double, std::string, std::vector<std::string>, FieldRef>;

/// A selector (contract.md §5) whose labels are still text. AND between keys, OR within; an empty key selects everything.
struct LabelTexts {
  std::vector<std::string> kinds, tags, brands, campaigns, items, groups, purposes, channels, placements;
  std::vector<std::vector<std::string>> categories;   ///< paths from the root, each with its subtree
  bool operator==(const LabelTexts&) const = default;
};

/// How often something was done (journey) or shown (seen) in (t - within, t]: "bought shoes at least twice in 30 days".
struct Occurrence {
  enum class Book : std::uint8_t { journey = 0, seen = 1 };
  Book book = Book::journey;
  std::string event;                          ///< journey: "Order Completed", "Product Viewed", or a name of the sender's own
  LabelTexts match;
  std::optional<Duration> within;             ///< none: as far back as the record goes
  std::uint32_t at_least = 0;
  std::optional<std::uint32_t> at_most;       ///< 0: never
  bool operator==(const Occurrence&) const = default;
};

struct Condition {
  enum class Kind : std::uint8_t { all, any, negation, compare, occurrence, audience };
  Kind kind = Kind::all;
  std::vector<Condition> children;            ///< all, any, negation (one)
  std::string field;                          ///< compare: "item.category", "customer.traits.tier" …; audience: its id
  ConditionOp op = ConditionOp::eq;
  Operand value;
  std::optional<Occurrence> occurrence = std::nullopt;
  bool operator==(const Condition&) const = default;
};

} // namespace takt
