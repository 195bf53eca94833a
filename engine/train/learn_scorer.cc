#include "engine/train/learn_scorer.h"

#include "features/feature_row.h"
#include "features/linear_scorer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>

namespace takt {
namespace {

constexpr double train_share = 0.70, calibrate_share = 0.15;
/// What was fitted has the level of its own clicks, some hundred at least: the few that calibrate it move it by their share.
constexpr double fitted_level_strength = 50;

using Rows = std::vector<std::uint32_t>;

Rows rows_between(std::size_t begin, std::size_t end) {
  Rows rows(end - begin);
  std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(begin));
  return rows;
}

double clicks_in(const LabelledRows& data, std::span<const std::uint32_t> rows) {
  double clicks = 0;
  for (const std::uint32_t row : rows) clicks += static_cast<double>(data.labels[row]) * static_cast<double>(data.weights[row]);
  return clicks;
}

/// What the fatigue stage discounts for must not be learnt a second time.
std::vector<std::size_t> columns_of_the_ledger() {
  std::vector<std::size_t> fixed;
  const auto& columns = feature_schema().columns;
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (columns[c].reads == Reads::ledger) fixed.push_back(c);
  return fixed;
}

/// log odds → a · log odds + b, fitted on rows that the weights have not seen.
struct Calibration { double scale = 1, shift = 0; };

/// `strength`: how many responses' worth a level that is not to be moved has.
Calibration calibrate(const LabelledRows& data, std::span<const std::uint32_t> rows, const LogisticFit& fit, double strength) {
  LabelledRows odds;
  odds.width = 1;
  for (const std::uint32_t row : rows) {
    odds.rows.push_back(static_cast<float>(log_odds_of(fit, data.row(row), data.slots[row])));
    odds.labels.push_back(data.labels[row]);
    odds.weights.push_back(data.weights[row]);
    odds.slots.push_back(1);
  }
  const std::vector<double> unchanged{1};
  FitOptions options;
  options.slots_max = 1;
  options.intercept_strength = strength;
  const LogisticFit found = fit_logistic(odds, rows_between(0, odds.size()), 0, unchanged, options, {});
  return {found.weights[0], found.intercept};
}

/// Weights, calibration and the slot of a middling impression in one linear scorer.
std::shared_ptr<const LinearScorer> fold(std::string name, const LogisticFit& fit, const Calibration& calibration, const std::vector<CustomFeature>& features) {
  std::vector<double> weights = fit.weights;
  for (double& weight : weights) weight *= calibration.scale;
  const std::size_t width = feature_schema().columns.size();
  std::vector<CustomWeight> custom;
  for (std::size_t c = 0; c < features.size(); ++c) custom.push_back({print_of(features[c]), features[c].id, weights[width + c]});
  weights.resize(width);
  const double intercept = calibration.scale * (fit.intercept + fit.mean_slot_offset) + calibration.shift;
  return std::make_shared<LinearScorer>(std::move(name), feature_schema().fingerprint, intercept, std::move(weights), std::move(custom));
}

struct Judgement {
  ProbabilityMetrics metrics;
  std::vector<double> losses;                          ///< per row, in nats
  std::vector<std::uint64_t> people;                   ///< per row: whose it is; rows of nobody named are each their own
};

/// By how many standard errors of the paired difference is a better than b? What one person was shown is one observation: it shares
/// their columns and their mood.
double lead_of(const Judgement& a, const Judgement& b) {
  std::map<std::uint64_t, double> leads;
  for (std::size_t i = 0; i < a.losses.size(); ++i) leads[a.people[i]] += b.losses[i] - a.losses[i];
  double sum = 0, squares = 0;
  for (const auto& [person, lead] : leads) {
    sum += lead;
    squares += lead * lead;
  }
  const auto n = static_cast<double>(leads.size());
  const double mean = n > 0 ? sum / n : 0, variance = n > 0 ? squares / n - mean * mean : 0;
  return variance > 0 ? mean / std::sqrt(variance / n) : 0;
}

Judgement judge(const Scorer& scorer, const Outcomes& outcomes, std::span<const std::uint32_t> rows) {
  const LabelledRows& data = outcomes.data;
  const auto width = static_cast<std::ptrdiff_t>(feature_schema().columns.size());
  std::vector<std::uint64_t> columns;
  for (const CustomFeature& feature : outcomes.custom) columns.push_back(print_of(feature));
  std::vector<float> matrix, custom, labels, weights;
  for (const std::uint32_t row : rows) {
    const std::span<const float> values = data.row(row);
    matrix.insert(matrix.end(), values.begin(), values.begin() + width);
    custom.insert(custom.end(), values.begin() + width, values.end());
    labels.push_back(data.labels[row]);
    weights.push_back(data.weights[row]);
  }
  std::vector<double> predicted(rows.size());
  scorer.score(matrix, CustomRows{columns, custom}, predicted);
  Judgement judgement{measure_probabilities(predicted, labels, weights), {}, {}};
  for (const std::uint32_t row : rows) judgement.people.push_back(outcomes.customers.empty() ? row : outcomes.customers[row].value);
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const auto label = static_cast<double>(labels[i]);
    judgement.losses.push_back(-static_cast<double>(weights[i]) * (label * std::log(predicted[i]) + (1 - label) * std::log1p(-predicted[i])));
  }
  return judgement;
}

