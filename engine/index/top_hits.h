#pragma once
/// Keeps the best `items_max` of a stream of hits, best first, ties by row. Exact and independent of the order of arrival.
/// Cost: one comparison for most hits; a partial selection each time twice the capacity was collected. Threads: one.
#include "engine/index/vector_index.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace takt {

inline bool better(const VectorHit& a, const VectorHit& b) { return a.score != b.score ? a.score > b.score : a.row < b.row; }

class TopHits {
public:
  explicit TopHits(std::size_t items_max) : items_max_(items_max) { hits_.reserve(2 * items_max_ + 1); }
  void offer(std::uint32_t row, float score) {
    // Not `<=`: an equal score with a smaller row may still belong to the best. NaN never enters.
    if (!(score >= bar_)) return;
    hits_.push_back({row, score});
    if (hits_.size() > 2 * items_max_) cut();
  }
  std::vector<VectorHit> take() {
    cut();
    std::sort(hits_.begin(), hits_.end(), better);
    return std::move(hits_);
  }

private:
  void cut() {
    if (hits_.size() <= items_max_) return;
    if (items_max_ == 0) return hits_.clear();
    std::nth_element(hits_.begin(), hits_.begin() + static_cast<std::ptrdiff_t>(items_max_ - 1), hits_.end(), better);
    hits_.resize(items_max_);
    bar_ = hits_.back().score;
  }
  std::size_t items_max_;
  float bar_ = -std::numeric_limits<float>::infinity();
  std::vector<VectorHit> hits_;
};

} // namespace takt
