#pragma once
/// The one selector of every rule (contract.md §5) and the names of cap keys, for policy.cc and its parts.
#include "api/json/fields.h"
#include "core/cap.h"
#include "core/selector.h"

namespace takt {

/// Labels are interned: a rule may name what the catalogue does not know yet. Complaints go to `fields`; absent = nullopt.
std::optional<Selector> parse_selector(Fields& fields, std::string_view key, SymbolTable& symbols);
/// `per`: one name or a list of distinct ones; `otherwise` where absent.
std::vector<Per> parse_per(Fields& fields, std::vector<Per> otherwise);
/// Symbols of a list of names, ascending and distinct.
std::vector<Symbol> parse_symbols(Fields& fields, std::string_view key, SymbolTable& symbols);

} // namespace takt
