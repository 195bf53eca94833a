#pragma once
/// Item-to-item weights as sparse rows: row i says how much an interaction with i adds to every other item. What EASE and item-kNN
/// learn, and what is served: a query is a few sparse additions. Immutable. Threads: any. Memory: 8 bytes per weight.
/// Cost: the length of the rows of the history (30 items × 200 weights: ~10 µs).
#include "engine/relevance/method.h"

#include <cstddef>
#include <memory>

namespace takt {

struct WeightedItem {
  std::uint32_t item = 0;
  float weight = 0;
  bool operator==(const WeightedItem&) const = default;
};

class ItemWeights {
public:
  ItemWeights() = default;
  /// Row by row, 0 first. A row is kept as it comes.
  void append_row(std::span<const WeightedItem> row) {
    all_.insert(all_.end(), row.begin(), row.end());
    begin_.push_back(all_.size());
  }
  std::size_t items() const { return begin_.size() - 1; }
  std::size_t weights() const { return all_.size(); }
  std::span<const WeightedItem> row(std::uint32_t item) const { return std::span(all_).subspan(begin_[item], begin_[item + 1] - begin_[item]); }
  bool operator==(const ItemWeights&) const = default;

private:
  std::vector<std::size_t> begin_ = {0};
  std::vector<WeightedItem> all_;
};

/// The `kept_max` weights furthest from 0, ties by item; 0 keeps all of them. Afterwards by item.
void keep_strongest(std::vector<WeightedItem>& row, std::size_t kept_max);

struct HistoryDecay {
  std::int64_t half_life_seconds = 0; ///< 0: what is old counts like what is new
  /// 2^(−age/half-life); an item of the future counts as of now.
  float factor(const RelevanceQuery& query, const HistoryItem& item) const;
};

/// Σ over the history of weight × decay × row. Items without a row (index out of range) add nothing.
class ItemWeightsMethod final : public RelevanceMethod {
public:
  explicit ItemWeightsMethod(std::shared_ptr<const ItemWeights> weights, HistoryDecay decay = {}) : weights_(std::move(weights)), decay_(decay) {}
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override;

private:
  std::shared_ptr<const ItemWeights> weights_;
  HistoryDecay decay_;
};

} // namespace takt
