#include "engine/train/train_models.h"

#include "engine/fatigue_plot.h"
#include "engine/train/choose_index.h"
#include "engine/train/co_occurrence.h"
#include "engine/train/interactions.h"
#include "engine/train/item_vectors.h"
#include "engine/train/learn_fatigue.h"
#include "engine/train/learn_intent.h"
#include "engine/train/learn_rates.h"
#include "engine/train/learn_relevance.h"
#include "engine/train/learn_repurchase.h"
#include "engine/train/learn_scorer.h"
#include "engine/train/learn_segments.h"
#include "engine/train/settle_level.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <numeric>
#include <sstream>

namespace takt {
namespace {

/// What is bought within a month belongs to one need, but less surely than one basket.
constexpr PairWeights bought_pairs{.other_basket = 0.5, .other_basket_within = days(30)};
constexpr PairWeights viewed_pairs{};
constexpr std::size_t trending_max = 1000;
/// Decayed evidence within trending_half_life without which nothing is a trend.
constexpr double trend_evidence_min = 1;

class Stopwatch {
public:
  explicit Stopwatch(const Clock* clock) : clock_(clock) { lap(); }
  double lap() {
    if (!clock_) return 0;
    const SteadyTime before = std::exchange(at_, clock_->steady_now());
    return std::chrono::duration<double>(at_ - before).count();
  }

private:
  const Clock* clock_;
  SteadyTime at_{};
};

/// Position of each item in the order of item ids: ties everywhere.
std::vector<std::uint32_t> rank_by_id(std::span<const Symbol> items, const SymbolTable& symbols) {
  std::vector<std::uint32_t> order(items.size()), rank(items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return symbols.name(items[a]) < symbols.name(items[b]); });
  for (std::size_t place = 0; place < order.size(); ++place) rank[order[place]] = static_cast<std::uint32_t>(place);
  return rank;
}

std::vector<ScoredSymbol> best_first(std::span<const Symbol> items, std::span<const std::uint32_t> rank, std::span<const double> scores) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < items.size(); ++i)
    if (scores[i] > 0) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : rank[a] < rank[b]; });
  std::vector<ScoredSymbol> best;
  best.reserve(order.size());
  for (const std::uint32_t i : order) best.push_back({items[i], static_cast<float>(scores[i])});
  return best;
}

/// Rate of the last days against the rate of the last weeks, both smoothed by the rate of a middling item, so that two looks
/// at something nobody knows are not a trend. A constant rate has a lift of 1; only what rises is listed.
std::vector<double> trend_lifts(const Interactions& seen) {
  const auto per_day = [](double decayed, Duration half_life) { return decayed * static_cast<double>(days(1).count()) / static_cast<double>(half_life.count()); };
  double all = 0;
  for (const double slow : seen.slow) all += per_day(slow, popular_half_life);
  const double smoothing = seen.slow.empty() ? 1 : all / static_cast<double>(seen.slow.size());
  std::vector<double> lifts(seen.slow.size(), 0);
  for (std::size_t i = 0; i < lifts.size(); ++i) {
    if (seen.fast[i] < trend_evidence_min) continue;
    const double lift = (per_day(seen.fast[i], trending_half_life) + smoothing) / (per_day(seen.slow[i], popular_half_life) + smoothing);
    if (lift > 1) lifts[i] = lift;
  }
  return lifts;
}

void rank_items(const Interactions& seen, std::span<const std::uint32_t> rank, Models& models) {
  models.popular = best_first(seen.items, rank, seen.slow);
  models.trending = best_first(seen.items, rank, trend_lifts(seen));
  if (models.trending.size() > trending_max) models.trending.resize(trending_max);
  if (models.popular.empty()) return;
  const double most = std::log1p(static_cast<double>(models.popular.front().score));
  for (const ScoredSymbol& item : models.popular)
    models.popularity.emplace(item.item, static_cast<float>(std::log1p(static_cast<double>(item.score)) / most));
}

/// Baskets per item, views and purchases together.
std::function<double(Symbol)> count_baskets(const Interactions& seen) {
  std::vector<double> counts(seen.items.size(), 0);
  for (const BasketItem& one : seen.views) ++counts[one.item];
  for (const BasketItem& one : seen.purchases) ++counts[one.item];
  std::unordered_map<Symbol, double> by_item;
  for (std::size_t i = 0; i < counts.size(); ++i) by_item.emplace(seen.items[i], counts[i]);
  return [by_item = std::move(by_item)](Symbol item) {
    const auto found = by_item.find(item);
    return found == by_item.end() ? 0.0 : found->second;
  };
}

std::vector<std::string> told(const LearntScorer& learnt) {
  if (!learnt.scorer) return {"the prior stays: " + learnt.reason};
  std::ostringstream text;
  if (learnt.keeps_order)
    text << std::fixed << std::setprecision(4) << "the prior's weights at the level of the outcomes: held-out log loss " << learnt.levelled.log_loss << ", learnt weights "
         << learnt.learnt.log_loss << ", the prior " << learnt.prior.log_loss;
  else text << std::fixed << std::setprecision(4) << "held-out log loss " << learnt.learnt.log_loss << ", the prior's " << learnt.prior.log_loss << "; AUC "
       << learnt.learnt.auc << ", calibration error " << learnt.learnt.calibration_error;
  return {text.str()};
}

