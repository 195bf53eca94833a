#pragma once
/// The dictionary of labels on disk: one key per symbol, never changed, never removed.
#include "core/symbol.h"
#include "store/rocksdb/database.h"

#include <memory>
#include <string>
#include <vector>

namespace takt {

/// Every label, in the order of their symbols. Errors: corrupt where one is missing.
Result<std::vector<std::string>> load_symbols(Database& database);
/// Written before anybody sees the symbol, and so before any commit that names it: one log, one order. Not synced.
Status persist_symbol(Database& database, Symbol symbol, std::string_view text);

} // namespace takt
