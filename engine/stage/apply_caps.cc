// Stage 5. Caps run before scoring: a capped item must not cost a model call, nor win and leave a gap.
#include "engine/stage/cap_reasons.h"
#include "engine/stage/keep_if.h"
#include "engine/stage/stages.h"

#include <iterator>

namespace takt {

Candidates apply_caps(const Call& call, const Opening& opening, Candidates items) {
  if (opening.rules.placement.mode == PlacementMode::organic) return items;
  if (call.caps.gains_from_expecting(items.alive.size()))
    for (const Candidate& candidate : items.alive) call.caps.expect(candidate.labels);
  const std::size_t dropped_before = items.dropped.size();
  keep_if(items.alive, [&](Candidate& candidate) {
    const CapCandidate asked = opening.asked(candidate.labels);
    if (!call.caps.blocks(asked)) return true;
    std::vector<Reason> reasons = cap_reasons(call, asked, Stage::caps);
    items.dropped.push_back({candidate.index, std::move(reasons)});
    return false;
  });

  // One rule does not hide another: who asks for everything hears of the caps of those too that eligibility has dropped.
  if (call.request.explain == Explain::full)
    for (std::size_t i = 0; i < dropped_before; ++i) {
      const LabelSet labels = labels_at(call.world.catalogue->at(items.dropped[i].index), opening.rules);
      std::vector<Reason> reasons = cap_reasons(call, opening.asked(labels), Stage::caps);
      std::move(reasons.begin(), reasons.end(), std::back_inserter(items.dropped[i].reasons));
    }

  // When an item would be free again is asked only where somebody will read it: it costs more than the whole check.
  if (items.alive.empty() || call.request.explain == Explain::full) {
    CapEnds ends(call, opening);
    for (std::size_t i = call.request.explain == Explain::full ? 0 : dropped_before; i < items.dropped.size(); ++i) {
      const LabelSet labels = labels_at(call.world.catalogue->at(items.dropped[i].index), opening.rules);
      ends.fill(opening.asked(labels), items.dropped[i].reasons);
    }
  }
  return items;
}

} // namespace takt
