#pragma once
/// L2 logistic regression toward a prior: with no data the prior comes back bit for bit, with few data nearly so.
/// The position is a term of its own (position-based click model: what is shown further down is seen less, whatever it is); it is fitted
/// and then left out, so that a better slot is not taken for a better item.
/// Method: penalised maximum likelihood by Newton's method with step halving (iteratively reweighted least squares). The penalty of a
/// weight is measured in its column's spread, so units do not matter. Errors: none. Threads: one; deterministic: same rows, same bits.
/// Cost: rows × columns² per step, rarely more than ten steps (100,000 rows of 60 columns: about a second). Memory: two such matrices.
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace takt {

/// What was seen and what came of it: one row per impression.
struct LabelledRows {
  std::size_t width = 0;
  std::vector<float> rows;                             ///< row-major
  std::vector<float> labels;                           ///< P(response) in [0,1]: a click that was probably meant is probably a response
  std::vector<float> weights;                          ///< >= 0
  std::vector<std::uint32_t> slots;                    ///< from 1
  std::size_t size() const { return labels.size(); }
  std::span<const float> row(std::size_t index) const { return std::span(rows).subspan(index * width, width); }
};

struct FitOptions {
  std::vector<std::size_t> fixed = {};                 ///< columns that keep the prior's weight
  double weight_strength = 5;                          ///< penalty per column, of its deviation in units of its spread
  double intercept_strength = 1;                       ///< about one response's worth
  std::uint32_t slots_max = 10;                        ///< slots from there on share one term
  int steps_max = 50;
};

struct LogisticFit {
  double intercept = 0;
  std::vector<double> weights;
  std::vector<double> slot_offsets;                    ///< log odds of slot 1, 2, …; slot 1 has 0
  double mean_slot_offset = 0;                         ///< over the rows it was fitted on
  int steps = 0;
  bool converged = false;
};

/// `picked`: rows to use, in order. `progress` after each step, with its share of steps_max.
LogisticFit fit_logistic(const LabelledRows& data, std::span<const std::uint32_t> picked, double prior_intercept, std::span<const double> prior_weights,
                         const FitOptions& options, const std::function<void(double)>& progress);

/// Log odds of a row, slot term included: what fit_logistic maximised over.
double log_odds_of(const LogisticFit& fit, std::span<const float> row, std::uint32_t slot);

/// How good probabilities are. Labels and weights as above.
struct ProbabilityMetrics {
  double log_loss = 0;                                 ///< mean, in nats
  double auc = 0.5;                                    ///< P(a response was rated above a non-response), ties half
  double calibration_error = 0;                        ///< expected |predicted - observed| over the tenths
  struct Tenth { double predicted = 0, observed = 0, weight = 0; };
  std::vector<Tenth> tenths;                           ///< ascending by prediction, equal counts
};
ProbabilityMetrics measure_probabilities(std::span<const double> predicted, std::span<const float> labels, std::span<const float> weights);

} // namespace takt
