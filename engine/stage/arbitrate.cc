// Stage 8. What acting is worth against what doing nothing is worth (which is 0: design.md "Worth").
#include "core/check.h"
#include "engine/stage/stages.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

/// What orders a candidate; they are sorted instead of it, because a candidate is large.
struct Place {
  double score = 0;
  std::uint32_t id_rank = 0;                 ///< ties by item id
  std::uint32_t candidate = 0;
  bool operator<(const Place& other) const { return score != other.score ? score > other.score : id_rank < other.id_rank; }
};

} // namespace

Ranked arbitrate(const Call& call, const Opening& opening, Candidates items) {
  const Placement& placement = opening.rules.placement;
  const bool may_hold = placement.hold && placement.mode == PlacementMode::promote;
  const auto& never_hold = call.world.policy().arbitration.never_hold;
  Ranked ranked;
  ranked.dropped = std::move(items.dropped);
  ranked.unknown = std::move(items.unknown);
  ranked.scored = std::move(items.scored);
  std::vector<Place> places;
  places.reserve(items.alive.size());
  for (std::uint32_t i = 0; i < items.alive.size(); ++i) {
    Candidate& candidate = items.alive[i];
    candidate.score = candidate.terms.score();
    TAKT_CHECK(std::isfinite(candidate.score), "a score is a number");
    const bool beats_hold = candidate.score > 0 || candidate.pinned_slot ||
                            std::find(never_hold.begin(), never_hold.end(), candidate.labels.kind) != never_hold.end();
    if (!may_hold || beats_hold) {
      places.push_back({candidate.score, call.world.catalogue->rank(candidate.index), i});
      continue;
    }
    Reason reason;
    reason.stage = Stage::arbitrate;
    reason.code = ReasonCode::below_hold;
    ranked.dropped.push_back({candidate.index, {std::move(reason)}});
  }
  std::sort(places.begin(), places.end());
  ranked.alive.reserve(places.size());
  for (const Place& place : places) ranked.alive.push_back(std::move(items.alive[place.candidate]));
  return ranked;
}

} // namespace takt
