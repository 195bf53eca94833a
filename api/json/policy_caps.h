#pragma once
/// The `caps` section of a policy, see policy.cc.
#include "api/json/fields.h"
#include "core/cap.h"

namespace takt {

std::vector<CapRule> read_caps(Fields& policy, SymbolTable& symbols);
/// Ids of rules of one list: present, distinct. Complains at `pointer`/id.
void check_distinct_id(const std::string& id, std::vector<std::string>& known, const std::string& pointer, Complaints& complaints);

} // namespace takt
