#include "engine/relevance/methods.h"

#include "engine/relevance/content.h"
#include "engine/relevance/ease.h"
#include "engine/relevance/item_knn.h"
#include "engine/relevance/learn_served_blend.h"
#include "engine/relevance/markov.h"
#include "engine/relevance/popularity.h"

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

/// Nobody says more than the newest of what they did.
InteractionMatrix matrix_of(const TrainingData& data) { return with_newest(data, events_per_customer_max).matrix(); }

Method popular(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<PopularityMethod>(popularity_of(data.matrix(), data.now_seconds, 0));
}
Method trending(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<PopularityMethod>(popularity_of(data.matrix(), data.now_seconds, data.has_times ? trending_half_life_seconds : 0));
}
Method item_knn(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  ItemKnnOptions knn;
  knn.threads = options.threads;
  return std::make_shared<ItemWeightsMethod>(std::make_shared<ItemWeights>(train_item_knn(matrix_of(data), knn, progress)));
}
Method ease(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  EaseOptions ease;
  ease.lambda = options.ease_lambda;
  ease.threads = options.threads;
  // All of them where that is at most 200 MB: the published model. What is served has fewer (served_blend.h).
  ease.weights_per_item_max = data.items <= 5000 ? 0 : weights_per_row_max;
  return std::make_shared<ItemWeightsMethod>(std::make_shared<ItemWeights>(train_ease(matrix_of(data), ease, progress)));
}
Method ials(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  return std::make_shared<IalsMethod>(std::make_shared<IalsModel>(train_ials(matrix_of(data), ials_settings(data.items, options.threads), progress)));
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

/// That of the engine, not one of its own.
Method blend(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  ServedBlendOptions served;
  served.threads = options.threads;
  served.ease_lambda = options.ease_lambda;
  return std::make_shared<BlendMethod>(served_blend(*learn_served_blend(data, served, progress).parts));
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
