#pragma once
/// Which items go together: item-to-item co-occurrence with cosine normalisation (Linden, Smith, York 2003; Deshpande, Karypis
/// 2004), counted item by item over an inverted list, so memory is that of the occurrences and one row of sums.
/// Deterministic: sums run in the order of the occurrences, ties by item id. Threads: one per call.
/// Cost: the pairs within owners; bounded by views_per_session_max and lines_per_customer_max per occurrence.
#include "engine/models.h"
#include "engine/train/interactions.h"

#include <span>

namespace takt {

/// What a pair of one owner is worth, times the weights of both occurrences. A pair of one basket counts 1.
struct PairWeights {
  double other_basket = 0;                             ///< same owner, not the same basket …
  Duration other_basket_within{};                      ///< … and not further apart than this
};

/// Pairs seen once or twice prove little: this is added to the denominator of the cosine.
constexpr double pair_shrinkage = 2;
constexpr std::size_t neighbours_max = 50;

/// `id_rank[i]` is the position of items[i] by item id.
NeighbourTable neighbours_of(std::span<const BasketItem> occurrences, std::span<const Symbol> items, std::span<const std::uint32_t> id_rank,
                             const PairWeights& weights, const std::function<void(double)>& progress);

} // namespace takt
