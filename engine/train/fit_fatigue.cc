#include "engine/train/fit_fatigue.h"

#include "engine/train/fatigue_curve_points.h"
#include "engine/train/fatigue_moments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace takt {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Half-lives that are asked for: from those that forget overnight to those that hardly forget within the log.
constexpr double shortest_days = 0.5, longest_days = 90;
constexpr std::size_t rough_points = 7, profile_points = 15;
/// Steps towards the best half-life between them, and how near is near enough.
constexpr int parabolas = 6;
constexpr double close_in_log = 0.003;
constexpr double distance_95 = 3.841, deviations_95 = 1.96;
/// A half-life told worse than to a factor of this says nothing that a default would not.
constexpr double interval_ratio_max = 8;
/// Of ln gap; drawing gaps evenly between 90 % and 110 % of the usual has 0.06.
constexpr double spacing_min = 0.1;
/// Customers left out together to learn how far the answer hangs on them.
constexpr std::size_t folds_count = 60;
constexpr double beta_least = -3, beta_most = 5, step_most = 0.5;

Duration in_days(double count) { return Duration(std::llround(count * static_cast<double>(days(1).count()))); }
double days_of(Duration length) { return static_cast<double>(length.count()) / static_cast<double>(days(1).count()); }

/// β at one half-life.
struct Solution {
  std::vector<double> parameters;
  std::vector<float> columns;
  MomentSums sums;
  double distance = 0;
};

class Solver {
public:
  Solver(const FatigueMoments& moments, const FatigueFitOptions& options) : moments_(moments) {
    start_.assign(moments.sights().kinds(), options.prior_beta);
    if (moments.parameters() > start_.size()) start_.push_back(1);
  }

  const std::vector<double>& start() const { return start_; }

  /// False where the moments are not independent of each other: there is no information in them.
  bool weigh_by(const MomentSums& sums) {
    auto weight = weight_of(sums.variance);
    if (!weight) return false;
    weight_ = std::move(*weight);
    return true;
  }

  Solution solve(Duration half_life, std::vector<double> parameters) const {
    constexpr int steps_max = 25;
    Solution solution{std::move(parameters), moments_.sights().columns(half_life), {}, 0};
    for (int step = 0; step < steps_max; ++step) {
      solution.sums = moments_.sums(solution.parameters, solution.columns, false);
      solution.distance = solution.sums.moments.dot(weight_ * solution.sums.moments);
      const MatrixXd normal = solution.sums.jacobian.transpose() * weight_ * solution.sums.jacobian;
      VectorXd move = -normal.ldlt().solve(solution.sums.jacobian.transpose() * weight_ * solution.sums.moments);
      if (!move.allFinite()) break;
      move = move.cwiseMax(-step_most).cwiseMin(step_most);
      double moved = 0;
      for (std::size_t i = 0; i < solution.parameters.size(); ++i) {
        const double next = std::clamp(solution.parameters[i] + move[static_cast<Index>(i)], beta_least, beta_most);
        moved = std::max(moved, std::abs(next - solution.parameters[i]));
        solution.parameters[i] = next;
      }
      constexpr double close_enough = 1e-4; // the next step's error is its square
      if (moved < close_enough) break;
    }
    return solution;
  }

