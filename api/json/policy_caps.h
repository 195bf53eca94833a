#pragma once
/// The `caps` section of a policy, see policy.cc.
#include "api/json/fields.h"
#include "core/policy.h"

namespace takt {

/// Into caps, total_caps and total_cap_places.
void read_caps(Fields& fields, SymbolTable& symbols, Policy& policy);
/// Ids of rules of one list: present, distinct. Complains at `pointer`/id.
void check_distinct_id(const std::string& id, std::vector<std::string>& known, const std::string& pointer, Complaints& complaints);

} // namespace takt
