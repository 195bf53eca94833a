#pragma once
/// Small random shops with tastes, for the tests of engine/relevance. A seed reproduces everything. Threads: one.
#include "core/random.h"
#include "engine/relevance/training_data.h"

namespace takt::testing_relevance {

struct World {
  std::size_t customers = 60, items = 30, events_per_customer = 8, clusters = 3;
};

/// Customers like one cluster of items and buy elsewhere once in five times; earlier items are more popular. A visit is
/// three events within minutes; visits are hours apart. The words of an item are its number and, mostly, its cluster.
inline TrainingData random_data(std::uint64_t seed, const World& world = {}) {
  Random random(seed);
  TrainingData data;
  data.customers = world.customers;
  data.items = world.items;
  data.has_times = true;
  const auto clusters = static_cast<std::uint32_t>(world.clusters);
  for (std::size_t round = 0; round < world.events_per_customer; ++round)
    for (std::uint32_t customer = 0; customer < world.customers; ++customer) {
      const double skewed = random.uniform() * random.uniform();
      auto item = static_cast<std::uint32_t>(skewed * static_cast<double>(world.items));
      if (random.uniform() < 0.8) item = item / clusters * clusters + customer % clusters;
      if (item >= world.items) item = static_cast<std::uint32_t>(world.items) - 1;
      const float weight = random.uniform() < 0.5 ? 1.0F : 0.5F;
      const std::size_t hour = round / 3 * world.customers + customer, minute = round % 3;
      data.events.push_back({customer, item, weight, static_cast<std::int64_t>(1'000'000 + 3600 * hour + 60 * minute)});
    }
  data.words_count = world.items + world.clusters;
  for (std::uint32_t item = 0; item < world.items; ++item) {
    data.item_words.push_back({item});
    if (random.uniform() < 0.9) data.item_words.back().push_back(static_cast<std::uint32_t>(world.items) + item % clusters);
  }
  sort_events(data);
  return data;
}

/// Every score of a query, untouched ones 0.
inline std::vector<float> scores_of(const RelevanceMethod& method, const RelevanceQuery& query, std::size_t items) {
  ScoreSheet sheet(items);
  method.score(query, sheet);
  std::vector<float> scores(items);
  for (std::uint32_t item = 0; item < items; ++item) scores[item] = sheet[item];
  return scores;
}

} // namespace takt::testing_relevance
