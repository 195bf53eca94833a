#include "features/dwell_mixture.h"

#include "features/intent.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace takt {
namespace {

using Components = std::array<DwellComponent, 3>;

constexpr int rounds_max = 2000;
/// Log likelihood per click that one more round must bring.
constexpr double gain_min = 1e-10;
/// Narrower than this is one bin with many clicks (a timer, a rounding), not a habit.
constexpr double deviation_min = 0.1;
/// Neighbouring parts that stand closer than half a deviation are one part.
constexpr double separation_min = 0.5;
constexpr double share_min = 0.01;
/// An accident is noticed and left within seconds; what peaks later is reading.
constexpr double accident_log_max = 8.294049640102028;      // ln 4000
constexpr double accident_log_min = 5.991464547107982;      // ln 400
/// Bayesian information criterion: what a third part must improve on two, per extra number and half the log of the clicks.
constexpr double numbers_of_one_part = 3;

double log_density(const DwellComponent& part, double x) {
  const double z = (x - part.mean_log) / part.deviation_log;
  return -0.5 * z * z - std::log(part.deviation_log) - 0.5 * std::log(2 * std::numbers::pi);
}

/// Densities of the parts times their shares at x, and their sum.
template <std::size_t N>
double weigh(const std::array<DwellComponent, N>& parts, double x, std::array<double, N>& weights) {
  double sum = 0;
  for (std::size_t k = 0; k < N; ++k) sum += weights[k] = parts[k].share * std::exp(log_density(parts[k], x));
  return sum;
}

template <std::size_t N>
struct Fitted {
  std::array<DwellComponent, N> parts;
  double log_likelihood = -std::numeric_limits<double>::infinity();
};

/// One round: responsibilities, then moments. Returns the log likelihood per click of the parts it was given.
template <std::size_t N>
double improve(const DwellHistogram& histogram, std::array<DwellComponent, N>& parts) {
  std::array<double, N> mass{}, first{}, second{}, weights{};
  double log_likelihood = 0;
  for (std::size_t bin = 0; bin < DwellHistogram::bins; ++bin) {
    const double count = histogram.counts()[bin];
    if (count <= 0) continue;
    const double x = DwellHistogram::log_of(bin), sum = std::max(weigh(parts, x, weights), 1e-300);
    log_likelihood += count * std::log(sum);
    for (std::size_t k = 0; k < N; ++k) {
      const double share = count * weights[k] / sum;
      mass[k] += share;
      first[k] += share * x;
      second[k] += share * x * x;
    }
  }
  for (std::size_t k = 0; k < N; ++k) {
    if (mass[k] <= 1e-9 * histogram.total()) continue; // nobody is left in it: it stays where it is, and fails the checks
    parts[k].share = mass[k] / histogram.total();
    parts[k].mean_log = first[k] / mass[k];
    parts[k].deviation_log = std::max(std::sqrt(std::max(second[k] / mass[k] - parts[k].mean_log * parts[k].mean_log, 0.0)), deviation_min);
  }
  return log_likelihood / histogram.total();
}

/// Accidents are alike, looks are not: without this bound the first part may spread below all others and mean anything.
void keep_accidents_narrow(Components& parts) {
  parts[0].deviation_log = std::min({parts[0].deviation_log, parts[1].deviation_log, parts[2].deviation_log});
}
void keep_accidents_narrow(std::array<DwellComponent, 2>&) {}

template <std::size_t N>
Fitted<N> climb(const DwellHistogram& histogram, std::array<DwellComponent, N> parts) {
  Fitted<N> fitted{parts};
  double before = -std::numeric_limits<double>::infinity();
  for (int round = 0; round < rounds_max; ++round) {
    fitted.parts = parts;
    fitted.log_likelihood = improve(histogram, parts);
    keep_accidents_narrow(parts);
    if (fitted.log_likelihood - before < gain_min) break;
    before = fitted.log_likelihood;
  }
  return fitted;
}

/// The value below which `share` of the clicks lie.
double quantile(const DwellHistogram& histogram, double share) {
  double below = 0;
  for (std::size_t bin = 0; bin < DwellHistogram::bins; ++bin) {
    below += histogram.counts()[bin];
    if (below >= share * histogram.total()) return DwellHistogram::log_of(bin);
  }
  return DwellHistogram::log_of(DwellHistogram::bins - 1);
}

/// From several first guesses of the accidental part; the looks start at quantiles of what there is.
Fitted<3> best_of_three(const DwellHistogram& histogram) {
  Fitted<3> best;
  for (const double accident_ms : {900.0, 1300.0, 1800.0, 2600.0})
    for (const double accident_share : {0.1, 0.35}) {
      const double rest = (1 - accident_share) / 2;
      const Components guess{{{accident_share, std::log(accident_ms), 0.4},
                              {rest, quantile(histogram, accident_share + rest / 2), 0.7},
                              {rest, quantile(histogram, 1 - rest / 2), 0.7}}};
      if (Fitted<3> fitted = climb<3>(histogram, guess); fitted.log_likelihood > best.log_likelihood) best = fitted;
    }
  return best;
}

Fitted<2> best_of_two(const DwellHistogram& histogram) {
  return climb<2>(histogram, {{{0.5, quantile(histogram, 0.25), 0.8}, {0.5, quantile(histogram, 0.75), 0.8}}});
}

std::string objection_to(const Components& parts, const DwellHistogram& histogram, double gain_over_two) {
  for (const DwellComponent& part : parts)
    if (part.share < share_min) return "one of the three parts holds less than 1 % of the clicks";
  for (std::size_t k = 0; k + 1 < parts.size(); ++k) {
    const double narrow = std::max(parts[k].deviation_log, 0.2);
    if (parts[k + 1].mean_log - parts[k].mean_log < separation_min * narrow) return "two of the three parts lie on top of each other";
  }
  if (parts[0].mean_log > accident_log_max) return "no part peaks below 4 s: nothing here looks like accidents";
  if (parts[0].mean_log < accident_log_min) return "the first part peaks below 0.4 s: that is a timer, not a finger";
  const double needed = 0.5 * numbers_of_one_part * std::log(histogram.total()) / histogram.total();
  if (gain_over_two < needed) return "two parts explain the clicks as well as three";
  return "";
}

} // namespace

