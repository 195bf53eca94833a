#pragma once
/// `merchandising` and `arbitration.levers` of the policy document (contract.md §5): pins, boosts, hides. Errors: complaints of the document. Pure.
#include "api/json/fields.h"
#include "core/policy.h"

namespace takt {

std::vector<MerchandisingRule> read_merchandising(Fields& policy, SymbolTable& symbols);
/// A lever is a boost with an id of its own: {"id","match","factor"}.
std::vector<MerchandisingRule> read_levers(Fields& arbitration, SymbolTable& symbols);

} // namespace takt
