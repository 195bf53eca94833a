// How long training takes at the size of a real shop, and what the shortcut of EASE for large catalogues costs in quality.
// A seeded world: item popularity is Zipf's, customers like a few of many clusters. Each part prints seconds and the memory peak so far.
//   relevance_bench [ITEMS CUSTOMERS INTERACTIONS [SESSIONS]]        default 40000 30000 1300000 120000; what is held out and what repeats leaves a million cells
#include "core/random.h"
#include "engine/relevance/ease.h"
#include "engine/relevance/ials.h"
#include "engine/relevance/item_knn.h"
#include "engine/relevance/session_knn.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>

namespace takt {
namespace {

constexpr std::size_t threads = 2;
constexpr std::size_t clusters_per_customer = 4;

double peak_gib() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1024.0 * 1024.0);
}

template <class Work>
double seconds_of(const char* what, const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%-44s %8.2f s   peak %.2f GiB\n", what, took, peak_gib());
  std::fflush(stdout);
  return took;
}

/// Draws items by popularity (Zipf with exponent 0.9), from one cluster or from all.
class Shelf {
public:
  explicit Shelf(std::size_t items, Random& random) : clusters_(std::max<std::size_t>(items / 200, 1)), by_cluster_(clusters_) {
    std::vector<std::uint32_t> shuffled(items);
    for (std::uint32_t i = 0; i < items; ++i) shuffled[i] = i;
    for (std::size_t i = items; i-- > 1;) std::swap(shuffled[i], shuffled[random.below(i + 1)]);
    for (std::size_t rank = 0; rank < items; ++rank) by_cluster_[random.below(clusters_)].push_back(shuffled[rank]);
    all_ = std::move(shuffled);
  }
  std::size_t clusters() const { return clusters_; }
  std::uint32_t from_all(Random& random) const { return draw(all_, random); }
  std::uint32_t from_cluster(std::size_t cluster, Random& random) const {
    return by_cluster_[cluster].empty() ? from_all(random) : draw(by_cluster_[cluster], random);
  }

private:
  /// By rank, steep at the head: n^(u^0.6) spreads the logarithm of the rank, as Zipf does, and leaves the tail enough.
  static std::uint32_t draw(const std::vector<std::uint32_t>& ranked, Random& random) {
    const double rank = std::pow(static_cast<double>(ranked.size() + 1), std::pow(random.uniform(), 0.6)) - 1;
    return ranked[std::min(ranked.size() - 1, static_cast<std::size_t>(rank))];
  }
  std::size_t clusters_;
  std::vector<std::vector<std::uint32_t>> by_cluster_; ///< each by popularity
  std::vector<std::uint32_t> all_;
};

TrainingData make_world(std::size_t items, std::size_t customers, std::size_t interactions, std::uint64_t seed) {
  Random random(seed);
  const Shelf shelf(items, random);
  TrainingData data;
  data.items = items;
  data.customers = customers;
  data.has_times = true;
  // Activity is uneven too: log-normal shares of the interactions.
  std::vector<double> activity(customers);
  double sum = 0;
  for (double& one : activity) sum += one = std::exp(random.normal());
  std::int64_t at = 0;
  for (std::uint32_t customer = 0; customer < customers; ++customer) {
    std::size_t liked[clusters_per_customer];
    for (std::size_t& cluster : liked) cluster = random.below(shelf.clusters());
    const auto count = static_cast<std::size_t>(activity[customer] / sum * static_cast<double>(interactions)) + 2;
    for (std::size_t i = 0; i < count; ++i) {
      const bool is_taste = random.uniform() < 0.8;
      const std::uint32_t item = is_taste ? shelf.from_cluster(liked[random.below(clusters_per_customer)], random) : shelf.from_all(random);
      data.events.push_back({customer, item, 1, at += 1 + static_cast<std::int64_t>(random.below(600))});
    }
  }
  sort_events(data);
  return data;
}

