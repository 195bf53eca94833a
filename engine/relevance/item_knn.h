#pragma once
/// Item-based nearest neighbours: cosine over customers (Sarwar, Karypis, Konstan, Riedl 2001; Deshpande, Karypis 2004), with a
/// shrinkage in the denominator, because pairs seen once or twice prove little. Deterministic, whatever the number of threads.
/// Errors: none. Cost: the sum of the squared row lengths, divided by the threads.
#include "engine/relevance/interaction_matrix.h"
#include "engine/relevance/item_weights.h"

#include <functional>

namespace takt {

struct ItemKnnOptions {
  float shrinkage = 10;             ///< >= 0, in interactions
  std::size_t neighbours_max = 200; ///< per item; 0 keeps all
  std::size_t threads = 1;
};

ItemWeights train_item_knn(const InteractionMatrix& customers, const ItemKnnOptions& options, const std::function<void(double)>& progress = {});

} // namespace takt
