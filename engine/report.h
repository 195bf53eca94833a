#pragma once
/// From slates to the answer: choices, funnel, drops with reasons. Pure.
#include "engine/call.h"
#include "engine/stage_runner.h"

#include <functional>
#include <span>
#include <vector>

namespace takt {

Decision begin_decision(const Call& call);

/// The openings of a call, in the order asked. Their references point into call.request and call.world.
Result<std::vector<Opening>> open_placements(const Call& call);

/// One pass over sources, eligibility and caps; a second without what the first dropped if fewer than twice the slots survived; a third
/// with popular items. Not for the caller's own candidates.
using Pass = std::function<Candidates(std::span<const ItemIndex> without, bool popular_only)>;
Candidates gather(const Call& call, const Opening& opening, StageRunner& stages, const Pass& pass);

PlacementDecision report(const Call& call, const Opening& opening, Slate slate, std::vector<StageTiming> timings);

} // namespace takt
