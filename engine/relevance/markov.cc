#include "engine/relevance/markov.h"

#include <algorithm>

namespace takt {

ItemWeights train_markov(const TrainingData& data, std::int64_t silence_seconds, std::size_t followers_max) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> steps;
  for (std::size_t i = 1; i < data.events.size(); ++i) {
    const Interaction &before = data.events[i - 1], &after = data.events[i];
    const bool is_silent = data.has_times && !data.customers_are_sessions && after.at_seconds - before.at_seconds >= silence_seconds;
    if (before.customer == after.customer && !is_silent) steps.emplace_back(before.item, after.item);
  }
  std::sort(steps.begin(), steps.end());
  ItemWeights followers;
  std::vector<WeightedItem> row;
  auto step = steps.begin();
  for (std::uint32_t item = 0; item < data.items; ++item) {
    row.clear();
    float all = 0;
    for (; step != steps.end() && step->first == item; ++step, ++all) {
      if (row.empty() || row.back().item != step->second) row.push_back({step->second, 0});
      row.back().weight += 1;
    }
    for (WeightedItem& follower : row) follower.weight /= all;
    keep_strongest(row, followers_max);
    followers.append_row(row);
  }
  return followers;
}

void MarkovMethod::score(const RelevanceQuery& query, ScoreSheet& sheet) const {
  if (query.history.empty() || query.history.back().item >= followers_->items()) return;
  for (const WeightedItem& follower : followers_->row(query.history.back().item)) sheet.add(follower.item, follower.weight);
}

} // namespace takt