struct ServedScorer {
  std::size_t impressions = 0;
  std::vector<std::string> notes;
};

/// The last part, because its level is that of decisions under all the others: put into `models`.
Result<ServedScorer> learn_and_settle(Store& store, const Catalogue& catalogue, UtcTime now, const std::function<void(std::string_view, double)>& progress,
                                      const TrainOptions& options, const std::shared_ptr<Models>& models) {
  const std::vector<CustomFeature> custom = options.rulebook ? options.rulebook->features : std::vector<CustomFeature>{};
  TAKT_TRY(scorer, learn_scorer(store, now, *models->scorer, custom, progress));
  ServedScorer served{scorer.impressions, told(scorer)};
  if (!scorer.scorer) return served;
  models->scorer = scorer.scorer;
  if (!options.rulebook) return served;
  const std::shared_ptr<const Catalogue> items{std::shared_ptr<const void>{}, &catalogue}; // the caller's, for the time of this call
  const World trial{items, options.rulebook, models, custom.empty() ? nullptr : CustomColumns::build(custom, items), &store.symbols()};
  TAKT_TRY(level, settle_level(store, trial, now, scorer));
  if (level) served.notes.push_back(std::move(*level));
  models->scorer = scorer.scorer;
  return served;
}

} // namespace

Result<std::shared_ptr<const Models>> train_models(Store& store, const Catalogue& catalogue, UtcTime now,
                                                   const std::function<void(std::string_view, double)>& progress, const TrainOptions& options) {
  auto models = std::make_shared<Models>();
  models->version = options.version;
  models->name = "journal-" + std::to_string(options.version);
  models->scorer = make_prior_scorer();
  const SymbolTable& symbols = store.symbols();
  Stopwatch watch(options.clock);
  const auto part = [&](std::string_view name) { return [&progress, name](double share) { progress(name, share); }; };
  const auto note = [&](std::string name, std::size_t rows, std::optional<double> recall = std::nullopt) {
    progress(name, 1);
    models->metrics.push_back({std::move(name), options.version, rows, recall, watch.lap()});
  };

  TAKT_TRY(intent, learn_intent(store, now, part("intent")));
  models->intent = intent.model;
  note("intent", intent.clicks);
  models->metrics.back().notes = intent.notes;
  TAKT_TRY(seen, read_interactions(store, models->intent, now, part("journal")));
  models->trained_from = seen.first;
  models->trained_until = seen.last;
  note("journal", seen.events + seen.lines);
  const std::vector<std::uint32_t> rank = rank_by_id(seen.items, symbols);
  rank_items(seen, rank, *models);
  note("popular", models->popular.size());
  models->metrics.push_back({"trending", options.version, models->trending.size(), std::nullopt, 0});
  models->viewed_together = neighbours_of(seen.views, seen.items, rank, viewed_pairs, part("viewed_together"));
  note("viewed_together", models->viewed_together.size());
  models->bought_together = neighbours_of(seen.purchases, seen.items, rank, bought_pairs, part("bought_together"));
  note("bought_together", models->bought_together.size());
  LearntRelevance relevance = learn_relevance(seen, rank, {options.threads, options.kept}, part("relevance"));
  models->relevance = std::move(relevance.model);
  note("relevance", models->relevance ? models->relevance->parts().items.size() : 0);
  models->metrics.back().notes = std::move(relevance.notes);
  models->vectors = make_item_vectors(catalogue, symbols, models->viewed_together, models->bought_together, count_baskets(seen), part("item_vectors"));
  note("item_vectors", models->vectors.items.size());
  const IndexChoice choice = choose_index(*models, options.clock);
  note(models->index ? "index-" + models->index->name() : "index-none", models->vectors.items.size(), choice.recall_at_100);
  if (!choice.why.empty()) models->metrics.back().notes = {choice.why};
  TAKT_TRY(rates, learn_rates(store, catalogue, models->intent, now, part("rates")));
  models->rates = std::move(rates.rates);
  models->cold_start.impressions = std::move(rates.shown);
  note("rates", rates.impressions);
  TAKT_TRY(segments, learn_segments(store, models->popular, now, part("segments")));
  models->cold_start.segments = std::move(segments);
  note("segments", models->cold_start.segments.size());
  const FatiguePolicy wear_out = options.rulebook && options.rulebook->policy ? options.rulebook->policy->fatigue : FatiguePolicy{};
  TAKT_TRY(fatigue, learn_fatigue(store, wear_out, models->intent, {.now = now}, part("fatigue")));
  note("fatigue", fatigue->drawn);
  models->metrics.back().notes = told(*fatigue);
  models->fatigue = std::move(fatigue);
  TAKT_TRY(repurchase, learn_repurchase(store, {.now = now}, part("repurchase")));
  note("repurchase", repurchase->by_category.size());
  models->metrics.back().notes = told(*repurchase, symbols);
  models->repurchase = std::move(repurchase);
  TAKT_TRY(scorer, learn_and_settle(store, catalogue, now, progress, options, models));
  note("scorer", scorer.impressions);
  models->metrics.back().notes = std::move(scorer.notes);
  return models;
}

} // namespace takt
