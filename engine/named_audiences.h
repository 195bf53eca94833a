#pragma once
/// Which named audiences a condition asks for: whoever takes a condition in refuses names that are nobody's. Cost: O(nodes).
#include "core/condition.h"

#include <string>
#include <vector>

namespace takt {

/// Ids in the order they are met, repeated as often as they are named.
std::vector<std::string> named_audiences(const Condition& condition);

} // namespace takt
