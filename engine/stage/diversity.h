#pragma once
/// What the slots before take from an item: greedy MAP of a determinantal point process, or maximal marginal relevance.
///
/// DPP: L = diag(r)·S·diag(r) with r = exp(α·s), s = score ÷ largest |score| of the placement, S = similarity. Choosing the largest
/// gain of log det L slot by slot is choosing the largest 2α·s_i + log δ_i, δ_i = variance of i that the chosen ones leave. Divided
/// by 2α this is s_i + penalty_i, penalty_i = strength/(1−strength)·log δ_i: in units of the score, so that it can be compared with
/// hold, and 0 for the first slot. α = (1−strength)/(2·strength) as in Chen, Zhang, Zhou, "Fast greedy MAP inference for DPP",
/// NeurIPS 2018, whose incremental Cholesky this is. MMR (Carbonell, Goldstein, SIGIR 1998), scaled alike:
/// penalty_i = −strength/(1−strength)·max similarity to a chosen one.
///
/// Similarity of labels: shared category prefixes (cosine), brand, tags (cosine), each a positive semidefinite kernel, so their
/// mixture is one. No two items count as the same (`similarity_max`): δ stays >= 1 − similarity_max and no penalty is unbounded.
/// Cost: choose is O(items looked at × slots so far), and one similarity and one logarithm per item that has anything in common with the
/// chosen one; 200 items × 10 slots ~10 µs. Threads: one decision.
#include "core/policy.h"

#include <span>
#include <vector>

namespace takt {

constexpr double similarity_max = 0.9;
/// In [0, similarity_max]; symmetric.
double similarity_of(const LabelSet& a, const LabelSet& b);

/// Conditional variances of the rows of a kernel, given the chosen ones: the incremental Cholesky of the paper.
class ResidualVariance {
public:
  /// `diagonal`: the kernel's, all > 0.
  explicit ResidualVariance(std::vector<double> diagonal);
  /// `kernel_row[i]` = kernel(chosen, i). A row that nothing is left of (δ ~ 0) cannot be chosen again (TAKT_CHECK).
  void choose(std::size_t chosen, std::span<const double> kernel_row);
  /// One more row, with its kernel values to the chosen ones in the order they were chosen.
  void add(double diagonal, std::span<const double> kernel_to_chosen);
  double at(std::size_t row) const { return variance_[row]; }
  /// Did the latest choice take anything from it?
  bool took_from(std::size_t row) const { return steps_.back().column[row] != 0; }

private:
  struct Step {
    std::size_t chosen = 0;
    double deviation = 1;
    std::vector<double> column;                ///< c_i of the paper
  };
  std::vector<double> variance_;
  std::vector<Step> steps_;
};

class SlateDiversity {
public:
  /// The label sets must outlive it. The first `looked_at` of them are asked about; the others once look_at says so.
  SlateDiversity(const Diversity& policy, std::vector<const LabelSet*> items, std::size_t looked_at);
  SlateDiversity(const Diversity& policy, std::vector<const LabelSet*> items) : SlateDiversity(policy, items, items.size()) {}
  /// <= 0, in units of the normalised score. Of an item that is looked at.
  double penalty(std::size_t item) const { return penalties_[item]; }
  /// `open[i] == 0`: nobody will ask for the penalty of i again, now or later. Empty: all may be asked for.
  void choose(std::size_t item, std::span<const char> open = {});
  /// From now on the first `count` may be asked for: what the chosen ones take from the new ones is made up for.
  void look_at(std::size_t count);

private:
  /// What most pairs that have nothing in common differ in: three numbers side by side instead of two label sets.
  struct Outline {
    Symbol top = Symbol::none, brand = Symbol::none;   ///< `top`: the first category
    std::uint64_t tags = 0;
  };
  static bool may_be_alike(const Outline& a, const Outline& b);
  double penalty_of(double variance) const;
  DiversityMethod method_;
  double weight_;                              ///< strength/(1−strength)
  std::vector<const LabelSet*> items_;
  std::vector<Outline> outlines_;
  std::vector<const LabelSet*> chosen_;
  ResidualVariance residual_;
  std::vector<double> penalties_;
  std::vector<double> row_;                    ///< similarities to the item that is being chosen
};

} // namespace takt
