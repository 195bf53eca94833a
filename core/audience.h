#pragma once
/// A named audience: a condition over what is known of a person, or a list of people that was brought along. Kept as a document.
#include "core/condition.h"

#include <optional>
#include <string>
#include <vector>

namespace takt {

struct Audience {
  std::string id;
  std::string title;
  std::optional<Condition> condition;         ///< one of the two is there
  std::vector<std::string> customers;         ///< "u1" or "user:u1", "anon:a1", "id:c-…"; ascending, distinct
  bool operator==(const Audience&) const = default;
};

} // namespace takt
