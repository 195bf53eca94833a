#include "engine/stage/softmax.h"

#include "core/check.h"
#include "core/random.h"

#include <algorithm>
#include <cmath>

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

  const double scale = largest > 0 ? 1.0 / (largest * temperature) : 0.0; // all gains zero: all options alike
  const double top = options[best].gain * scale;
  double total = 0, best_noisy = 0;
  std::size_t drawn = 0;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const double logit = options[i].gain * scale - top;
    total += std::exp(logit);
    const double noisy = logit + gumbel(seed, options[i].key);
    if (i == 0 || noisy > best_noisy) {
      best_noisy = noisy;
      drawn = i;
    }
  }
  const double propensity = std::exp(options[drawn].gain * scale - top) / total;
  TAKT_CHECK(propensity > 0 && propensity <= 1, "a propensity is in (0,1]");
  return {drawn, propensity};
}

} // namespace takt