void DwellHistogram::add(std::uint32_t dwell_ms, double weight) {
  if (dwell_ms == 0 || weight <= 0) return;
  const double place = (std::log(static_cast<double>(dwell_ms)) - log_min) / log_step;
  const auto bin = static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(bins - 1)));
  counts_[bin] += weight;
  total_ += weight;
}

DwellMixture::DwellMixture(const std::array<DwellComponent, 3>& components) : components_(components) {
  std::array<double, 3> weights{};
  // From the long end down: a wide part of intended looks must not make the shortest dwell look intended again.
  double above = 1;
  for (std::size_t i = DwellHistogram::bins; i-- > 0;) {
    const double sum = weigh(components_, DwellHistogram::log_of(i), weights);
    if (sum > 0) above = std::min(above, 1 - weights[0] / sum);
    table_[i] = static_cast<float>(above);
  }
}

double DwellMixture::intent(std::uint32_t dwell_ms) const {
  if (dwell_ms < dwell_impossible_ms) return 0;
  const double place = (std::log(static_cast<double>(dwell_ms)) - DwellHistogram::log_min) / DwellHistogram::log_step;
  return static_cast<double>(table_[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(DwellHistogram::bins - 1)))]);
}

double DwellMixture::accidental_median_ms() const { return std::exp(components_[0].mean_log); }
double DwellMixture::accidental_mode_ms() const {
  return std::exp(components_[0].mean_log - components_[0].deviation_log * components_[0].deviation_log);
}

DwellFit fit_dwell_mixture(const DwellHistogram& histogram) {
  if (histogram.total() < dwell_clicks_min)
    return {DwellMixture(Components{}), histogram.total(), 0, "fewer than 2,000 clicks with a dwell time"};
  Fitted<3> three = best_of_three(histogram);
  std::sort(three.parts.begin(), three.parts.end(), [](const DwellComponent& a, const DwellComponent& b) { return a.mean_log < b.mean_log; });
  const double gain = three.log_likelihood - best_of_two(histogram).log_likelihood;
  std::string why_not = objection_to(three.parts, histogram, gain);
  return {DwellMixture(three.parts), histogram.total(), three.log_likelihood, std::move(why_not)};
}

} // namespace takt
