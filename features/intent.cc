#include "features/intent.h"

#include <cmath>

namespace takt {

double intent_of_dwell(std::optional<std::uint32_t> dwell_ms) {
  if (!dwell_ms) return intent_of_unknown_dwell;
  if (*dwell_ms < dwell_impossible_ms) return 0;
  const double log_odds = dwell_log_odds_slope * std::log(static_cast<double>(*dwell_ms) / dwell_even_odds_ms);
  return 1 / (1 + std::exp(-log_odds));
}

double IntentModel::of(std::optional<std::uint32_t> dwell_ms, Device device) const {
  const auto& own = by_device[static_cast<std::size_t>(device)];
  const auto& mixture = own ? own : of_all;
  if (!mixture) return intent_of_dwell(dwell_ms);
  return dwell_ms ? mixture->intent(*dwell_ms) : mixture->intent_of_unknown();
}

} // namespace takt
