#include "engine/train/fatigue_curve_points.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace takt {
namespace {

/// Beyond that many earlier exposures few are left: they share the last point.
constexpr std::uint32_t points_max = 12;
constexpr double deviations_95 = 1.96;
constexpr int category_rounds = 3, category_steps = 12;

/// A ratio of sums over customers, with the error that their differences give it.
struct Ratio {
  double above = 0, below = 0, above_squares = 0, below_squares = 0, products = 0;
  double rows = 0, responses = 0, fitted = 0;
  void add_customer(double a, double b) {
    above += a;
    below += b;
    above_squares += a * a;
    below_squares += b * b;
    products += a * b;
  }
  double value() const { return below > 0 ? above / below : 0; }
  double error() const {
    const double ratio = value();
    return below > 0 ? std::sqrt(std::max(above_squares - 2 * ratio * products + ratio * ratio * below_squares, 0.0)) / below : 0;
  }
};

std::vector<FatiguePoint> points_from(std::span<const Ratio> ratios) {
  std::vector<FatiguePoint> points;
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    const Ratio& ratio = ratios[i];
    if (!(ratio.below > 0)) continue;
    const double around = deviations_95 * ratio.error();
    points.push_back({static_cast<std::uint32_t>(i), ratio.value(), std::max(ratio.value() - around, 0.0), ratio.value() + around, ratio.fitted / ratio.below, ratio.rows, ratio.responses});
  }
  return points;
}

/// Numbers of one category while its β is looked for.
struct CategoryFit {
  double beta = 0, error = 0, responses = 0, middle = 0;
  std::vector<std::uint32_t> rows;
};

/// Sum, slope and variance (by customer) of the category's one moment at β, given what its customers' later responses say.
struct OneMoment { double sum = 0, slope = 0, squares = 0; };

OneMoment moment_of(const CategoryFit& category, const FatigueMoments& moments, std::span<const double> rates, std::span<const double> pooled, std::span<const float> columns,
                    std::span<const std::uint32_t> customer_of) {
  const std::size_t kinds = moments.sights().kinds();
  OneMoment total;
  double of_customer = 0;
  std::uint32_t customer = UINT32_MAX;
  for (const std::uint32_t row : category.rows) {
    if (customer_of[row] != customer) {
      total.squares += of_customer * of_customer;
      of_customer = 0;
      customer = customer_of[row];
    }
    const auto x = static_cast<double>(columns[row * kinds]);
    const double w = moments.worn(row, pooled, columns) * std::exp((pooled[0] - category.beta) * x);
    const double z = (x - category.middle) * moments.weight(row), expected = w * rates[row];
    of_customer += z * (static_cast<double>(moments.sights().rows()[row].response) - expected);
    total.sum += z * (static_cast<double>(moments.sights().rows()[row].response) - expected);
    total.slope += z * x * expected;
  }
  total.squares += of_customer * of_customer;
  return total;
}

using CategoryFits = std::map<std::uint32_t, CategoryFit>;

CategoryFits rows_by_category(const FatigueMoments& moments, std::span<const double> rates, std::span<const double> parameters, std::span<const float> columns) {
  CategoryFits fits;
  const auto rows = moments.sights().rows();
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    if (rows[row].category == 0 || std::isnan(rates[row])) continue;
    CategoryFit& fit = fits[rows[row].category];
    fit.rows.push_back(row);
    fit.responses += static_cast<double>(rows[row].response);
    fit.beta = parameters[0];
  }
  for (auto& [number, fit] : fits) { // centred within itself: that a category is liked more than was expected is not its wear-out
    double sum = 0, all = 0;
    for (const std::uint32_t row : fit.rows) {
      const double share = moments.weight(row) * moments.worn(row, parameters, columns) * rates[row];
      sum += share * static_cast<double>(columns[row * moments.sights().kinds()]);
      all += share;
    }
    fit.middle = all > 0 ? sum / all : 0;
  }
  return fits;
}

/// Spread of the true values behind estimates with errors (DerSimonian, Laird 1986), around `middle`.
double spread_of(const std::vector<FatigueOfCategory>& categories, double middle) {
  double weights = 0, squares = 0, distance = 0;
  for (const FatigueOfCategory& one : categories) {
    const double weight = 1 / (one.raw_error * one.raw_error);
    weights += weight;
    squares += weight * weight;
    distance += weight * (one.raw - middle) * (one.raw - middle);
  }
  const double freedom = static_cast<double>(categories.size()) - 1;
  if (freedom < 1 || !(weights > 0)) return 0;
  return std::sqrt(std::max((distance - freedom) / (weights - squares / weights), 0.0));
}

} // namespace

