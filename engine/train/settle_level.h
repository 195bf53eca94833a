#pragma once
/// The level of a learnt scorer under models that nobody has met yet. Rows are logged as they were, so the first rows after a shop opens
/// know no relevance, no taste, no popularity: what was fitted on them keeps the prior's weights for those columns, and once they are
/// filled every prediction rises with them. So decisions of the last days are taken again, as of then, under the models to be published,
/// and where columns move that never moved in the outcomes the intercept is set so that what would be chosen is clicked as often as what
/// was: nobody has seen yet that it does better. The order of items does not change. The next training, with outcomes, has no such columns.
/// Deterministic. Errors: those of the store. Threads: one; reads only. Cost: trial_decisions_max decisions, each with the fold of its record.
#include "engine/train/learn_scorer.h"
#include "engine/world.h"

#include <optional>
#include <string>

namespace takt {

constexpr std::size_t trial_decisions_max = 400;
constexpr Duration trial_horizon = days(14);

/// Changes learnt.scorer where it has to; returns the note that says so, none where nothing was to be done. `world` has the new models.
Result<std::optional<std::string>> settle_level(Store& store, const World& world, UtcTime now, LearntScorer& learnt);

} // namespace takt
