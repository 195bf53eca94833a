#pragma once
/// What a simulation is judged by. Each checker reads what went through the engine's two doors (the trace), what the store kept, or
/// both, and works out with naive means of its own what must be true. It answers with sentences, one per violation; none is good.
/// Costs do not matter here; obviousness does.
#include "api/demo/marketer.h"

#include <string>
#include <vector>

namespace takt::simulation {

struct Evidence {
  const demo::Trace& trace;
  Store& store;                          ///< without faults: the one behind
  const World& world;
  bool is_faulty = false;                ///< the store lost answers: more may be written than was acknowledged
};
using Findings = std::vector<std::string>;

/// No grant takes a cap or a gap beyond its limit, recounted from all that was known when it was made.
Findings check_caps(const Evidence& evidence);
/// Nothing that a gate forbids is granted while its fact holds or cools off.
Findings check_gates(const Evidence& evidence);
/// Nothing is granted, or reserved for a time, in quiet hours.
Findings check_quiet_hours(const Evidence& evidence);
/// Nothing is granted on a channel for a purpose that was refused, or never granted where that is required.
Findings check_consent(const Evidence& evidence);
/// Nothing is granted that was dismissed, or bought within the pause of its group.
Findings check_rests(const Evidence& evidence);
/// Every answered decision is in the log and in one journal, once, with the slots that were answered; and no other one is.
Findings check_decisions(const Evidence& evidence);
/// Every event that was taken is in exactly one journal entry, none that was not; and none was taken twice.
Findings check_events(const Evidence& evidence);
/// The ledger, orders and tastes of each record are what the trace says, count by count.
Findings check_records(const Evidence& evidence);
/// Propensities are probabilities, a second run gives the same ones, and drawing again with other seeds meets them.
Findings check_propensities(const Evidence& evidence);
/// Nothing in a record lies after the moment it was known, and no decision reads what came after it.
Findings check_time(const Evidence& evidence);
/// A record is the fold of its journal, byte for byte, also after everything derived was dropped and made again.
Findings check_rebuild(const Evidence& evidence);

struct NamedChecker {
  const char* name;
  Findings (*check)(const Evidence& evidence);
};
/// All of them, cheapest first; rebuild last, because it touches the store.
std::vector<NamedChecker> all_checkers();
/// Each finding after its checker's name.
Findings check_everything(const Evidence& evidence);

} // namespace takt::simulation
