#pragma once
/// A small world whose wear-out is known: customers who respond more are there more often, and what they like more is shown to them more often, with
/// logged propensities; a click takes fatigue away, so what was clicked is also shown sooner again. Deterministic by seed. Pure.
#include "engine/train/fatigue_sights.h"

#include <cstdint>
#include <vector>

namespace takt {

struct FatigueTruth {
  std::uint64_t seed = 1;
  std::size_t impressions = 100'000;                   ///< about
  double base_rate = 0.2;                              ///< of a middling customer, fresh
  double beta = 0.43;
  Duration half_life = days(7);
  double category_share = 0;                           ///< > 0: the category wears out too, with this share of β, as a second kind
  std::vector<double> more_by_category = {};           ///< added to β of items in category 1, 2, …
  double visits = 80;                                  ///< of a middling customer
  Duration length = days(60);
  std::size_t items = 20;
  double confounding = 1;                              ///< visits ∝ rate^this
  double temperature = 0.5;                            ///< of the choice; 0 = always the best
  bool hides_appeal = false;                           ///< nobody tells the fit what was expected of an item
  Duration every{};                                    ///< > 0: visits so far apart, exactly
  std::uint32_t cap = 0;                               ///< > 0: an item is shown so often and never again
};

FatigueSights make_fatigue_world(const FatigueTruth& truth);

} // namespace takt
