// Stage 8. What acting is worth against what doing nothing is worth (which is 0: design.md "Worth").
#include "core/check.h"
#include "engine/stage/merchandising.h"
#include "engine/stage/stages.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

/// What orders a candidate; they are sorted instead of it, because a candidate is large.
struct Place {
  double score = 0;
  ItemIndex item = 0;                        ///< ties by its id
  std::uint32_t candidate = 0;
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
  const MerchandisingRules merchandising = merchandising_now(call, opening);
  std::vector<Place> places;
  places.reserve(items.alive.size());
  for (std::uint32_t i = 0; i < items.alive.size(); ++i) {
    Candidate& candidate = items.alive[i];
    if (!merchandising.empty()) apply_boosts(merchandising, candidate);
    candidate.score = candidate.terms.score();
    TAKT_CHECK(std::isfinite(candidate.score), "a score is a number");
    const bool beats_hold = candidate.score > 0 || candidate.pinned_slot ||
                            std::find(never_hold.begin(), never_hold.end(), candidate.labels.kind) != never_hold.end();
    if (!may_hold || beats_hold) {
      places.push_back({candidate.score, candidate.index, i});
      continue;
    }
    Reason reason;
    reason.stage = Stage::arbitrate;
    reason.code = ReasonCode::below_hold;
    ranked.dropped.push_back({candidate.index, {std::move(reason)}});
  }
  const Catalogue& catalogue = *call.world.catalogue; // ranks lie all over a large array: asked for where there is a tie
  std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    return a.score != b.score ? a.score > b.score : catalogue.rank(a.item) < catalogue.rank(b.item);
  });
  ranked.alive.reserve(places.size());
  for (const Place& place : places) ranked.alive.push_back(std::move(items.alive[place.candidate]));
  return ranked;
}

} // namespace takt
