#include "engine/relevance/item_weights.h"

#include <algorithm>
#include <cmath>

namespace takt {

void keep_strongest(std::vector<WeightedItem>& row, std::size_t kept_max) {
  const auto stronger = [](const WeightedItem& a, const WeightedItem& b) {
    const float left = std::abs(a.weight), right = std::abs(b.weight);
    return left != right ? left > right : a.item < b.item;
  };
  if (kept_max > 0 && row.size() > kept_max) {
    std::nth_element(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(kept_max), row.end(), stronger);
    row.resize(kept_max);
  }
  // By item: a query adds row after row, and walks the sheet in one direction.
  std::sort(row.begin(), row.end(), [](const WeightedItem& a, const WeightedItem& b) { return a.item < b.item; });
}

float HistoryDecay::factor(const RelevanceQuery& query, const HistoryItem& item) const {
  if (half_life_seconds <= 0) return 1;
  const auto age = static_cast<double>(std::max<std::int64_t>(query.now_seconds - item.at_seconds, 0));
  return static_cast<float>(std::exp2(-age / static_cast<double>(half_life_seconds)));
}

void ItemWeightsMethod::score(const RelevanceQuery& query, ScoreSheet& sheet) const {
  for (const HistoryItem& seen : query.history) {
    if (seen.item >= weights_->items()) continue;
    const float factor = seen.weight * decay_.factor(query, seen);
    for (const WeightedItem& other : weights_->row(seen.item)) sheet.add(other.item, factor * other.weight);
  }
}

} // namespace takt
