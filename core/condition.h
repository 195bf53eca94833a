#pragma once
/// A condition as a typed tree (contract.md §3 `filter`): bounded by limits::condition_nodes_max and _depth_max, parsed once,
/// never interpreted as text. This release knows item.* and anchor.* fields; others are refused while parsing.
#include <cstdint>
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

struct Condition {
  enum class Kind : std::uint8_t { all, any, negation, compare };
  Kind kind = Kind::all;
  std::vector<Condition> children;            ///< all, any, negation (one)
  std::string field;                          ///< compare: "item.category", "item.price.amount", "item.attributes.color" …
  ConditionOp op = ConditionOp::eq;
  Operand value;
  bool operator==(const Condition&) const = default;
};

} // namespace takt
