#include "features/logistic_fit.h"

#include "core/check.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace takt {
namespace {

/// A column that never moves says nothing; the floor keeps its equation solvable.
constexpr double variance_min = 1e-6;
constexpr double gain_min = 1e-9;
constexpr int halvings_max = 30;
constexpr Eigen::Index block_rows = 512;

double logistic(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }
/// ln(1 + e^x) without overflow.
double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

std::uint32_t slot_term(std::uint32_t slot, std::uint32_t slots_max) { return std::min(std::max(slot, 1U), slots_max) - 1; }

/// The problem in dense form: intercept, free columns, slots from the second on.
class Problem {
public:
  Problem(const LabelledRows& data, std::span<const std::uint32_t> picked, double prior_intercept, std::span<const double> prior_weights, const FitOptions& options)
      : data_(data), picked_(picked), slots_max_(std::max(options.slots_max, 1U)), prior_weights_(prior_weights) {
    for (std::size_t c = 0; c < data.width; ++c)
      (std::find(options.fixed.begin(), options.fixed.end(), c) == options.fixed.end() ? free_ : fixed_).push_back(c);
    const auto size = static_cast<Eigen::Index>(free_.size() + slots_max_);
    prior_ = Eigen::VectorXd::Zero(size);
    penalty_ = Eigen::VectorXd::Constant(size, options.weight_strength);
    prior_[0] = prior_intercept;
    penalty_[0] = options.intercept_strength;
    for (std::size_t f = 0; f < free_.size(); ++f) {
      prior_[static_cast<Eigen::Index>(f) + 1] = prior_weights[free_[f]];
      penalty_[static_cast<Eigen::Index>(f) + 1] = options.weight_strength * std::max(variance_of(free_[f]), variance_min);
    }
  }

  const Eigen::VectorXd& prior() const { return prior_; }

  /// Penalised negative log-likelihood; with `gradient` its first and second derivatives too.
  double objective(const Eigen::VectorXd& theta, Eigen::VectorXd* gradient, Eigen::MatrixXd* curvature) const {
    const Eigen::VectorXd apart = theta - prior_;
    double loss = 0.5 * apart.dot(penalty_.cwiseProduct(apart));
    if (gradient) *gradient = penalty_.cwiseProduct(apart);
    if (curvature) *curvature = penalty_.asDiagonal();
    Eigen::MatrixXd block(block_rows, theta.size());
    for (std::size_t begin = 0; begin < picked_.size(); begin += static_cast<std::size_t>(block_rows)) {
      const auto count = static_cast<Eigen::Index>(std::min(static_cast<std::size_t>(block_rows), picked_.size() - begin));
      Eigen::VectorXd residual(count), scale(count), base(count);
      for (Eigen::Index r = 0; r < count; ++r) base[r] = fill(picked_[begin + static_cast<std::size_t>(r)], block.row(r));
      const Eigen::VectorXd log_odds = block.topRows(count) * theta + base;
      for (Eigen::Index r = 0; r < count; ++r) {
        const std::uint32_t index = picked_[begin + static_cast<std::size_t>(r)];
        const double label = static_cast<double>(data_.labels[index]), weight = static_cast<double>(data_.weights[index]);
        const double p = logistic(log_odds[r]);
        loss += weight * (softplus(log_odds[r]) - label * log_odds[r]);
        residual[r] = weight * (p - label);
        scale[r] = std::sqrt(weight * p * (1 - p));
      }
      if (gradient) *gradient += block.topRows(count).transpose() * residual;
      if (!curvature) continue;
      const Eigen::MatrixXd scaled = scale.asDiagonal() * block.topRows(count);
      curvature->selfadjointView<Eigen::Lower>().rankUpdate(scaled.transpose());
    }
    return loss;
  }

  LogisticFit fit_of(const Eigen::VectorXd& theta) const {
    LogisticFit fit;
    fit.intercept = theta[0];
    fit.weights.assign(prior_weights_.begin(), prior_weights_.end());
    for (std::size_t f = 0; f < free_.size(); ++f) fit.weights[free_[f]] = theta[static_cast<Eigen::Index>(f) + 1];
    fit.slot_offsets.assign(slots_max_, 0);
    for (std::uint32_t slot = 1; slot < slots_max_; ++slot) fit.slot_offsets[slot] = theta[static_cast<Eigen::Index>(free_.size() + slot)];
    double sum = 0, all = 0;
    for (const std::uint32_t index : picked_) {
      const double weight = static_cast<double>(data_.weights[index]);
      sum += weight * fit.slot_offsets[slot_term(data_.slots[index], slots_max_)];
      all += weight;
    }
    fit.mean_slot_offset = all > 0 ? sum / all : 0;
    return fit;
  }

private:
  template <class Row>
  double fill(std::uint32_t index, Row&& out) const {
    const std::span<const float> row = data_.row(index);
    out.setZero();
    out[0] = 1;
    for (std::size_t f = 0; f < free_.size(); ++f) out[static_cast<Eigen::Index>(f) + 1] = static_cast<double>(row[free_[f]]);
    if (const std::uint32_t slot = slot_term(data_.slots[index], slots_max_); slot > 0) out[static_cast<Eigen::Index>(free_.size() + slot)] = 1;
    double base = 0; // what the fixed columns give
    for (const std::size_t c : fixed_) base += prior_weights_[c] * static_cast<double>(row[c]);
    return base;
  }

