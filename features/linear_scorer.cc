#include "features/linear_scorer.h"

#include "core/check.h"
#include "features/feature_row.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace takt {
namespace {

// log odds of 2.2 %: a plain item of middling popularity (0.5 x 0.6) then has about 3 %, the usual click rate of a shop's own
// placements. Everything below moves the odds from there; e^0.7 = 2, so a weight of 0.7 doubles them at full strength.
constexpr double base_log_odds = -3.8;

struct PriorWeight {
  std::string_view column;
  double weight;
};

// Columns that are not named here have weight 0. Exposures and contacts are among them on purpose: the fatigue stage owns
// them, and what tires must enter the score once.
constexpr PriorWeight prior_weights[] = {
    {"taste_match", 1.5},        // cosine 1 = 4.5 x the odds: the best single signal of item-to-item benchmarks
    {"relevance", 1.5},          // what the journal says people like this one want; 0 where nothing was learnt
    {"session", 0.8},            // what goes with this visit is wanted now
    {"anchor", 0.8},             // what goes with the page is looked for
    {"retrieval_score", 0.4},    // how sure its source was
    {"category_affinity", 1.2},  // share of the person's evidence in this category
    {"brand_affinity", 0.6},     // the same for brands: weaker, many people are loyal to none
    {"popularity", 0.6},         // what many want, one more may want
    {"freshness", 0.2},          // the new gets a look
    {"price_distance", -0.3},    // far from what the person usually pays
    {"bought_before", -0.4},     // slightly down: most goods are not bought twice; the pause after a purchase is a rule, not this
    {"viewed_before", 0.3},      // undecided: looked at, not bought
    {"caller_score", 1.5},       // the caller has a model of its own
};

/// Never exactly 0 or 1: a propensity or a logarithm may come after.
double probability_of(double log_odds) {
  constexpr double log_odds_max = 30;
  return 1 / (1 + std::exp(-std::clamp(log_odds, -log_odds_max, log_odds_max)));
}

} // namespace

LinearScorer::LinearScorer(std::string name, std::uint64_t fingerprint, double intercept, std::vector<double> weights, std::vector<CustomWeight> custom)
    : name_(std::move(name)), fingerprint_(fingerprint), intercept_(intercept), weights_(std::move(weights)), custom_(std::move(custom)) {
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    if (weights_[c] == 0) continue;
    terms_.push_back({c, weights_[c]});
    columns_.push_back(c);
  }
}

double LinearScorer::log_odds_of(const float* row) const {
  double log_odds = intercept_;
  for (const Term& term : terms_) log_odds += term.weight * static_cast<double>(row[term.column]);
  return log_odds;
}

/// One sum per row; empty where no configured column has a weight, which is the rule.
std::vector<double> LinearScorer::custom_log_odds(const CustomRows& custom, std::size_t rows) const {
  TAKT_CHECK(custom.values.size() == rows * custom.columns.size(), "rows of configured columns do not fit");
  std::vector<double> log_odds;
  for (const CustomWeight& known : custom_) {
    const auto column = static_cast<std::size_t>(std::find(custom.columns.begin(), custom.columns.end(), known.column) - custom.columns.begin());
    if (column == custom.columns.size() || known.weight == 0) continue;
    log_odds.resize(rows);
    for (std::size_t r = 0; r < rows; ++r) log_odds[r] += known.weight * static_cast<double>(custom.values[r * custom.columns.size() + column]);
  }
  return log_odds;
}

void LinearScorer::score(std::span<const float> rows, const CustomRows& custom, std::span<double> probabilities) const {
  const std::size_t width = weights_.size();
  TAKT_CHECK(rows.size() == probabilities.size() * width, "feature rows do not fit the scorer");
  const std::vector<double> added = custom_log_odds(custom, probabilities.size());
  if (!added.empty()) {
    for (std::size_t r = 0; r < probabilities.size(); ++r) probabilities[r] = probability_of(log_odds_of(rows.data() + r * width) + added[r]);
    return;
  }
  constexpr std::size_t block = 4;
  std::size_t r = 0;
  for (; r + block <= probabilities.size(); r += block) {
    const float* row = rows.data() + r * width;
    double a = intercept_, b = intercept_, c = intercept_, d = intercept_;
    for (const Term& term : terms_) {
      const float* value = row + term.column;
      a += term.weight * static_cast<double>(value[0]);
      b += term.weight * static_cast<double>(value[width]);
      c += term.weight * static_cast<double>(value[2 * width]);
      d += term.weight * static_cast<double>(value[3 * width]);
    }
    probabilities[r] = probability_of(a);
    probabilities[r + 1] = probability_of(b);
    probabilities[r + 2] = probability_of(c);
    probabilities[r + 3] = probability_of(d);
  }
  for (; r < probabilities.size(); ++r) probabilities[r] = probability_of(log_odds_of(rows.data() + r * width));
}

std::unique_ptr<Scorer> make_prior_scorer() {
  const FeatureSchema& schema = feature_schema();
  std::vector<double> weights(schema.columns.size(), 0);
  for (const PriorWeight& prior : prior_weights) {
    const std::size_t column = schema.find(prior.column);
    TAKT_CHECK(column < weights.size(), "the prior names a column that is not in the schema");
    weights[column] = prior.weight;
  }
  return std::make_unique<LinearScorer>("prior-logistic-1", schema.fingerprint, base_log_odds, std::move(weights));
}

} // namespace takt
