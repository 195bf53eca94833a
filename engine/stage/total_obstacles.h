#pragma once
/// Caps over more than one customer as obstacles in time, for eligible_again: full until the instant that the count named when it was asked
/// (core/total_cap.h), while schedule and audience hold. Threads: one decision. The call must outlive them.
#include "engine/call.h"

#include <memory>
#include <vector>

namespace takt {

/// Of every rule that is full for the candidate. `provisional` is set where one of them ends because a reservation expires.
std::vector<std::unique_ptr<Obstacle>> total_obstacles(const Call& call, const Opening& opening, const CapCandidate& candidate, bool& provisional);

/// The end of one such rule alone.
EligibleAgain total_again(const Call& call, const Opening& opening, const CapRule& rule, const CapCandidate& candidate);

} // namespace takt
