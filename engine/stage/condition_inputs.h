#pragma once
/// What a condition is asked about within a call: the person, the opening, the rules; and its answers for all time to come. The call must
/// outlive it. Cost: trivial; times: as condition_edges, and one answer per edge, once per program and opening.
#include "engine/call.h"
#include "engine/condition.h"

#include <optional>
#include <vector>

namespace takt {

/// Without item and anchor.
ConditionInputs condition_inputs(const Call& call, const Opening& opening);

/// A condition from now on, while nothing but time happens: constant between its edges (engine/condition.h).
struct AudienceTimes {
  std::vector<UtcTime> from;                           ///< ascending; the first one is now
  std::vector<char> holds;                             ///< from there on
  bool at(UtcTime t) const;                            ///< t before now: as now
  /// The first instant after `t` at which it is `wanted`; none: not within limits::eligible_again_horizon.
  std::optional<UtcTime> next(UtcTime t, bool wanted) const;
};
std::shared_ptr<const AudienceTimes> audience_times(const Call& call, const Opening& opening, const ConditionProgram& program);

/// Whom an item is for, as an obstacle of time; the call must outlive it. Null where it is for everybody.
std::unique_ptr<Obstacle> audience_obstacle(const Call& call, const Opening& opening, const CatalogueItem& item);

} // namespace takt