/// The end of everybody's row is the future.
HeldOut last_fifth(TrainingData data, std::size_t cases_max) {
  data.has_times = false;
  HeldOut held = hold_out(data, 0.2, cases_max);
  held.past.has_times = true;
  return held;
}

double recall_of(const ItemWeights& weights, const HeldOut& held) {
  const ItemWeightsMethod method(std::make_shared<ItemWeights>(weights));
  return evaluate(method, held.past.items, held.cases, {{20}, held.past.now_seconds}).front().recall;
}

void compare_with_dense() {
  const HeldOut held = last_fifth(make_world(4'000, 5'000, 150'000, 7), 2'000);
  const InteractionMatrix matrix = held.past.matrix();
  const double dense = recall_of(train_ease_dense(matrix, {.weights_per_item_max = 0}), held);
  for (const std::size_t predictors : {100U, 200U, 400U}) {
    const double by_column = recall_of(train_ease_by_column(matrix, {.predictors_max = predictors, .threads = threads}), held);
    std::printf("EASE, 4,000 items: Recall@20 dense %.4f, by column of %zu %.4f (%.1f %%)\n", dense, predictors, by_column, 100 * by_column / dense);
  }
}

void train_at_scale(const HeldOut& held) {
  const InteractionMatrix matrix = held.past.matrix();
  std::printf("%zu items, %zu customers, %zu cells, %zu threads\n", matrix.columns(), matrix.rows(), matrix.cells(), threads);
  ItemWeights ease, knn;
  seconds_of("EASE by column of 200", [&] { ease = train_ease_by_column(matrix, {.threads = threads}); });
  seconds_of("item-kNN", [&] { knn = train_item_knn(matrix, {.threads = threads}); });
  std::printf("Recall@20: EASE %.4f (%zu weights), item-kNN %.4f\n", recall_of(ease, held), ease.weights(), recall_of(knn, held));
  IalsOptions options;
  options.epochs = 15;
  options.threads = threads;
  IalsModel ials;
  seconds_of("iALS, 64 dimensions, 15 epochs", [&] { ials = train_ials(matrix, options); });
  float sum = 0;
  const double took = seconds_of("iALS, folding everybody in", [&] {
    for (const EvaluationCase& one : held.cases) sum += ials.fold_in(one.history)[0];
  });
  std::printf("%.1f us per fold-in (checksum %.3f)\n", took / static_cast<double>(held.cases.size()) * 1e6, static_cast<double>(sum));
}

void sessions_at_scale(std::size_t items, std::size_t sessions) {
  TrainingData data = make_world(items, sessions, sessions * 7, 11);
  data.has_times = false;
  data.customers_are_sessions = true;
  const HeldOut held = hold_out(data, 0.05, 5'000);
  SessionIndex index;
  seconds_of("sessions, index", [&] { index = SessionIndex(held.past, {}); });
  const SessionKnnMethod method(std::make_shared<SessionIndex>(index));
  ScoreSheet sheet(items);
  std::size_t touched = 0;
  const double took = seconds_of("sessions, next clicks", [&] {
    for (const EvaluationCase& one : held.cases) {
      sheet.clear();
      method.score({one.history, 0}, sheet);
      touched += sheet.touched().size();
    }
  });
  std::printf("%zu sessions, %.0f prefixes/s on one thread, %.0f items touched by each\n", index.sessions(),
              static_cast<double>(held.cases.size()) / took, static_cast<double>(touched) / static_cast<double>(held.cases.size()));
}

} // namespace
} // namespace takt

int main(int count, char** arguments) {
  const auto number = [&](int index, std::size_t otherwise) {
    return count > index ? static_cast<std::size_t>(std::strtoull(arguments[index], nullptr, 10)) : otherwise;
  };
  const std::size_t items = number(1, 40'000);
  takt::train_at_scale(takt::last_fifth(takt::make_world(items, number(2, 30'000), number(3, 1'300'000), 3), 10'000));
  takt::sessions_at_scale(items, number(4, 120'000));
  takt::compare_with_dense();
  return 0;
}
