#pragma once
/// Which index serves the item vectors: the exact one, or FAISS with as few lists as give the wanted recall. With a clock both are built and
/// the faster one is taken; without one the number of rows decides (engine/index/vector_index.h), so that the choice is repeatable.
/// An index that misses with any number of lists is not served: the exact one is slower, never wrong.
/// Errors: none. Threads: one. Cost: clustering, 50 searches per number of lists.
#include "core/time.h"
#include "engine/models.h"

#include <string>

namespace takt {

struct IndexChoice {
  double recall_at_100 = 1;
  std::string why;                                     ///< both times, where they were measured; for the manifest
};

/// Sets models.index and models.probes over models.vectors. `clock` may be null.
IndexChoice choose_index(Models& models, const Clock* clock);

/// Share of the exact best hundred that the index finds, on `queries` held-out taste-like queries (sums of two random rows).
double measure_recall_at_100(const VectorIndex& index, std::span<const float> rows, std::size_t probes, std::size_t queries, std::uint64_t seed);

/// Of one query: hits of the index that score as well as the exact hundredth, and how many there are to find. Cost: one pass over the rows.
struct RecallCount {
  std::size_t found = 0, wanted = 0;
};
RecallCount recall_of(const VectorIndex& index, std::span<const float> rows, std::span<const float> query, std::size_t probes);

/// Below this an index is not served (design.md §6).
constexpr double recall_at_100_min = 0.98;

} // namespace takt
