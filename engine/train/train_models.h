#pragma once
/// Training from the journal: `takt train` and run.sh call it, then publish what it returns (engine/artefact.h).
/// What came after `now` does not count; rates and segments read records, which forget their oldest for it. Deterministic: the same journal, catalogue and `now` give the same models, bit for bit; with a clock all but the choice of the index.
/// Errors: those of the store. Threads: one at a time beside a serving engine; reads only.
/// Cost: one scan of the journal, then the pairs within sessions and within customers' orders (1 M interactions: seconds).
#include "engine/catalogue.h"
#include "engine/models.h"
#include "engine/relevance/kept_parts.h"
#include "engine/rulebook.h"
#include "store/store.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace takt {

struct TrainOptions {
  std::uint64_t version = 1;                           ///< of the artefact set to be: newest published + 1
  const Clock* clock = nullptr;                        ///< for `seconds` in the metrics, and to choose the faster index
  std::size_t threads = 2;                             ///< changes no bit
  std::shared_ptr<const Rulebook> rulebook = {};       ///< for trial decisions (engine/train/settle_level.h); none: no trial
  KeptParts* kept = nullptr;                           ///< what a training that was killed had finished, of the same `now`
};

/// `progress(part, share in [0,1])`. An empty journal or catalogue is fine: the parts are empty then.
Result<std::shared_ptr<const Models>> train_models(Store& store, const Catalogue& catalogue, UtcTime now,
                                                   const std::function<void(std::string_view, double)>& progress,
                                                   const TrainOptions& options = {});

} // namespace takt
