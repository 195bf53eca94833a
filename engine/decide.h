#pragma once
/// decide(): what should this person see here, now, or nothing? START HERE, then decide.cc.
/// Errors: not_found (unknown placement), invalid (limits, repeated placement), mismatch (request_id with another body).
/// A person never causes an error: unknown people get a cold-start answer, a store that fails a degraded one.
/// Threads: any. Cost: one record read, ten stages, one write; ~100-300 µs.
#include "core/decision.h"
#include "engine/call.h"
#include "engine/stage_runner.h"
#include "engine/world.h"
#include "store/store.h"

namespace takt {

struct DecideOptions {
  Durability durability = Durability::wal;
  bool simulation = false;                             ///< `now` of the request is the clock
};

/// The whole path: resolve, read, stages, reserve, log; reruns on a conflict (semantics.md RESERVE).
Result<Decision> decide(Store& store, const World& world, const DecisionRequest& request, const Clock& clock, const DecideOptions& options);

/// The ten stages without any I/O: used live, by dry runs, why, replay and what-if. Same arguments, same bits.
Result<Decision> run_stages(const World& world, const Person& person, const DecisionRequest& request, StageRunner& stages);

/// Gives back what is reserved and unshown. Returns how many reservations.
Result<std::uint32_t> release_decision(Store& store, DecisionId decision, UtcTime now);

} // namespace takt
