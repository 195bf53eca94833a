#pragma once
/// `takt demo --closed-loop`: a month in which the engine's own decisions were taken and answered, in an empty data directory, and the
/// truth about everybody beside it (truth.ndjson: one line per item, then one per customer). A pilot lives the month before; what it
/// did is trained on, so the month is decided by a model that knew nothing of it. Errors: those of the store, a full disk.
/// Cost: some 150 us per customer-day and worker; memory does not grow with the customers.
#include "api/commands/command.h"
#include "api/demo/shop.h"

namespace takt {

/// `shop.end` is left aside: the month ends with the day before today.
int run_closed_loop(App& app, Terminal& terminal, const CommonOptions& common, const DemoOptions& shop);

} // namespace takt
