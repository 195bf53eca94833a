#pragma once
/// Wear-out learnt from the log: `takt train` calls it and stores what it returns, told or not; a policy that says `learn` is then served by it.
/// One sight per shown exposure whose decision is logged, with the propensity of then and the rate that was expected of it fresh; F over everything
/// the ledger shows before it, elsewhere and repeated views included. Response: P(intended) of a click within click_window.
/// Offsets are brought to one level per artefact version, because a scorer that was trained again says less or more of everybody alike, and
/// corrected for the slot, which is seen less the lower it stands. Left out: bots, ghosts, what is too young to have an outcome.
/// Memory: exposures_max exposures (some 200 bytes each); of a longer log a sample of its customers is kept, by hash of their id, with all of
/// their exposures. Errors: those of the store. Threads: one. Deterministic. Cost: one scan of the decisions, one read of every record, the fit.
#include "core/policy.h"
#include "core/result.h"
#include "engine/fatigue_model.h"
#include "features/intent.h"
#include "store/store.h"

#include <functional>
#include <memory>

namespace takt {

struct LearnFatigueOptions {
  UtcTime now{};                                       ///< what is known by then
  std::size_t exposures_max = 1'000'000;
};

/// Kinds of key, prior β and prior half-life are the policy's.
Result<std::shared_ptr<const FatigueModel>> learn_fatigue(Store& store, const FatiguePolicy& policy, const IntentModel& intent, const LearnFatigueOptions& options,
                                                          const std::function<void(double)>& progress);

} // namespace takt