  double variance_of(std::size_t column) const {
    double all = 0, sum = 0, squares = 0;
    for (const std::uint32_t index : picked_) {
      const double weight = static_cast<double>(data_.weights[index]), value = static_cast<double>(data_.row(index)[column]);
      all += weight;
      sum += weight * value;
      squares += weight * value * value;
    }
    return all > 0 ? std::max(squares / all - (sum / all) * (sum / all), 0.0) : 0;
  }

  const LabelledRows& data_;
  std::span<const std::uint32_t> picked_;
  std::uint32_t slots_max_;
  std::span<const double> prior_weights_;
  std::vector<std::size_t> free_, fixed_;
  Eigen::VectorXd prior_, penalty_;
};

/// P(a positive is rated above a negative), by one walk up the sorted predictions.
double auc_of(std::span<const double> predicted, std::span<const float> labels, std::span<const float> weights, std::span<const std::uint32_t> order) {
  double below = 0, positive = 0, won = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    double tied_positive = 0, tied_negative = 0;
    std::size_t end = begin;
    for (; end < order.size() && predicted[order[end]] == predicted[order[begin]]; ++end) {
      const double weight = static_cast<double>(weights[order[end]]), label = static_cast<double>(labels[order[end]]);
      tied_positive += weight * label;
      tied_negative += weight * (1 - label);
    }
    won += tied_positive * (below + 0.5 * tied_negative);
    below += tied_negative;
    positive += tied_positive;
    begin = end;
  }
  return positive > 0 && below > 0 ? won / (positive * below) : 0.5;
}

} // namespace

LogisticFit fit_logistic(const LabelledRows& data, std::span<const std::uint32_t> picked, double prior_intercept, std::span<const double> prior_weights,
                         const FitOptions& options, const std::function<void(double)>& progress) {
  TAKT_CHECK(prior_weights.size() == data.width, "a prior weight per column");
  const Problem problem(data, picked, prior_intercept, prior_weights, options);
  Eigen::VectorXd theta = problem.prior(), gradient(theta.size());
  Eigen::MatrixXd curvature(theta.size(), theta.size());
  bool converged = false;
  int steps = 0;
  while (steps < options.steps_max && !converged) {
    const double loss = problem.objective(theta, &gradient, &curvature);
    const Eigen::VectorXd step = curvature.selfadjointView<Eigen::Lower>().ldlt().solve(gradient);
    double share = 1, gain = 0;
    Eigen::VectorXd next = theta;
    for (int halving = 0; halving < halvings_max && gain <= 0; ++halving, share /= 2) {
      next = theta - share * step;
      gain = loss - problem.objective(next, nullptr, nullptr);
    }
    converged = !(gain > gain_min * (1 + std::fabs(loss)));
    if (gain > 0) theta = next;
    ++steps;
    if (progress) progress(static_cast<double>(steps) / static_cast<double>(options.steps_max));
  }
  LogisticFit fit = problem.fit_of(theta);
  fit.steps = steps;
  fit.converged = converged;
  return fit;
}

double log_odds_of(const LogisticFit& fit, std::span<const float> row, std::uint32_t slot) {
  double log_odds = fit.intercept + fit.slot_offsets[slot_term(slot, static_cast<std::uint32_t>(fit.slot_offsets.size()))];
  for (std::size_t c = 0; c < row.size(); ++c) log_odds += fit.weights[c] * static_cast<double>(row[c]);
  return log_odds;
}

ProbabilityMetrics measure_probabilities(std::span<const double> predicted, std::span<const float> labels, std::span<const float> weights) {
  constexpr std::size_t tenths = 10;
  ProbabilityMetrics metrics;
  if (predicted.empty()) return metrics;
  std::vector<std::uint32_t> order(predicted.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return predicted[a] < predicted[b]; });
  metrics.auc = auc_of(predicted, labels, weights, order);
  double all = 0;
  for (std::size_t tenth = 0; tenth < tenths; ++tenth) {
    ProbabilityMetrics::Tenth sum;
    for (std::size_t i = order.size() * tenth / tenths; i < order.size() * (tenth + 1) / tenths; ++i) {
      const std::uint32_t index = order[i];
      const double weight = static_cast<double>(weights[index]), label = static_cast<double>(labels[index]), p = std::clamp(predicted[index], 1e-12, 1 - 1e-12);
      metrics.log_loss -= weight * (label * std::log(p) + (1 - label) * std::log1p(-p));
      sum.predicted += weight * p;
      sum.observed += weight * label;
      sum.weight += weight;
    }
    if (!(sum.weight > 0)) continue;
    metrics.calibration_error += std::fabs(sum.predicted - sum.observed);
    all += sum.weight;
    metrics.tenths.push_back({sum.predicted / sum.weight, sum.observed / sum.weight, sum.weight});
  }
  if (all > 0) {
    metrics.log_loss /= all;
    metrics.calibration_error /= all;
  }
  return metrics;
}

} // namespace takt