  /// Variance of the parameters by leaving out one fold of customers after the other (jackknife, one Gauss–Newton step each; Efron 1982): weights
  /// and slopes are told by the same few responses as the moments, which the sandwich formula takes for known and is a tenth too short for.
  /// `with_half_life`: that of ln(half-life) is taken into account. Infinite where a fold holds all there is.
  MatrixXd covariance(const Solution& solution, const Duration* with_half_life) const {
    std::vector<MomentSums> folds = moments_.sums_by_fold(solution.parameters, solution.columns, folds_count);
    if (with_half_life) add_half_life_slopes(solution, *with_half_life, folds);
    MomentSums all = folds.front();
    for (std::size_t fold = 1; fold < folds_count; ++fold) {
      all.moments += folds[fold].moments;
      all.jacobian += folds[fold].jacobian;
      all.variance += folds[fold].variance;
    }
    const Index p = all.jacobian.cols();
    MatrixXd moves(p, static_cast<Index>(folds_count));
    for (std::size_t fold = 0; fold < folds_count; ++fold) {
      const auto weight = weight_of(all.variance - folds[fold].variance);
      if (!weight) return MatrixXd::Constant(p, p, std::numeric_limits<double>::infinity());
      const MatrixXd jacobian = all.jacobian - folds[fold].jacobian, bread = jacobian.transpose() * *weight;
      moves.col(static_cast<Index>(fold)) = -(bread * jacobian).ldlt().solve(bread * (all.moments - folds[fold].moments));
    }
    const MatrixXd apart = moves.colwise() - moves.rowwise().mean();
    return apart * apart.transpose() * (static_cast<double>(folds_count - 1) / static_cast<double>(folds_count));
  }

private:
  static std::optional<MatrixXd> weight_of(MatrixXd variance) {
    const double trace = variance.trace();
    if (!(trace > 0) || !std::isfinite(trace)) return std::nullopt;
    const VectorXd shrink = variance.diagonal().cwiseMax(trace * 1e-12).cwiseSqrt().cwiseInverse(); // instruments of different units
    variance = shrink.asDiagonal() * variance * shrink.asDiagonal();
    variance.diagonal().array() += 1e-8; // half-lives far beyond the log look alike
    const Eigen::LLT<MatrixXd> factor(variance);
    if (factor.info() != Eigen::Success) return std::nullopt;
    const MatrixXd inverse = factor.solve(MatrixXd::Identity(variance.rows(), variance.cols()));
    return MatrixXd(shrink.asDiagonal() * inverse * shrink.asDiagonal());
  }

  /// As one more column of each fold's jacobian, by a difference.
  void add_half_life_slopes(const Solution& solution, Duration half_life, std::vector<MomentSums>& folds) const {
    constexpr double apart = 0.02; // of ln(half-life)
    const auto at = [&](double factor) {
      return moments_.sums_by_fold(solution.parameters, moments_.sights().columns(in_days(days_of(half_life) * std::exp(factor))), folds_count);
    };
    const std::vector<MomentSums> longer = at(apart), shorter = at(-apart);
    for (std::size_t fold = 0; fold < folds.size(); ++fold) {
      MatrixXd& jacobian = folds[fold].jacobian;
      jacobian.conservativeResize(Eigen::NoChange, jacobian.cols() + 1);
      jacobian.rightCols(1) = (longer[fold].moments - shorter[fold].moments) / (2 * apart);
    }
  }

  const FatigueMoments& moments_;
  std::vector<double> start_;
  MatrixXd weight_;
};

/// The profile over a grid, and the best half-life between its points.
struct Profile {
  std::vector<HalfLifeProfile> points;
  std::vector<std::vector<double>> solutions;          ///< parameters at each
  Solution best;
  Duration half_life{}, low{}, high{};
  bool low_is_open = false, high_is_open = false;
};

/// Between two half-lives, where the distance crosses the threshold: near its least it grows with the square of ln(half-life).
double crossing(double from, double to, double distance_from, double distance_to, double threshold) {
  const double share = (std::sqrt(threshold) - std::sqrt(distance_from)) / (std::sqrt(distance_to) - std::sqrt(distance_from));
  return std::exp(std::log(from) + std::clamp(share, 0.0, 1.0) * (std::log(to) - std::log(from)));
}

/// The set as one interval, from its first member to its last; the best half-life is one, wherever the grid lies.
void find_interval(Profile& profile) {
  struct Place { double days, distance; };
  std::vector<Place> places;
  for (const HalfLifeProfile& point : profile.points) places.push_back({days_of(point.half_life), point.distance});
  const Place best{days_of(profile.half_life), 0};
  places.insert(std::find_if(places.begin(), places.end(), [&](const Place& place) { return place.days >= best.days; }), best);
  std::size_t first = places.size(), last = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].distance > distance_95) continue;
    first = std::min(first, i);
    last = i;
  }
  const auto edge = [&](std::size_t inside, std::size_t outside) {
    return in_days(crossing(places[inside].days, places[outside].days, places[inside].distance, places[outside].distance, distance_95));
  };
  profile.low_is_open = first == 0;
  profile.high_is_open = last + 1 == places.size();
  profile.low = profile.low_is_open ? in_days(shortest_days) : edge(first, first - 1);
  profile.high = profile.high_is_open ? in_days(longest_days) : edge(last, last + 1);
}

struct Valley { double log_days = 0, distance = 0; };

