#pragma once
/// `exploration` of the policy document (contract.md §5): how much is tried. Errors: complaints of the document. Pure.
#include "api/json/fields.h"
#include "core/policy.h"

namespace takt {

Exploration read_exploration(Fields& policy);

} // namespace takt
