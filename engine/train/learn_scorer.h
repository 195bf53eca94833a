#pragma once
/// The scorer, learnt from logged outcomes: `takt train` calls learn_scorer once and serves what it returns, or keeps the prior and
/// says why. Oldest 70 % of the impressions train, the next 15 % calibrate (Platt 1999), the newest 15 % judge: the prior, the prior's
/// weights at the level of the outcomes, or the learnt weights; what has more freedom must have a smaller log loss, by a standard error.
/// Columns of the ledger (exposures, contact pressure) keep the
/// prior's weight, 0: fatigue owns what tires, and it must enter once.
/// Deterministic. Errors: those of the store. Threads, cost, memory: engine/train/outcomes.h and features/logistic_fit.h.
#include "engine/train/outcomes.h"
#include "features/scorer.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace takt {

/// Older impressions say little about today's shop.
constexpr Duration outcomes_horizon = days(90);
/// Fewer meant clicks than that in the training part, or in the part that judges, decide nothing.
constexpr double clicks_to_train_min = 100, clicks_to_judge_min = 15;

struct LearntScorer {
  std::shared_ptr<const Scorer> scorer;                ///< null: the prior stays
  std::string reason;                                  ///< why it stays; empty where it does not
  std::size_t impressions = 0, decisions = 0;
  double clicks = 0;                                   ///< meant ones: the sum of P(intended)
  ProbabilityMetrics learnt, levelled, prior;          ///< on the part that judges; empty where there was too little
  bool keeps_order = false;                            ///< the scorer has the prior's weights, at the level of the outcomes (`levelled`)
  std::vector<double> slot_offsets;                    ///< log odds by slot, as fitted
  std::vector<std::optional<float>> still;             ///< per column: its one value in all outcomes; none where it has several
  double click_rate = 0;                               ///< meant clicks per impression, over all outcomes
};

/// `progress(part, share in [0,1])`, parts "outcomes" and "scorer".
/// `custom`: the configured features; one that was logged too seldom keeps a weight near 0.
Result<LearntScorer> learn_scorer(Store& store, UtcTime now, const Scorer& prior, const std::vector<CustomFeature>& custom,
                                  const std::function<void(std::string_view, double)>& progress);
/// The same from rows at hand.
LearntScorer learn_scorer_from(const Outcomes& outcomes, const Scorer& prior, const std::function<void(double)>& progress);

} // namespace takt
