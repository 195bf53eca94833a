#include "engine/relevance/content.h"

#include "core/check.h"

#include <algorithm>
#include <cmath>

namespace takt {

ContentIndex::ContentIndex(const std::vector<std::vector<std::uint32_t>>& words, std::size_t words_count) {
  std::vector<std::vector<WeightedItem>> rows(words.size()), postings(words_count);
  std::vector<double> in_items(words_count, 0);
  for (std::size_t item = 0; item < words.size(); ++item) {
    std::vector<std::uint32_t> sorted = words[item];
    std::sort(sorted.begin(), sorted.end());
    for (const std::uint32_t word : sorted) {
      TAKT_CHECK(word < words_count, "words are numbered below words_count");
      if (rows[item].empty() || rows[item].back().item != word) {
        rows[item].push_back({word, 0});
        ++in_items[word];
      }
      rows[item].back().weight += 1;
    }
  }
  for (std::size_t item = 0; item < words.size(); ++item) {
    double squares = 0;
    for (WeightedItem& word : rows[item]) {
      const double idf = std::log((static_cast<double>(words.size()) + 1) / in_items[word.item]);
      word.weight = static_cast<float>((1 + std::log(static_cast<double>(word.weight))) * idf);
      squares += static_cast<double>(word.weight) * static_cast<double>(word.weight);
    }
    for (WeightedItem& word : rows[item]) {
      word.weight = static_cast<float>(static_cast<double>(word.weight) / std::sqrt(squares));
      postings[word.item].push_back({static_cast<std::uint32_t>(item), word.weight});
    }
    words_of_item_.append_row(rows[item]);
  }
  for (const auto& posting : postings) items_of_word_.append_row(posting);
}

void ContentMethod::score(const RelevanceQuery& query, ScoreSheet& sheet) const {
  ScoreSheet taste(index_->words());
  for (const HistoryItem& seen : query.history) {
    if (seen.item >= index_->items()) continue;
    const float factor = seen.weight * decay_.factor(query, seen);
    for (const WeightedItem& word : index_->words_of(seen.item)) taste.add(word.item, factor * word.weight);
  }
  double squares = 0;
  for (const std::uint32_t word : taste.touched()) squares += static_cast<double>(taste[word]) * static_cast<double>(taste[word]);
  if (!(squares > 0)) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (const std::uint32_t word : taste.touched())
    for (const WeightedItem& item : index_->items_of(word)) sheet.add(item.item, scale * taste[word] * item.weight);
}

} // namespace takt
