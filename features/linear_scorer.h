#pragma once
/// Logistic regression over the feature row. Weights are open, so that an artefact can keep them and a person can read them.
/// Threads: immutable. Cost: one multiply-add per column that has a weight, summed left to right, so that the same row gives the same
/// bits; four rows at a time, because one sum must wait for each of its steps.
#include "features/scorer.h"

#include <vector>

namespace takt {

class LinearScorer final : public Scorer {
public:
  /// One weight per column of feature_schema(); `fingerprint` says for which schema they were made.
  LinearScorer(std::string name, std::uint64_t fingerprint, double intercept, std::vector<double> weights);
  std::string name() const override { return name_; }
  std::uint64_t schema_fingerprint() const override { return fingerprint_; }
  void score(std::span<const float> rows, std::span<double> probabilities) const override;
  double intercept() const { return intercept_; }
  const std::vector<double>& weights() const { return weights_; }

private:
  struct Term { std::size_t column = 0; double weight = 0; };
  double log_odds_of(const float* row) const;
  std::string name_;
  std::uint64_t fingerprint_;
  double intercept_;
  std::vector<double> weights_;
  std::vector<Term> terms_;                            ///< the weights that are not 0, by column
};

} // namespace takt
