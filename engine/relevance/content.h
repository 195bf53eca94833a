#pragma once
/// What items are about: bags of words with tf-idf weights (Salton, Buckley 1988), cosine between an item and the sum of what somebody
/// looked at. Knows items without a single event. Immutable. Errors: none. Threads: any. Memory: 8 bytes per distinct word of an item, twice.
/// Cost: the postings of the words of the history.
#include "engine/relevance/item_weights.h"
#include "engine/relevance/method.h"

#include <memory>

namespace takt {

class ContentIndex {
public:
  ContentIndex() = default;
  /// `words[i]`: the words of item i, as numbers below words_count, repeated as often as they occur. An item without words is like no other.
  ContentIndex(const std::vector<std::vector<std::uint32_t>>& words, std::size_t words_count);
  std::size_t items() const { return words_of_item_.items(); }
  /// Unit length.
  std::span<const WeightedItem> words_of(std::uint32_t item) const { return words_of_item_.row(item); }
  std::span<const WeightedItem> items_of(std::uint32_t word) const { return items_of_word_.row(word); }
  std::size_t words() const { return items_of_word_.items(); }

private:
  ItemWeights words_of_item_, items_of_word_; ///< rows of item → words, and the transpose
};

class ContentMethod final : public RelevanceMethod {
public:
  explicit ContentMethod(std::shared_ptr<const ContentIndex> index, HistoryDecay decay = {}) : index_(std::move(index)), decay_(decay) {}
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override;

private:
  std::shared_ptr<const ContentIndex> index_;
  HistoryDecay decay_;
};

} // namespace takt
