#include "engine/relevance/methods.h"

#include "engine/relevance/ease.h"
#include "engine/relevance/item_knn.h"
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

Method popular(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<PopularityMethod>(popularity_of(data.matrix(), data.now_seconds, 0));
}
Method trending(const TrainingData& data, const MethodOptions&, const Progress&) {
  return std::make_shared<PopularityMethod>(popularity_of(data.matrix(), data.now_seconds, data.decay(trending_half_life_seconds)));
}
Method item_knn(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  ItemKnnOptions knn;
  knn.threads = options.threads;
  return std::make_shared<ItemWeightsMethod>(std::make_shared<ItemWeights>(train_item_knn(data.matrix(), knn, progress)));
}
Method ease(const TrainingData& data, const MethodOptions& options, const Progress& progress) {
  EaseOptions ease;
  ease.lambda = options.ease_lambda;
  ease.threads = options.threads;
  // All of them where that is at most 200 MB: the published model. For serving, 200 do.
  ease.weights_per_item_max = data.items <= 5000 ? 0 : 1000;
  return std::make_shared<ItemWeightsMethod>(std::make_shared<ItemWeights>(train_ease(data.matrix(), ease, progress)));
}

struct Entry {
  std::string_view name;
  Method (*train)(const TrainingData&, const MethodOptions&, const Progress&);
};
constexpr std::array entries = {Entry{"popular", popular}, Entry{"trending", trending}, Entry{"item-knn", item_knn}, Entry{"ease", ease}};
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
  return found->train(data, options, progress);
}

} // namespace takt
