#pragma once
/// Wear-out of one key (an item, a category path, a channel …) as a pure function of what was shown and clicked:
///   F(t) = Σ_e 2^(−(t−t_e)/h) · 0.3^(clicks on the key in [t_e, t])        discount = (1+F)^(−β)
/// Source: semantics.md "Fatigue"; the form of the discount is Meta's creative-fatigue curve, (N+1)^−0.43.
/// Pure. Cost: one exponential per exposure, one power where there was a click.
#include "core/time.h"

#include <span>

namespace takt {

/// What remains of an earlier exposure after one click on its key: who clicks is not tired of it.
constexpr double fatigue_left_by_click = 0.3;

/// 2^(−(t−shown)/h); shown <= t, h > 0.
double exposure_weight(UtcTime shown, UtcTime t, Duration half_life);
/// 0.3^(clicks in [shown, t]); in any order.
double left_by_clicks(std::span<const UtcTime> clicks, UtcTime shown, UtcTime t);
/// (1+F)^(−β), in (0,1] for β >= 0.
double fatigue_discount(double fatigue, double beta);

} // namespace takt
