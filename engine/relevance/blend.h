#pragma once
/// Several methods as one: each scores, its scores are brought to one scale, weighted, added, and multiplied by what the season does to an
/// item. The weights are learnt on people whose near future is known (hold_out): coordinate ascent on what is wanted, the quality of the
/// first twenty (Metzler, Croft 2007 do so for search), from the best single method on, so that on that time the blend is never worse.
/// Deterministic. Errors: none. Threads: a BlendMethod any, each keeps a score sheet of the last size it met; learning one. A blend is no
/// part of another one.
/// Cost: a query costs its parts and one pass over what they touch; learning some hundred rankings of each case's candidates.
#include "engine/relevance/evaluate.h"
#include "engine/relevance/method.h"

#include <functional>
#include <memory>

namespace takt {

struct BlendPart {
  std::shared_ptr<const RelevanceMethod> method;
  float weight = 0; ///< >= 0
};

/// On one scale: 1 is the mean of the best 20 positive scores; what is not positive is left out. In the sheet's order.
std::vector<std::pair<std::uint32_t, float>> on_one_scale(const ScoreSheet& sheet);

class BlendMethod final : public RelevanceMethod {
public:
  /// `factors`: one per item, > 0, or none at all.
  BlendMethod(std::vector<BlendPart> parts, std::vector<float> factors) : parts_(std::move(parts)), factors_(std::move(factors)) {}
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override;

private:
  std::vector<BlendPart> parts_;
  std::vector<float> factors_;
};

struct BlendProblem {
  std::size_t items = 0;
  std::vector<std::shared_ptr<const RelevanceMethod>> parts;
  std::vector<float> weights_min;         ///< one per part: what it has at least, e.g. for people without a history
  std::vector<std::vector<float>> trends; ///< candidates for the factor of an item, each one per item, > 0
  std::span<const EvaluationCase> cases;
  std::int64_t now_seconds = 0;
};

struct BlendChoice {
  std::vector<float> weights;           ///< one per part
  std::size_t trend = 0;                ///< which of the trends
  float exponent = 0;                   ///< factor = trend ^ exponent; 0: none
  double quality = 0;                   ///< mean of Recall@20 and NDCG@20 over the cases
  std::vector<double> single_qualities; ///< of each part by itself
};

/// No case: the first part alone (and the least weights).
BlendChoice learn_blend(const BlendProblem& problem, const std::function<void(double)>& progress = {});

/// trend ^ exponent per item; empty where the exponent is 0.
std::vector<float> factors_of(std::span<const float> trend, float exponent);

} // namespace takt