/// Where the parabola through three points is lowest; the middle one where they lie on none.
double lowest_of(const Valley& a, const Valley& b, const Valley& c) {
  const double left = (b.log_days - a.log_days) * (b.distance - c.distance), right = (b.log_days - c.log_days) * (b.distance - a.distance);
  const double below = 2 * (left - right);
  if (!(std::abs(below) > 0)) return b.log_days;
  return b.log_days - ((b.log_days - a.log_days) * left - (b.log_days - c.log_days) * right) / below;
}

/// Successive parabolas between the neighbours of the best grid point.
void refine(const Solver& solver, Profile& profile, std::size_t best) {
  const auto valley = [&](std::size_t i) { return Valley{std::log(days_of(profile.points[i].half_life)), profile.points[i].distance}; };
  profile.half_life = profile.points[best].half_life;
  profile.best = solver.solve(profile.half_life, profile.solutions[best]);
  if (best == 0 || best + 1 == profile.points.size()) return;
  Valley left = valley(best - 1), middle = valley(best), right = valley(best + 1);
  for (int step = 0; step < parabolas; ++step) {
    Valley next{lowest_of(left, middle, right), 0};
    if (!(next.log_days > left.log_days && next.log_days < right.log_days) || std::abs(next.log_days - middle.log_days) < close_in_log) return;
    Solution solution = solver.solve(in_days(std::exp(next.log_days)), profile.best.parameters);
    next.distance = solution.distance;
    const bool is_better = next.distance < middle.distance, is_right = next.log_days > middle.log_days;
    if (is_better) {
      (is_right ? left : right) = middle;
      middle = next;
      profile.half_life = in_days(std::exp(next.log_days));
      profile.best = std::move(solution);
    } else (is_right ? right : left) = next;
  }
}

Profile profile_half_life(const Solver& solver, std::vector<double> start, std::size_t grid) {
  Profile profile;
  std::size_t best = 0;
  for (std::size_t i = 0; i < grid; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(grid - 1);
    const Duration half_life = in_days(shortest_days * std::pow(longest_days / shortest_days, share));
    const Solution solution = solver.solve(half_life, start);
    start = solution.parameters;
    profile.points.push_back({half_life, solution.distance});
    profile.solutions.push_back(solution.parameters);
    if (profile.points[i].distance < profile.points[best].distance) best = i;
  }
  refine(solver, profile, best);
  for (HalfLifeProfile& point : profile.points) point.distance = std::max(point.distance - profile.best.distance, 0.0);
  find_interval(profile);
  return profile;
}

FatigueEstimate estimate_of(double value, double error) { return {value, value - deviations_95 * error, value + deviations_95 * error, error, {}}; }

/// Widens the intervals to what every half-life of its own would make of the β's: at the edges of that, and at the points between.
void span(const Solver& solver, const Profile& profile, std::vector<FatigueEstimate>& betas) {
  std::vector<Duration> half_lives{profile.low, profile.high};
  for (const HalfLifeProfile& point : profile.points)
    if (point.half_life > profile.low && point.half_life < profile.high) half_lives.push_back(point.half_life);
  for (const Duration half_life : half_lives) {
    const Solution solution = solver.solve(half_life, profile.best.parameters);
    const MatrixXd covariance = solver.covariance(solution, nullptr);
    for (std::size_t kind = 0; kind < betas.size(); ++kind) {
      const auto place = static_cast<Index>(kind);
      const FatigueEstimate here = estimate_of(solution.parameters[kind], std::sqrt(std::max(covariance(place, place), 0.0)));
      betas[kind].low = std::max(std::min(betas[kind].low, here.low), beta_least); // where all is forgotten at once, every β would do
      betas[kind].high = std::min(std::max(betas[kind].high, here.high), beta_most);
    }
  }
}

void keep_prior(FatigueFit& fit, const FatigueFitOptions& options, FatigueDoubt doubt) {
  for (FatigueEstimate& beta : fit.betas) beta = {options.prior_beta, 0, 0, 0, {doubt}};
  fit.half_life = options.prior_half_life;
  fit.half_life_low = fit.half_life_high = {};
  fit.half_life_doubts = {doubt};
}

