#pragma once
/// How many people want an item, and whether that grows: what everybody gets when nothing is known, and what a season does to the rest.
/// Each customer counts once per item, with the newest interaction. Immutable. Threads: any. Cost: one pass over the cells.
#include "engine/relevance/interaction_matrix.h"
#include "engine/relevance/method.h"

namespace takt {

/// Σ over the customers of weight × 2^(−age/half-life); no half-life (0): nothing decays.
std::vector<float> popularity_of(const InteractionMatrix& customers, std::int64_t now_seconds, std::int64_t half_life_seconds);

/// What share of the attention an item has now, against the share it had all along: 1 = as ever, 2 = twice as much.
/// `prior` customers with the average trend are added to each item, so that the rare ones do not jump.
std::vector<float> trend_of(std::span<const float> recent, std::span<const float> overall, float prior);

/// The same list for everybody.
class PopularityMethod final : public RelevanceMethod {
public:
  explicit PopularityMethod(std::vector<float> popularity) : popularity_(std::move(popularity)) {}
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override;

private:
  std::vector<float> popularity_;
};

} // namespace takt
