#include "engine/train/learn_relevance.h"

#include "engine/relevance/ease.h"
#include "engine/relevance/popularity.h"
#include "engine/relevance/training_data.h"

#include <algorithm>
#include <iomanip>
#include <numeric>
#include <sstream>

namespace takt {
namespace {

using Progress = std::function<void(double)>;

constexpr double held_out_share = 0.12;
constexpr std::size_t cases_max = 1'000;
/// Serving adds up rows: the strongest weights carry the ranking, and 100 of them keep a row within a page or two of memory.
constexpr std::size_t weights_per_item_max = 100;
/// Enough that two purchases are no trend.
constexpr float trend_prior_customers = 5;
/// Shares of the whole time over which a trend is looked for.
constexpr std::array<std::int64_t, 4> trend_parts{40, 20, 10, 5};
/// The parts of a session are minutes apart, those of a season months: a quarter of what was seen separates them on public retail data.
constexpr std::int64_t recent_part = 4;

/// What is further back than a few moments counts next to nothing, and a decision must not meet ten thousand sessions.
SessionKnnOptions session_options() {
  SessionKnnOptions options;
  options.items_max = 8;
  options.sessions_per_item_max = 300;
  options.neighbours_max = 200;
  return options;
}

Progress step(const Progress& progress, double from, double to) {
  return [&progress, from, to](double share) { progress(from + (to - from) * share); };
}

TrainingData data_of(const Interactions& seen, std::span<const std::uint32_t> id_rank) {
  TrainingData data;
  data.customers = seen.customers_kept;
  data.items = seen.items.size();
  data.has_times = true;
  data.events = seen.acts;
  for (Interaction& act : data.events) act.item = id_rank[act.item]; // so that ties fall to the smaller id
  sort_events(data);
  return data;
}

struct Trained {
  std::shared_ptr<const ItemWeights> ease;
  std::shared_ptr<const SessionIndex> sessions;
  std::shared_ptr<const IalsModel> ials;
};

Trained train_parts(const TrainingData& data, std::array<bool, relevance_parts> wanted, std::size_t threads, const Progress& progress) {
  const auto is_wanted = [&](RelevancePart part) { return wanted[static_cast<std::size_t>(part)]; };
  Trained trained;
  if (is_wanted(RelevancePart::ease) || is_wanted(RelevancePart::ease_recent)) {
    EaseOptions options;
    options.weights_per_item_max = weights_per_item_max;
    options.threads = threads;
    trained.ease = std::make_shared<ItemWeights>(train_ease(data.matrix(), options, step(progress, 0, 0.5)));
  }
  if (is_wanted(RelevancePart::session_knn)) trained.sessions = std::make_shared<SessionIndex>(data, session_options());
  if (is_wanted(RelevancePart::ials)) {
    IalsOptions options;
    options.threads = threads;
    trained.ials = std::make_shared<IalsModel>(train_ials(data.matrix(), options, step(progress, 0.5, 1)));
  }
  return trained;
}

std::vector<std::vector<float>> trends_of(const TrainingData& data) {
  std::vector<std::vector<float>> trends;
  if (data.period_seconds() < trend_parts.front()) return trends;
  const InteractionMatrix matrix = data.matrix();
  const auto overall = popularity_of(matrix, data.now_seconds, 0);
  for (const std::int64_t part : trend_parts)
    trends.push_back(trend_of(popularity_of(matrix, data.now_seconds, data.period_seconds() / part), overall, trend_prior_customers));
  return trends;
}

BlendChoice choose(const HeldOut& held, const Trained& past, const Progress& progress) {
  BlendProblem problem;
  problem.items = held.past.items;
  problem.parts = {std::make_shared<ItemWeightsMethod>(past.ease), std::make_shared<ItemWeightsMethod>(past.ease, HistoryDecay{held.past.period_seconds() / recent_part}),
                   std::make_shared<SessionKnnMethod>(past.sessions), std::make_shared<IalsMethod>(past.ials)};
  problem.weights_min.assign(problem.parts.size(), 0);
  problem.trends = trends_of(held.past);
  problem.cases = held.cases;
  problem.now_seconds = held.past.now_seconds;
  return learn_blend(problem, progress);
}

std::vector<std::string> told(const BlendChoice& choice, std::size_t cases) {
  std::vector<std::string> notes;
  std::ostringstream all;
  all << std::fixed << std::setprecision(4) << "blend: quality " << choice.quality << " on " << cases << " held-out people (mean of recall@20 and ndcg@20)";
  notes.push_back(all.str());
  for (std::size_t part = 0; part < relevance_parts; ++part) {
    std::ostringstream one;
    one << std::fixed << std::setprecision(4) << relevance_part_names[part] << ": alone " << choice.single_qualities[part] << ", weight " << std::setprecision(2)
        << choice.weights[part];
    notes.push_back(one.str());
  }
  return notes;
}

} // namespace

LearntRelevance learn_relevance(const Interactions& seen, std::span<const std::uint32_t> id_rank, std::size_t threads, const Progress& progress) {
  const TrainingData data = data_of(seen, id_rank);
  if (data.customers < relevance_customers_min) return {nullptr, {"not learnt: fewer than 100 people with a journey"}};
  const HeldOut held = hold_out(data, held_out_share, cases_max);
  if (held.cases.size() < relevance_cases_min) return {nullptr, {"not learnt: fewer than 30 people came back in the newest part of the time"}};
  std::array<bool, relevance_parts> wanted;
  wanted.fill(true);
  const BlendChoice choice = choose(held, train_parts(held.past, wanted, threads, step(progress, 0, 0.4)), step(progress, 0.4, 0.6));
  for (std::size_t part = 0; part < relevance_parts; ++part) wanted[part] = choice.weights[part] > 0;

  RelevanceParts parts;
  parts.items.resize(seen.items.size());
  for (std::size_t i = 0; i < seen.items.size(); ++i) parts.items[id_rank[i]] = seen.items[i];
  std::copy_n(choice.weights.begin(), relevance_parts, parts.weights.begin());
  parts.recent_half_life_seconds = data.period_seconds() / recent_part;
  Trained trained = train_parts(data, wanted, threads, step(progress, 0.6, 1));
  parts.ease = std::move(trained.ease);
  parts.sessions = std::move(trained.sessions);
  parts.ials = std::move(trained.ials);
  const auto trends = trends_of(data);
  if (choice.trend < trends.size()) parts.trend = factors_of(trends[choice.trend], choice.exponent);
  return {std::make_shared<RelevanceModel>(std::move(parts)), told(choice, held.cases.size())};
}

} // namespace takt
