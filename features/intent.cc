#include "features/intent.h"

#include <cmath>

namespace takt {

double intent_of_dwell(std::optional<std::uint32_t> dwell_ms) {
  if (!dwell_ms) return intent_of_unknown_dwell;
  if (*dwell_ms < dwell_impossible_ms) return 0;
  const double log_odds = dwell_log_odds_slope * std::log(static_cast<double>(*dwell_ms) / dwell_even_odds_ms);
  return 1 / (1 + std::exp(-log_odds));
}

} // namespace takt
