#pragma once
/// Training from the journal: `takt train` and run.sh call it, then publish what it returns (engine/artefact.h).
/// Deterministic: the same journal, catalogue and `now` give the same models, bit for bit.
/// Errors: those of the store. Threads: one at a time beside a serving engine; reads only.
/// Cost: one scan of the journal, then the pairs within sessions and within customers' orders (1 M interactions: seconds).
#include "engine/catalogue.h"
#include "engine/models.h"
#include "store/store.h"

#include <functional>
#include <memory>
#include <string_view>

namespace takt {

struct TrainOptions {
  std::uint64_t version = 1;                           ///< of the artefact set to be: newest published + 1
  const Clock* clock = nullptr;                        ///< for `seconds` in the metrics only
};

/// `progress(part, share in [0,1])`. An empty journal or catalogue is fine: the parts are empty then.
Result<std::shared_ptr<const Models>> train_models(Store& store, const Catalogue& catalogue, UtcTime now,
                                                   const std::function<void(std::string_view, double)>& progress,
                                                   const TrainOptions& options = {});

/// Builds models.index over models.vectors and finds models.probes: as few lists as give the wanted recall. An index that misses
/// with any number of lists is not served: the exact one is slower, never wrong. Returns the recall at 100.
double index_vectors(Models& models);

/// Share of the exact best hundred that the index finds, on `queries` held-out taste-like queries (sums of two random rows).
double measure_recall_at_100(const VectorIndex& index, std::span<const float> rows, std::size_t probes, std::size_t queries, std::uint64_t seed);

/// Below this an index is not served (design.md §6).
constexpr double recall_at_100_min = 0.98;

} // namespace takt
