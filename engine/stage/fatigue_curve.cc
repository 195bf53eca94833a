#include "engine/stage/fatigue_curve.h"

#include "core/check.h"

#include <algorithm>
#include <cmath>

namespace takt {

double exposure_weight(UtcTime shown, UtcTime t, Duration half_life) {
  TAKT_CHECK(half_life.count() > 0 && shown <= t, "exposures lie before t, and a half-life is positive");
  return std::exp2(-static_cast<double>((t - shown).count()) / static_cast<double>(half_life.count()));
}

double left_by_clicks(std::span<const UtcTime> clicks, UtcTime shown, UtcTime t) {
  const auto since = std::count_if(clicks.begin(), clicks.end(), [&](UtcTime click) { return click >= shown && click <= t; });
  return since == 0 ? 1.0 : std::pow(fatigue_left_by_click, static_cast<double>(since));
}

double fatigue_discount(double fatigue, double beta) { return std::pow(1.0 + fatigue, -beta); }

} // namespace takt
