#pragma once
/// Logistic regression over the feature row. Weights are open, so that an artefact can keep them and a person can read them.
/// Threads: immutable. Cost: one multiply-add per column that has a weight, summed left to right, so that the same row gives the same
/// bits; four rows at a time, because one sum must wait for each of its steps.
#include "features/scorer.h"

#include <vector>

namespace takt {

/// What one configured column is worth. It belongs to what the column meant when it was learnt: a column of another meaning, or one that
/// nothing was learnt of yet, has no weight.
struct CustomWeight {
  std::uint64_t column = 0;                            ///< print_of the feature
  std::string id;                                      ///< its name, for people
  double weight = 0;
};

class LinearScorer final : public Scorer {
public:
  /// One weight per column of feature_schema(); `fingerprint` says for which schema they were made.
  LinearScorer(std::string name, std::uint64_t fingerprint, double intercept, std::vector<double> weights, std::vector<CustomWeight> custom = {});
  std::string name() const override { return name_; }
  std::uint64_t schema_fingerprint() const override { return fingerprint_; }
  using Scorer::score;
  std::span<const std::size_t> columns() const override { return columns_; }
  void score(std::span<const float> rows, const CustomRows& custom, std::span<double> probabilities) const override;
  double intercept() const { return intercept_; }
  const std::vector<double>& weights() const { return weights_; }
  const std::vector<CustomWeight>& custom_weights() const { return custom_; }

private:
  struct Term { std::size_t column = 0; double weight = 0; };
  double log_odds_of(const float* row) const;
  std::vector<double> custom_log_odds(const CustomRows& custom, std::size_t rows) const;
  std::string name_;
  std::uint64_t fingerprint_;
  double intercept_;
  std::vector<double> weights_;
  std::vector<Term> terms_;                            ///< the weights that are not 0, by column
  std::vector<std::size_t> columns_;                   ///< theirs
  std::vector<CustomWeight> custom_;
};

} // namespace takt