std::vector<FatiguePoint> points_of_fit(const FatigueMoments& moments, std::span<const double> parameters, std::span<const float> columns) {
  const FatigueSights& sights = moments.sights();
  const std::vector<double> rates = moments.later_rates(parameters, columns);
  std::vector<Ratio> ratios(points_max + 1);
  std::vector<double> above(points_max + 1), below(points_max + 1);
  std::size_t begin = 0;
  for (const std::uint32_t end : sights.ends()) {
    std::fill(above.begin(), above.end(), 0);
    std::fill(below.begin(), below.end(), 0);
    for (std::size_t row = begin; row < end; ++row) {
      if (std::isnan(rates[row])) continue;
      const std::size_t point = std::min(sights.rows()[row].exposures, points_max);
      above[point] += static_cast<double>(sights.rows()[row].response);
      below[point] += moments.fresh(row, parameters) * rates[row];
      ratios[point].fitted += moments.worn(row, parameters, columns) * rates[row];
      ratios[point].responses += static_cast<double>(sights.rows()[row].response);
      ++ratios[point].rows;
    }
    for (std::size_t point = 0; point < ratios.size(); ++point) ratios[point].add_customer(above[point], below[point]);
    begin = end;
  }
  return points_from(ratios);
}

std::vector<FatiguePoint> observational_points(const FatigueSights& sights) {
  double first = 0, first_responses = 0;
  for (const FatigueSights::Row& row : sights.rows()) {
    if (row.exposures > 0) continue;
    ++first;
    first_responses += static_cast<double>(row.response);
  }
  if (!(first_responses > 0)) return {};
  const double base = first_responses / first;
  std::vector<Ratio> ratios(points_max + 1);
  for (const FatigueSights::Row& row : sights.rows()) {
    Ratio& ratio = ratios[std::min(row.exposures, points_max)];
    ratio.add_customer(static_cast<double>(row.response), base);
    ratio.responses += static_cast<double>(row.response);
    ++ratio.rows;
  }
  return points_from(ratios);
}

std::vector<FatigueOfCategory> betas_by_category(const FatigueMoments& moments, std::span<const double> parameters, std::span<const float> columns,
                                                 const FatigueEstimate& pooled, double responses_min, double& spread) {
  const FatigueSights& sights = moments.sights();
  std::vector<std::uint32_t> customer_of(sights.size());
  for (std::uint32_t customer = 0, row = 0; customer < sights.ends().size(); ++customer)
    for (; row < sights.ends()[customer]; ++row) customer_of[row] = customer;
  std::vector<double> rates = moments.later_rates(parameters, columns);
  CategoryFits fits = rows_by_category(moments, rates, parameters, columns);
  std::erase_if(fits, [&](const auto& one) { return one.second.responses < responses_min; });
  std::vector<float> own(sights.size(), static_cast<float>(parameters[0]));
  for (int round = 0; round < category_rounds; ++round) { // what later rows say depends on the β's of their own categories
    for (auto& [number, fit] : fits) {
      for (int step = 0; step < category_steps; ++step) {
        const OneMoment at = moment_of(fit, moments, rates, parameters, columns, customer_of);
        fit.error = at.slope > 0 ? std::sqrt(at.squares) / at.slope : 0;
        if (!(at.slope > 0)) break;
        const double move = std::clamp(-at.sum / at.slope, -0.5, 0.5);
        fit.beta = std::clamp(fit.beta + move, -3.0, 5.0);
        if (std::abs(move) < 1e-6) break;
      }
      for (const std::uint32_t row : fit.rows) own[row] = static_cast<float>(fit.beta);
    }
    rates = moments.later_rates(parameters, columns, own);
  }
  std::vector<FatigueOfCategory> categories;
  for (const auto& [number, fit] : fits)
    if (fit.error > 0) categories.push_back({number, {}, fit.beta, fit.error});
  spread = spread_of(categories, pooled.value);
  for (FatigueOfCategory& one : categories) {
    const double between = spread * spread, within = one.raw_error * one.raw_error, own_share = between / (between + within);
    const double value = pooled.value + own_share * (one.raw - pooled.value);
    const double error = std::sqrt(own_share * within + (1 - own_share) * (1 - own_share) * pooled.error * pooled.error);
    one.beta = {std::max(value, 0.0), value - deviations_95 * error, value + deviations_95 * error, error, {}};
  }
  return categories;
}

} // namespace takt
