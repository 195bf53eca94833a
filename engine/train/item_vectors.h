#pragma once
/// One vector of unit length per item of the catalogue: what it is (category, brand, tags, title) and what it is seen and bought
/// with. An item without a single event has the first part, so it is comparable from its first minute.
/// Method: random projection with signs (Achlioptas 2003): a token's 64 hash bits are its 64 signs, its weight an idf; the inner
/// product of two sums approximates the weighted overlap of their tokens within about 1/8. The behaviour part projects the rows of
/// the co-occurrence matrix in the same way (random indexing, Kanerva et al. 2000), so no factorisation has to converge.
/// Deterministic: rows by item id, sums in that order. Threads: one. Cost: tokens × 64 per item, 100 neighbours × 64 per item.
#include "engine/catalogue.h"
#include "engine/models.h"

#include <functional>

namespace takt {

constexpr std::size_t vector_dimension = 64;

struct ContentWeights {
  double category = 1.0, brand = 0.8, tag = 0.7, word = 0.5, kind = 0.5;
};

/// `evidence(item)` is the number of baskets with it: the more, the more behaviour counts.
ItemVectors make_item_vectors(const Catalogue& catalogue, const SymbolTable& symbols, const NeighbourTable& viewed_together,
                              const NeighbourTable& bought_together, const std::function<double(Symbol)>& evidence,
                              const std::function<void(double)>& progress);

} // namespace takt
