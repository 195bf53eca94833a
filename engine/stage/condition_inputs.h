#pragma once
/// What a condition is asked about within a call: the person, the opening, the rules. The call must outlive it. Cost: trivial.
#include "engine/call.h"
#include "engine/condition.h"

namespace takt {

/// Without item and anchor.
ConditionInputs condition_inputs(const Call& call, const Opening& opening);
/// Whom an item is for, as an obstacle of time; the call must outlive it. Null where it is for everybody.
std::unique_ptr<Obstacle> audience_obstacle(const Call& call, const Opening& opening, const CatalogueItem& item);

} // namespace takt
