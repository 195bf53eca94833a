#pragma once
/// What is new has nothing that speaks for it: no popularity, no rates, no neighbours. While a policy asks for it (LaunchPolicy), it gets places
/// among the candidates (engine/source/launch.cc) and a bonus on its worth here: optimism in the face of uncertainty (Lai and Robbins
/// 1985), bounded by 1 + strength, so that it never beats anything that is worth more than that many times as much.
/// Impressions are those that the last training counted: between two trainings the bonus shrinks by age only. Pure.
#include "core/policy.h"
#include "engine/candidate.h"

namespace takt {

/// Of the bonus, in [0,1]: 1 on the first day without an impression, 0 from the last of either on, and without a date.
double launch_left(const LaunchPolicy& policy, UtcTime added_at, UtcTime now, std::uint32_t impressions);

/// Multiplies `terms.lever` and says so with a Reason, where anything is left.
void add_launch_bonus(const LaunchPolicy& policy, UtcTime added_at, UtcTime now, std::uint32_t impressions, Candidate& candidate);

} // namespace takt
