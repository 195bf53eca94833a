#pragma once
/// Who waits behind a gate, since when, and whom it has held for longer than anybody meant. Reads records; writes nothing.
/// Threads: any. Cost: 3 µs a customer in the cache, 20 µs from the disk; one call looks at customers_max of them.
#include "api/app.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

/// Since when the gate has held without a break, where it holds at t: the start of the run of facts and cool-offs that t lies in.
std::optional<UtcTime> gate_since(const GatePolicy& gate, const CustomerRecord& record, UtcTime t);

struct GateScan {
  Duration longer_than{};                    ///< only those held for at least so long are counted and named
  std::string after;                         ///< next_cursor of the page before; "" = from the first
  std::size_t customers_max = limits::audience_scan_max;
  std::size_t named_max = 100;               ///< the longest held are named
};
/// {"gate","fact","at","longer_than","scanned","held","held_longer","data":[{"customer_id","since","until","keys"}],"next_cursor"}: the longest
/// first. Errors: not_found (no gate of that id in the current policy), invalid (cursor).
Result<std::string> gated_customers(App& app, std::string_view gate, const GateScan& scan);

} // namespace takt
