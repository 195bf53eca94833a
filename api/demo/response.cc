#include "api/demo/response.h"

#include <algorithm>
#include <cmath>

namespace takt::demo {
namespace {

double logistic(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

std::uint32_t dwell_of(double log_seconds) {
  constexpr double longest_seconds = 3600; // a tab that was left open says nothing more
  return static_cast<std::uint32_t>(std::llround(1000 * std::min(std::exp(log_seconds), longest_seconds)));
}

} // namespace

double WearOut::at_time(UtcTime t, Duration half_life) const {
  if (fatigue <= 0) return 0;
  const double age = static_cast<double>(std::max<std::int64_t>((t - at).count(), 0));
  return fatigue * std::exp2(-age / static_cast<double>(half_life.count()));
}

void WearOut::see(UtcTime t, Duration half_life) {
  fatigue = at_time(t, half_life) + 1;
  at = t;
}

void WearOut::click(UtcTime t, Duration half_life, double left) {
  fatigue = at_time(t, half_life) * left;
  at = t;
}

double worn(double fatigue, double beta) { return std::pow(1 + fatigue, -beta); }

double click_chance(const ResponseParameters& parameters, const Appeal& appeal) {
  double log_odds = parameters.click_base + parameters.taste * appeal.taste + parameters.popularity * appeal.popularity + parameters.price * appeal.price_distance;
  if (appeal.needed) log_odds += parameters.need;
  if (appeal.considered) log_odds += parameters.considered;
  if (appeal.on_foreign_site) log_odds += parameters.foreign_site;
  return logistic(log_odds + parameters.position * static_cast<double>(appeal.slot - 1));
}

double buy_chance(const ResponseParameters& parameters, const Appeal& appeal) {
  double log_odds = parameters.buy_base + parameters.buy_taste * appeal.taste + parameters.buy_price * appeal.price_distance;
  if (appeal.needed) log_odds += parameters.buy_need;
  if (appeal.considered) log_odds += parameters.buy_considered;
  return logistic(log_odds);
}

std::uint32_t accident_dwell_ms(const ResponseParameters& parameters, double normal) {
  const double spread = parameters.accident_spread; // the mode of a log-normal lies spread² below the median
  return dwell_of(std::log(parameters.accident_mode) + spread * spread + spread * normal);
}

std::uint32_t intended_dwell_ms(const ResponseParameters& parameters, bool is_long, double normal) {
  return dwell_of(std::log(is_long ? parameters.long_median : parameters.short_median) + parameters.intended_spread * normal);
}

} // namespace takt::demo
