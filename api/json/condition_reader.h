#pragma once
/// A condition inside another document (decide's `filter`). Recursion is bounded by limits::condition_depth_max.
#include "api/json/fields.h"
#include "core/condition.h"

namespace takt {

Condition read_condition(JsonValue value, const std::string& pointer, Complaints& complaints);

} // namespace takt
