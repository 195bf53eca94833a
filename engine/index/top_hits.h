#pragma once
/// Keeps the best `items_max` of a stream of hits, best first, ties by row. Exact and independent of the order of arrival.
/// Cost: one comparison for most hits; a partial selection each time twice the capacity was collected. Threads: one.
#include "engine/index/vector_index.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

namespace takt {

class TopHits {
public:
  explicit TopHits(std::size_t items_max) : items_max_(items_max) { keys_.reserve(2 * items_max_ + 1); }
  void offer(std::uint32_t row, float score) {
    // Not `<=`: an equal score with a smaller row may still belong to the best. NaN never enters.
    if (!(score >= bar_)) return;
    keys_.push_back(key_of(row, score));
    if (keys_.size() > 2 * items_max_) cut();
  }
  /// What scores less is not among the best.
  float bar() const { return bar_; }
  std::vector<VectorHit> take() {
    cut();
    std::sort(keys_.begin(), keys_.end());
    std::vector<VectorHit> hits;
    hits.reserve(keys_.size());
    for (const std::uint64_t key : keys_) hits.push_back({static_cast<std::uint32_t>(key), score_of(key)});
    return hits;
  }

private:
  /// Better hits have smaller keys: the score, turned so that its bits order as numbers do, then the row. Comparing integers
  /// is what makes the selection cheap.
  static std::uint64_t key_of(std::uint32_t row, float score) {
    const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F); // -0 is 0
    const std::uint32_t ascending = (bits & sign) != 0 ? ~bits : bits | sign;
    return static_cast<std::uint64_t>(~ascending) << 32 | row;
  }
  static float score_of(std::uint64_t key) {
    const auto ascending = ~static_cast<std::uint32_t>(key >> 32);
    return std::bit_cast<float>((ascending & sign) != 0 ? ascending & ~sign : ~ascending);
  }
  void cut() {
    if (keys_.size() <= items_max_) return;
    if (items_max_ == 0) return keys_.clear();
    std::nth_element(keys_.begin(), keys_.begin() + static_cast<std::ptrdiff_t>(items_max_ - 1), keys_.end());
    keys_.resize(items_max_);
    bar_ = score_of(keys_.back());
  }
  static constexpr std::uint32_t sign = 0x8000'0000;
  std::size_t items_max_;
  float bar_ = -std::numeric_limits<float>::infinity();
  std::vector<std::uint64_t> keys_;
};

} // namespace takt
