#include "engine/taste.h"

#include "engine/index/inner_product.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

/// One item, however often it was looked at and bought, is one item: it must not be the whole taste.
constexpr float weight_max = 3;
/// So many of the best are told apart; whoever is further down would not reach a slate by its relevance.
constexpr std::size_t relevant_max = 200;

void add_relevance(const RelevanceModel& model, UtcTime now, CustomerFeatures& features) {
  std::vector<RecentItem> recent;
  recent.reserve(features.recent_items.size());
  for (std::size_t i = 0; i < features.recent_items.size(); ++i)
    recent.push_back({features.recent_items[i], features.recent_strengths[i], features.recent_times[i]});
  const std::vector<ScoredSymbol> best = model.best(recent, now, relevant_max);
  features.relevance.reserve(best.size());
  for (const ScoredSymbol& one : best) {
    features.relevance.emplace(one.item, one.score);
    features.relevant_items.push_back(one.item);
  }
}

} // namespace

void prefetch_row(const ItemVectors& vectors, std::uint32_t row) {
  constexpr std::size_t floats_per_line = 16;
  const std::span<const float> values = vectors.row(row);
  for (std::size_t i = 0; i < values.size(); i += floats_per_line) __builtin_prefetch(values.data() + i);
}

CustomerFeatures customer_features(const Models& models, const Person& person) {
  CustomerFeatures features = build_customer_features(*person.record, person.time.session, person.now, person.profile_allowed);
  features.taste = taste_vector(models, features);
  if (models.relevance) add_relevance(*models.relevance, person.now, features);
  return features;
}

std::vector<float> taste_vector(const Models& models, const CustomerFeatures& features) {
  const ItemVectors& vectors = models.vectors;
  std::vector<float> taste(vectors.dimension, 0);
  for (const Symbol item : features.recent_items) vectors.row_of.prefetch(item);
  for (const Symbol item : features.recent_items) // fifty rows from all over the memory: asked for together they arrive together
    if (const std::uint32_t* row = vectors.row_of.find(item)) prefetch_row(vectors, *row);
  for (std::size_t i = 0; i < features.recent_items.size(); ++i) {
    const std::uint32_t* found = vectors.row_of.find(features.recent_items[i]);
    if (!found) continue;
    const float weight = std::min(features.recent_weights[i], weight_max);
    const std::span<const float> row = vectors.row(*found);
    for (std::size_t c = 0; c < taste.size(); ++c) taste[c] += weight * row[c];
  }
  float squares = 0;
  for (const float value : taste) squares += value * value;
  if (!(squares > 0)) return {};
  const float scale = 1 / std::sqrt(squares);
  for (float& value : taste) value *= scale;
  return taste;
}

float taste_match(const Models& models, std::span<const float> taste, Symbol item) {
  if (taste.empty()) return 0;
  const std::uint32_t* found = models.vectors.row_of.find(item);
  if (!found) return 0;
  const std::span<const float> row = models.vectors.row(*found);
  const float product = inner_product(taste.data(), row.data(), taste.size());
  const float square = inner_product(row.data(), row.data(), row.size());
  return square > 0 ? std::clamp(product / std::sqrt(square), -1.0F, 1.0F) : 0.0F;
}

} // namespace takt
