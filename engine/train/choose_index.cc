#include "engine/train/choose_index.h"

#include "core/random.h"
#include "engine/index/inner_product.h"
#include "engine/index/top_hits.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <sstream>

namespace takt {
namespace {

constexpr std::size_t recall_queries = 50, hits_wanted = 100;
constexpr std::uint64_t recall_seed = 20'240'601;
/// With a margin for other queries than these.
constexpr double recall_wanted = 0.5 * (1 + recall_at_100_min);
/// Fewer rows are scanned in less time than it takes to find out.
constexpr std::size_t rows_worth_measuring = 1'000;

/// A taste looks like this: one item, and half of another.
void make_query(Random& random, std::span<const float> rows, std::span<float> query) {
  const std::size_t dimension = query.size(), count = rows.size() / dimension;
  const auto a = rows.subspan(random.below(count) * dimension, dimension), b = rows.subspan(random.below(count) * dimension, dimension);
  for (std::size_t i = 0; i < dimension; ++i) query[i] = a[i] + 0.5F * b[i];
}

/// Of the middle query, in µs; each is asked once before, so that nobody pays for the other's cold memory.
double median_us(const VectorIndex& index, std::span<const float> rows, std::size_t probes, const Clock& clock) {
  Random random(recall_seed);
  std::vector<float> query(index.dimension());
  std::vector<double> times;
  for (std::size_t q = 0; q < recall_queries; ++q) {
    make_query(random, rows, query);
    const SearchLimits limits{.items_max = hits_wanted, .probes = probes};
    std::size_t found = index.search(query, limits).size();
    const SteadyTime begin = clock.steady_now();
    found += index.search(query, limits).size();
    if (found > 0) times.push_back(std::chrono::duration<double, std::micro>(clock.steady_now() - begin).count());
  }
  if (times.empty()) return 0;
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

/// The fewest lists that find enough; recall 0 where none do.
double find_probes(const VectorIndex& index, std::span<const float> rows, std::size_t& probes) {
  for (const std::size_t lists : {4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128}) { // a list costs as much as the next one
    probes = lists;
    const double recall = measure_recall_at_100(index, rows, probes, recall_queries, recall_seed);
    if (recall >= recall_wanted) return recall;
  }
  return 0;
}

std::string told(std::string_view name, double us, double other_us) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(0) << "served by the " << name << " index: " << us << " us a search, the other " << other_us << " us";
  return text.str();
}

} // namespace

IndexChoice choose_index(Models& models, const Clock* clock) {
  if (models.vectors.items.empty()) return {};
  const std::span<const float> rows = models.vectors.values;
  const std::size_t dimension = models.vectors.dimension, count = models.vectors.items.size();
  models.probes = SearchLimits{}.probes;
  const bool measure = clock != nullptr && count >= rows_worth_measuring;
  models.index = measure ? make_faiss_index(rows, dimension) : make_index(rows, dimension);
  if (models.index->name() == "exact") return {};
  std::size_t probes = 0;
  const double recall = find_probes(*models.index, rows, probes);
  std::shared_ptr<const VectorIndex> exact;
  if (recall == 0 || measure) exact = make_exact_index(rows, dimension);
  if (recall == 0) {
    models.index = exact;
    return {1, "served by the exact index: the other misses too much"};
  }
  if (!measure) {
    models.probes = probes;
    return {recall, ""};
  }
  const double index_us = median_us(*models.index, rows, probes, *clock), exact_us = median_us(*exact, rows, probes, *clock);
  if (exact_us <= index_us) {
    models.index = exact;
    return {1, told("exact", exact_us, index_us)};
  }
  models.probes = probes;
  return {recall, told(models.index->name(), index_us, exact_us)};
}

RecallCount recall_of(const VectorIndex& index, std::span<const float> rows, std::span<const float> query, std::size_t probes) {
  const std::size_t dimension = query.size(), count = rows.size() / dimension;
  TopHits best(std::min(hits_wanted, count));
  constexpr std::size_t block_rows = 1024;
  std::array<float, block_rows> scores;
  for (std::size_t first = 0; first < count; first += block_rows) {
    const std::size_t width = std::min(block_rows, count - first);
    inner_products(query.data(), rows.data() + first * dimension, dimension, width, scores.data());
    for (std::size_t i = 0; i < width; ++i) best.offer(static_cast<std::uint32_t>(first + i), scores[i]);
  }
  const std::vector<VectorHit> truth = best.take(), answer = index.search(query, {.items_max = hits_wanted, .probes = probes});
  if (truth.empty()) return {};
  // By score, not by row: of two equal vectors at the cut either is right.
  const float bar = truth.back().score - 1e-5F;
  const auto found = static_cast<std::size_t>(std::count_if(answer.begin(), answer.end(), [&](const VectorHit& hit) { return hit.score >= bar; }));
  return {std::min(found, truth.size()), truth.size()};
}

double measure_recall_at_100(const VectorIndex& index, std::span<const float> rows, std::size_t probes, std::size_t queries, std::uint64_t seed) {
  if (rows.empty()) return 1;
  Random random(seed);
  RecallCount all;
  std::vector<float> query(index.dimension());
  for (std::size_t q = 0; q < queries; ++q) {
    make_query(random, rows, query);
    const RecallCount one = recall_of(index, rows, query, probes);
    all.found += one.found;
    all.wanted += one.wanted;
  }
  return all.wanted == 0 ? 1 : static_cast<double>(all.found) / static_cast<double>(all.wanted);
}

} // namespace takt
