// Intervals over customers, and what logged responses say of a draft.
#include "engine/what_if/what_if.h"

#include <algorithm>
#include <cmath>

namespace takt::what_if {
namespace {

constexpr double z_95 = 1.959964;
/// Below that the interval of a ratio is not to be trusted, and neither is the normal curve under it.
constexpr double effective_sample_min = 200, responses_min = 30;
/// Histories that part early say little of what came later.
constexpr double covered_min = 0.9;
/// Weights are 1 on average where the log could have shown all that the draft shows.
constexpr double weight_off_max = 0.1;
constexpr double unweighed_max = 0.02;

Interval interval_of(const CustomerSum& sum, std::uint64_t customers) {
  Interval interval{sum.sum, sum.sum, sum.sum};
  if (customers < 2) return interval;
  const auto n = static_cast<double>(customers);
  const double variance = std::max(0.0, (sum.squares - sum.sum * sum.sum / n) / (n - 1));
  const double error = z_95 * std::sqrt(n * variance);
  return {sum.sum, sum.sum - error, sum.sum + error};
}

/// Of all decisions, from the rate of those that were weighed. What was not weighed may be anything from nothing to twice as much.
Interval total_of(const WeightedSums::Ratio& ratio, std::uint64_t customers, double decisions, double covered) {
  if (!(ratio.under > 0) || customers < 2) return {};
  const double rate = ratio.over / ratio.under, n = static_cast<double>(customers);
  const double variance = std::max(0.0, ratio.over_over - 2 * rate * ratio.over_under + rate * rate * ratio.under_under) / (ratio.under * ratio.under) * n / (n - 1);
  const double total = rate * decisions, error = z_95 * std::sqrt(variance) * decisions * covered, unknown = total * (1 - covered);
  return {total, std::max(0.0, total - error - unknown), total + error + unknown};
}

std::vector<std::string> doubts_of(const WeightedEstimate& estimate, const WeightedSums& sums) {
  std::vector<std::string> doubts;
  const auto decisions = static_cast<double>(sums.decisions);
  if (estimate.covered < covered_min) doubts.emplace_back("histories_part_early");
  if (estimate.effective_sample < effective_sample_min) doubts.emplace_back("effective_sample_too_small");
  if (sums.logged_clicks.sum < responses_min) doubts.emplace_back("too_few_responses");
  if (sums.decisions > 0 && std::abs(sums.weights / decisions - 1) > weight_off_max) doubts.emplace_back("draft_shows_what_the_log_could_not");
  if (static_cast<double>(sums.unweighed) > unweighed_max * decisions) doubts.emplace_back("odds_unknown");
  return doubts;
}

} // namespace

WeightedEstimate estimate_of(const Figures& figures) {
  const WeightedSums& sums = figures.weighted;
  WeightedEstimate estimate;
  estimate.decisions = sums.decisions;
  estimate.customers = sums.customers;
  const auto decisions = static_cast<double>(figures.decisions);
  if (figures.decisions > 0) estimate.covered = static_cast<double>(sums.decisions) / decisions;
  if (sums.squared_weights > 0) estimate.effective_sample = sums.weights * sums.weights / sums.squared_weights;
  estimate.weight_max = sums.weight_max;
  estimate.clicks = total_of(sums.clicks, sums.customers, decisions, estimate.covered);
  estimate.value = total_of(sums.value, sums.customers, decisions, estimate.covered);
  if (sums.decisions > 0) {
    estimate.logged_clicks = sums.logged_clicks.sum / estimate.covered;
    estimate.logged_value = sums.logged_value.sum / estimate.covered;
  }
  estimate.doubts = doubts_of(estimate, sums);
  return estimate;
}

void tell_estimates(Report& report) {
  const Figures& figures = report.figures;
  report.model_clicks = {interval_of(figures.log.clicks, figures.customers), interval_of(figures.draft.clicks, figures.customers), interval_of(figures.clicks_gained, figures.customers)};
  report.model_value = {interval_of(figures.log.value, figures.customers), interval_of(figures.draft.value, figures.customers), interval_of(figures.value_gained, figures.customers)};
  report.weighted = estimate_of(figures);
}

} // namespace takt::what_if
