#pragma once
/// First-order Markov chain over items: how often b came right after a, of all that came right after a. The yardstick for session methods.
/// Threads, errors: as ItemWeights. Cost: one pass over the events; a query reads one row.
#include "engine/relevance/item_weights.h"
#include "engine/relevance/training_data.h"

namespace takt {

/// Row a: the commonest followers within one session (SessionKnnOptions::silence_seconds), shares of all followers.
ItemWeights train_markov(const TrainingData& data, std::int64_t silence_seconds, std::size_t followers_max);

class MarkovMethod final : public RelevanceMethod {
public:
  explicit MarkovMethod(std::shared_ptr<const ItemWeights> followers) : followers_(std::move(followers)) {}
  /// Only the last item of the history speaks.
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override;

private:
  std::shared_ptr<const ItemWeights> followers_;
};

} // namespace takt