std::vector<FatigueDoubt> doubts_of(const Profile& profile, const FatigueSights& sights, bool has_few_responses) {
  std::vector<FatigueDoubt> doubts;
  if (has_few_responses) doubts.push_back(FatigueDoubt::too_few_responses);
  if (sights.spacing() < spacing_min) doubts.push_back(FatigueDoubt::even_spacing);
  if (profile.low_is_open || profile.high_is_open || days_of(profile.high) > interval_ratio_max * days_of(profile.low)) doubts.push_back(FatigueDoubt::flat_profile);
  return doubts;
}

/// The β's at the half-life that will be served, with intervals that know how well that one is told.
Solution settle(const Solver& solver, const Profile& profile, const FatigueFitOptions& options, FatigueFit& fit) {
  const bool is_told = fit.half_life_doubts.empty();
  Solution solution = is_told ? profile.best : solver.solve(options.prior_half_life, profile.best.parameters);
  const MatrixXd covariance = solver.covariance(solution, is_told ? &profile.half_life : nullptr);
  for (std::size_t kind = 0; kind < fit.betas.size(); ++kind) {
    const auto place = static_cast<Index>(kind);
    fit.betas[kind] = estimate_of(solution.parameters[kind], std::sqrt(std::max(covariance(place, place), 0.0)));
  }
  span(solver, profile, fit.betas);
  return solution;
}

} // namespace

FatigueFit fit_fatigue(const FatigueSights& sights, const FatigueFitOptions& options) {
  FatigueFit fit;
  fit.betas.resize(sights.kinds());
  fit.sights = sights.size();
  const FatigueMoments moments(sights, options.prior_beta, options.fits_offset);
  fit.drawn = static_cast<std::uint64_t>(moments.usable_rows());
  fit.customers = static_cast<std::uint64_t>(moments.usable_customers());
  fit.responses = moments.usable_responses();
  fit.observational = sights.drawn() == 0;
  for (std::size_t row = 0; row < sights.size(); ++row)
    if (fit.observational || sights.takes_part(row)) fit.exposures_max = std::max(fit.exposures_max, sights.rows()[row].exposures);
  keep_prior(fit, options, FatigueDoubt::nothing_drawn);
  if (sights.kinds() == 0) return fit;
  if (fit.observational) {
    fit.points = observational_points(sights);
    return fit;
  }
  Solver solver(moments, options);
  const std::vector<float> columns = sights.columns(options.prior_half_life);
  const auto refuse = [&](FatigueDoubt doubt) {
    keep_prior(fit, options, doubt);
    fit.points = points_of_fit(moments, solver.start(), columns);
    return fit;
  };
  if (moments.usable_rows() == 0) return refuse(FatigueDoubt::nothing_drawn);
  if (fit.exposures_max == 0) return refuse(FatigueDoubt::no_repeats);
  if (moments.usable_responses() < options.responses_min) return refuse(FatigueDoubt::too_few_responses);
  if (!solver.weigh_by(moments.sums(solver.start(), columns, true))) return refuse(FatigueDoubt::no_repeats);

  const Solution first = solver.solve(options.prior_half_life, solver.start());
  solver.weigh_by(moments.sums(first.parameters, first.columns, true));
  const Profile rough = profile_half_life(solver, first.parameters, rough_points);
  solver.weigh_by(moments.sums(rough.best.parameters, rough.best.columns, true));
  const Profile profile = profile_half_life(solver, rough.best.parameters, profile_points);

  fit.profile = profile.points;
  fit.half_life_low = profile.low;
  fit.half_life_high = profile.high;
  fit.half_life_doubts = doubts_of(profile, sights, moments.usable_responses() < options.half_life_responses_min);
  fit.half_life = fit.half_life_doubts.empty() ? profile.half_life : options.prior_half_life;
  const Solution settled = settle(solver, profile, options, fit);
  if (options.fits_offset) fit.offset_slope = settled.parameters.back();
  fit.points = points_of_fit(moments, settled.parameters, settled.columns);
  if (fit.betas.front().error <= options.beta_error_max)
    fit.categories = betas_by_category(moments, settled.parameters, settled.columns, fit.betas.front(), options.category_responses_min, fit.category_spread);
  for (FatigueEstimate& beta : fit.betas) {
    if (beta.error > options.beta_error_max) {
      beta.value = options.prior_beta;
      beta.doubts = {FatigueDoubt::too_wide};
    } else beta.value = std::max(beta.value, 0.0);
  }
  return fit;
}

} // namespace takt
