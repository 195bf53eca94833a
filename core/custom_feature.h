#pragma once
/// A column that a data scientist adds without building: a trait of the person, an attribute of the item, or how the two go together.
/// Kept as a document with history, so that replay finds the one of then. Pure; errors: none here (parse_custom_feature checks).
#include <cstdint>
#include <optional>
#include <string>

namespace takt {

struct CustomFeature {
  std::string id;                                      ///< the column's name
  std::string trait;                                   ///< of the person; "" = none
  std::string attribute;                               ///< of the item; "" = none; at least one of the two is named
  std::optional<std::string> equals_json;              ///< a JSON scalar: 1 where the one that is named has this value, else 0
  double mean = 0;                                     ///< of a number: what counts as middling, and becomes 0
  double deviation = 1;                                ///< > 0. Of a number: what becomes 1; of trait and attribute: the distance at which likeness is e^-1
  bool measures_distance = false;                      ///< trait and attribute are numbers that may be near each other; else they are equal or not
  bool operator==(const CustomFeature&) const = default;
};

/// Stands for what the column means: a weight that was learnt for another meaning is not used. 0 never.
std::uint64_t print_of(const CustomFeature& feature);

} // namespace takt
