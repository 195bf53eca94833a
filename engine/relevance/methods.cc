#include "engine/relevance/methods.h"

#include "engine/relevance/blend.h"
#include "engine/relevance/content.h"
#include "engine/relevance/ease.h"
#include "engine/relevance/ials.h"
#include "engine/relevance/item_knn.h"
#include "engine/relevance/markov.h"
#include "engine/relevance/popularity.h"
#include "engine/relevance/session_knn.h"

#include <algorithm>
#include <array>

namespace takt {
namespace {

using Method = std::shared_ptr<const RelevanceMethod>;
using Progress = std::function<void(double)>;

constexpr std::int64_t day_seconds = 86'400;
/// What people like now rather than what they ever liked: the best of a week to three months on the public data sets.
constexpr std::int64_t trending_half_life_seconds = 30 * day_seconds;
constexpr std::size_t weights_per_row_max = 1000;

Method popular(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<PopularityMethod>(popularity_of(data.matrix(), data.now_seconds, 0));
}
Method trending(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<PopularityMethod>(popularity_of(data.matrix(), data.now_seconds, data.has_times ? trending_half_life_seconds : 0));
}
std::shared_ptr<const ItemWeights> item_knn_weights(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  ItemKnnOptions knn;
  knn.threads = options.threads;
  return std::make_shared<ItemWeights>(train_item_knn(data.matrix(), knn, progress));
}
Method item_knn(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  return std::make_shared<ItemWeightsMethod>(item_knn_weights(data, options, progress));
}
std::shared_ptr<const ItemWeights> ease_weights(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  EaseOptions ease;
  ease.lambda = options.ease_lambda;
  ease.threads = options.threads;
  // All of them where that is at most 200 MB: the published model. For serving, 200 do.
  ease.weights_per_item_max = data.items <= 5000 ? 0 : weights_per_row_max;
  return std::make_shared<ItemWeights>(train_ease(data.matrix(), ease, progress));
}
Method ease(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  return std::make_shared<ItemWeightsMethod>(ease_weights(data, options, progress));
}
Method ials(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  IalsOptions ials;
  ials.threads = options.threads;
  ials.lambda = 0.01F;
  // The more items, the less it says that one was not taken: what searches on public sets found (3,400 items .3, 20,000 .1, 41,000 .02).
  ials.unseen_weight = std::clamp(1000 / static_cast<float>(std::max<std::size_t>(data.items, 1)), 0.02F, 0.3F);
  return std::make_shared<IalsMethod>(std::make_shared<IalsModel>(train_ials(data.matrix(), ials, progress)));
}
Method session_knn(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<SessionKnnMethod>(std::make_shared<SessionIndex>(data, SessionKnnOptions{}));
}
Method markov(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<MarkovMethod>(std::make_shared<ItemWeights>(train_markov(data, SessionKnnOptions{}.silence_seconds, weights_per_row_max)));
}
Method content(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<ContentMethod>(std::make_shared<ContentIndex>(data.item_words, data.words_count));
}

/// What a blend is made of. EASE and item-kNN come twice, since recent history says more: with all of it alike, and with decay.
std::vector<Method> parts_of(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  const auto step = [&](double from, double to) -> Progress { return [&progress, from, to](double share) { progress(from + (to - from) * share); }; };
  const HistoryDecay recent{data.period_seconds() / 4};
  const auto ease = ease_weights(data, options, step(0, 0.3));
  const auto knn = item_knn_weights(data, options, step(0.3, 0.4));
  std::vector<Method> parts = {std::make_shared<ItemWeightsMethod>(ease),
                               std::make_shared<ItemWeightsMethod>(ease, recent),
                               std::make_shared<ItemWeightsMethod>(knn, recent),
                               ials(data, options, step(0.4, 1)),
                               session_knn(data, options, {}),
                               markov(data, options, {})};
  if (!data.item_words.empty()) parts.push_back(content(data, options, {}));
  parts.push_back(trending(data, options, {}));
  return parts;
}

/// Attention over the newest 40th, 20th, 10th and 5th of the time, against all of it.
std::vector<std::vector<float>> trends_of(const TrainingData& data) {
  const InteractionMatrix matrix = data.matrix();
  const auto overall = popularity_of(matrix, data.now_seconds, 0);
  constexpr float prior_customers = 5; // enough that two purchases are no trend
  std::vector<std::vector<float>> trends;
  if (data.period_seconds() < 40) return trends;
  for (const std::int64_t part : {40, 20, 10, 5})
    trends.push_back(trend_of(popularity_of(matrix, data.now_seconds, data.period_seconds() / part), overall, prior_customers));
  return trends;
}

Method blend(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  const auto step = [&](double from, double to) -> Progress {
    return [&progress, from, to](double share) {
      if (progress) progress(from + (to - from) * share);
    };
  };
  constexpr double held_out_share = 0.12; // a month of nine
  constexpr std::size_t cases_max = 1000; // their mean is known to about 3 %; twice as many cost twice the time
  const HeldOut held = hold_out(data, held_out_share, cases_max);
  BlendProblem problem{data.items, parts_of(held.past, options, step(0, 0.4)), {}, trends_of(held.past), held.cases, held.past.now_seconds};
  problem.weights_min.assign(problem.parts.size(), 0);
  problem.weights_min.back() = 0.001F; // people without a history get what everybody likes now
  const BlendChoice choice = learn_blend(problem, step(0.4, 0.6));
  const std::vector<Method> methods = parts_of(data, options, step(0.6, 1));
  std::vector<BlendPart> parts;
  for (std::size_t i = 0; i < methods.size(); ++i) parts.push_back({methods[i], choice.weights[i]});
  const auto trends = trends_of(data);
  return std::make_shared<BlendMethod>(std::move(parts),
                                       choice.trend < trends.size() ? factors_of(trends[choice.trend], choice.exponent) : std::vector<float>{});
}

struct Entry {
  std::string_view name;
  Method (*train)(const TrainingData&, const MethodOptions&, const Progress&);
};
constexpr std::array entries = {Entry{"popular", popular}, Entry{"trending", trending}, Entry{"item-knn", item_knn},
                                Entry{"ease", ease},       Entry{"ials", ials},         Entry{"session-knn", session_knn},
                                Entry{"markov", markov},   Entry{"content", content},   Entry{"blend", blend}};
constexpr auto names = [] {
  std::array<std::string_view, entries.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = entries[i].name;
  return all;
}();

} // namespace

std::span<const std::string_view> method_names() { return names; }

Result<Method> train_method(std::string_view name, const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == name; });
  if (found == entries.end()) {
    std::string known;
    for (const std::string_view one : names) known += (known.empty() ? "" : ", ") + std::string(one);
    return fail(ErrorCode::not_found, "no method is called '" + std::string(name) + "'; there are " + known);
  }
  if (name == "content" && data.item_words.empty()) return fail(ErrorCode::invalid, "content needs to be told what items are about (--items)");
  return found->train(data, options, progress);
}

} // namespace takt
