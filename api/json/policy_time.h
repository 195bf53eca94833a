#pragma once
/// What rules say about time: schedules, zones, weekdays, quiet hours, pauses (contract.md §5). As all readers of a policy: mistakes are
/// complained about with their pointers, and what is returned then is of no use.
#include "api/json/fields.h"
#include "core/policy.h"
#include "core/symbol.h"

#include <vector>

namespace takt {

Schedule read_schedule(Fields& rule);
/// none for absent and for "customer".
std::optional<Zone> read_zone(Fields& fields, std::string_view key);
/// "default" is UTC, and said; none: not said.
std::optional<Zone> read_zone_missing(Fields& fields);
std::optional<std::chrono::weekday> read_weekday(Fields& fields, std::string_view key);
std::vector<QuietPolicy> read_quiet_hours(Fields& policy, SymbolTable& symbols);
std::vector<SalesPause> read_sales_pauses(Fields& policy, SymbolTable& symbols);

} // namespace takt
