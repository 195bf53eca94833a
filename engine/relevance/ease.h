#pragma once
/// EASE: the linear model that predicts every item of a customer from the others (Steck 2019), B_ij = −P_ij / P_jj, B_jj = 0 with
/// P = (XᵀX + λI)⁻¹. Small catalogues: by one dense Cholesky. Large ones: column by column, a ridge regression on the items that occur
/// most often together with it, which is the same model with all other weights held at 0.
/// Deterministic: the columns do not depend on `threads`; the dense inverse has the bits of the machine's LAPACK.
/// Errors: none; no item without weight is an empty row. Threads: `threads`, as an argument (LAPACK has its own number of them).
/// Cost: dense items³ flop and 8·items² bytes (15,000: ~1 min, 1.8 GB); by column predictors_max³/3 multiply-adds per item on each
/// thread, 4·8,192² bytes, and 12 bytes per weight.
#include "engine/relevance/interaction_matrix.h"
#include "engine/relevance/item_weights.h"

#include <functional>

namespace takt {

struct EaseOptions {
  float lambda = 200;                     ///< > 0, in interactions: an item needs about as many to be believed
  std::size_t dense_items_max = 12'000;   ///< above: column by column
  std::size_t predictors_max = 200;       ///< per column
  std::size_t weights_per_item_max = 200; ///< of each row the strongest; 0 keeps all
  std::size_t threads = 1;
};

/// Whichever of the two fits the number of items.
ItemWeights train_ease(const InteractionMatrix& customers, const EaseOptions& options, const std::function<void(double)>& progress = {});
ItemWeights train_ease_dense(const InteractionMatrix& customers, const EaseOptions& options, const std::function<void(double)>& progress = {});
ItemWeights train_ease_by_column(const InteractionMatrix& customers, const EaseOptions& options, const std::function<void(double)>& progress = {});

} // namespace takt
