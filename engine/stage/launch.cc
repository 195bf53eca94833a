#include "engine/stage/launch.h"

namespace takt {

double launch_left(const LaunchPolicy& policy, UtcTime added_at, UtcTime now, std::uint32_t impressions) {
  const Duration age = now - added_at;
  if (added_at == UtcTime{} || age < Duration{} || age >= policy.window || impressions >= policy.impressions) return 0;
  const double seen = static_cast<double>(impressions) / static_cast<double>(policy.impressions);
  const double aged = static_cast<double>(age.count()) / static_cast<double>(policy.window.count());
  return (1 - seen) * (1 - aged);
}

void add_launch_bonus(const LaunchPolicy& policy, UtcTime added_at, UtcTime now, std::uint32_t impressions, Candidate& candidate) {
  const double left = launch_left(policy, added_at, now, impressions);
  if (!(left > 0) || !(policy.strength > 0)) return;
  const double factor = 1 + policy.strength * left;
  candidate.terms.lever *= factor;
  Reason reason;
  reason.stage = Stage::score;
  reason.code = ReasonCode::launch;
  reason.observed = impressions;
  reason.limit = policy.impressions;
  reason.factor = factor;
  candidate.reasons.push_back(std::move(reason));
}

} // namespace takt
