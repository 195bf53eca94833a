#include "engine/stage/softmax.h"

#include "core/check.h"
#include "core/random.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace takt {

Draw draw_softmax(std::span<const DrawOption> options, double temperature, std::uint64_t seed) {
  TAKT_CHECK(!options.empty(), "a draw needs options");
  double largest = 0;
  std::size_t best = 0;
  for (std::size_t i = 0; i < options.size(); ++i) {
    TAKT_CHECK(std::isfinite(options[i].gain), "a gain is a number");
    largest = std::max(largest, std::abs(options[i].gain));
    if (options[i].gain > options[best].gain) best = i;
  }
  if (!(temperature > 0)) return {best, 1.0};

  // An exponential race: each option waits a time of rate `weight`, and the first to come is drawn with probability weight/total.
  // The same as the largest logit + Gumbel (a Gumbel is −log of such a time; Maddison et al. 2014), with one logarithm instead
  // of two, and for most options none: −log(u) >= 1 − u, so who is late by that bound is late.
  const double scale = largest > 0 ? 1.0 / (largest * temperature) : 0.0; // all gains zero: all options alike
  const double top = options[best].gain * scale;
  double total = 0, first = std::numeric_limits<double>::infinity();
  std::size_t drawn = best;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const double weight = std::exp(options[i].gain * scale - top);
    total += weight;
    const double chance = uniform_open(seed, options[i].key);
    if (1.0 - chance >= first * weight) continue;
    const double time = -std::log(chance) / weight;
    if (!(time < first)) continue;
    first = time;
    drawn = i;
  }
  const double propensity = std::exp(options[drawn].gain * scale - top) / total;
  TAKT_CHECK(propensity > 0 && propensity <= 1, "a propensity is in (0,1]");
  return {drawn, propensity};
}

} // namespace takt