std::vector<std::optional<float>> still_columns(const LabelledRows& data) {
  std::vector<std::optional<float>> still;
  for (std::size_t c = 0; c < data.width && data.size() > 0; ++c) {
    still.emplace_back(data.row(0)[c]);
    for (std::size_t row = 1; row < data.size() && still.back(); ++row)
      if (data.row(row)[c] != *still.back()) still.back().reset();
  }
  return still;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

/// The learnt weights, the prior's weights at the level of the outcomes, or the prior as it is. Some ten clicks can tell a level and no
/// order: what has more freedom must be better by a standard error.
void choose(const Outcomes& outcomes, const LogisticFit& fit, const LinearScorer& prior, std::span<const std::uint32_t> seen, std::span<const std::uint32_t> held_out,
            std::span<const std::uint32_t> last, LearntScorer& result) {
  LogisticFit as_before = fit;
  as_before.intercept = prior.intercept();
  as_before.weights = prior.weights();
  as_before.weights.resize(outcomes.data.width);
  const Calibration learnt_level = calibrate(outcomes.data, held_out, fit, fitted_level_strength), prior_level = calibrate(outcomes.data, seen, as_before, 1);
  const auto learnt = fold("logistic-2", fit, learnt_level, outcomes.custom), levelled = fold("prior-levelled-1", as_before, prior_level, outcomes.custom);
  const Judgement of_learnt = judge(*learnt, outcomes, last), of_levelled = judge(*levelled, outcomes, last), of_prior = judge(prior, outcomes, last);
  result.learnt = of_learnt.metrics;
  result.levelled = of_levelled.metrics;
  result.prior = of_prior.metrics;
  if (learnt_level.scale > 0 && std::min(lead_of(of_learnt, of_levelled), lead_of(of_learnt, of_prior)) > 1) result.scorer = learnt;
  else if (prior_level.scale > 0 && lead_of(of_levelled, of_prior) > 1) {
    result.scorer = levelled;
    result.keeps_order = true;
  } else if (!(learnt_level.scale > 0)) result.reason = "what was learnt does not order what came after it";
  else result.reason = "held-out log loss " + number(result.learnt.log_loss) + " is not clearly below the prior's " + number(result.prior.log_loss);
}

} // namespace

LearntScorer learn_scorer_from(const Outcomes& outcomes, const Scorer& prior, const std::function<void(double)>& progress) {
  const LabelledRows& data = outcomes.data;
  LearntScorer result;
  result.decisions = outcomes.decisions;
  result.impressions = data.size();
  result.clicks = clicks_in(data, rows_between(0, data.size()));
  result.click_rate = data.size() > 0 ? result.clicks / static_cast<double>(data.size()) : 0;
  result.still = still_columns(data);
  const auto* linear = dynamic_cast<const LinearScorer*>(&prior);
  if (!linear || prior.schema_fingerprint() != feature_schema().fingerprint) {
    result.reason = "the scorer to start from is not a linear one of this feature schema";
    return result;
  }
  const auto train_end = static_cast<std::size_t>(train_share * static_cast<double>(data.size()));
  const auto calibrate_end = static_cast<std::size_t>((train_share + calibrate_share) * static_cast<double>(data.size()));
  const Rows train = rows_between(0, train_end), held_out = rows_between(train_end, calibrate_end), last = rows_between(calibrate_end, data.size());
  const double to_train = clicks_in(data, train), to_judge = std::min(clicks_in(data, held_out), clicks_in(data, last));
  if (to_train < clicks_to_train_min || to_judge < clicks_to_judge_min) {
    result.reason = "too few clicks: " + number(to_train) + " to learn from (" + number(clicks_to_train_min) + " wanted), " + number(to_judge) +
                    " to judge by (" + number(clicks_to_judge_min) + " wanted)";
    return result;
  }
  FitOptions options;
  options.fixed = columns_of_the_ledger();
  std::vector<double> prior_weights = linear->weights();
  prior_weights.resize(data.width); // of a configured column nothing is expected
  const LogisticFit fit = fit_logistic(data, train, linear->intercept(), prior_weights, options, progress);
  result.slot_offsets = fit.slot_offsets;
  choose(outcomes, fit, *linear, rows_between(0, calibrate_end), held_out, last, result);
  return result;
}

Result<LearntScorer> learn_scorer(Store& store, UtcTime now, const Scorer& prior, const std::vector<CustomFeature>& custom,
                                  const std::function<void(std::string_view, double)>& progress) {
  const auto part = [&](std::string_view name) {
    return [&progress, name](double share) {
      if (progress) progress(name, share);
    };
  };
  OutcomeOptions options;
  options.from = now - outcomes_horizon;
  options.now = now;
  options.custom = custom;
  TAKT_TRY(outcomes, read_outcomes(store, options, part("outcomes")));
  return learn_scorer_from(outcomes, prior, part("scorer"));
}

} // namespace takt
