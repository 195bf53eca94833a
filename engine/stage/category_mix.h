#pragma once
/// Keeps the mix of categories of a slate near the person's own: what the slots before leave wanting. Steck, "Calibrated recommendations",
/// RecSys 2018: the distance is KL(p || q~), p = shares of the person's evidence by category, q~ = (1 - a) q + a p, q = shares of the
/// slate, a = 0.01, divided by its largest value ln(1/a), so it lies in [0,1].
/// penalty_i = -strength/(1-strength) · slot · (distance after i - the smallest distance any category would leave): 0 for the category
/// that the mix wants next, in units of the normalised score like the penalty of engine/stage/diversity.h, and never above 0. One item moves
/// the mix of a longer slate less; times the slot it counts alike in all of them.
/// Categories are those of the first level on which the candidates differ; items without one, and people without evidence, are left alone.
/// Cost: per slot the square of the person's categories among the candidates (at most 12), whatever the number of items. Threads: one decision.
#include "core/flat_symbol_map.h"
#include "core/ledger.h"

#include <cstdint>
#include <span>
#include <vector>

namespace takt {

class CategoryMix {
public:
  /// `shares`: category prefix → share of the person's evidence; `items` by rank.
  CategoryMix(double strength, const FlatSymbolMap<float>& shares, std::span<const LabelSet* const> items);
  bool is_on() const { return !wanted_.empty(); }
  double penalty(std::size_t item) const { return wanted_.empty() || bucket_of_[item] == no_bucket ? 0.0 : penalties_[bucket_of_[item]]; }
  void choose(std::size_t item);

private:
  static constexpr std::uint8_t no_bucket = 255;
  double distance_with(std::size_t bucket) const;
  void weigh();

  double weight_ = 0;                              ///< strength/(1−strength)
  std::vector<double> wanted_;                     ///< p of the person's categories; empty: switched off
  std::vector<double> chosen_;                     ///< so many of each in the slate, the last one: of all others
  double chosen_count_ = 0;
  std::vector<std::uint8_t> bucket_of_;            ///< per item: place in wanted_, wanted_.size() for others
  std::vector<double> penalties_;                  ///< per bucket
};

} // namespace takt
