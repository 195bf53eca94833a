// Nearest items by inner product: what Takt serves beside exact search, FAISS's flat, IVF and HNSW indexes and hnswlib, on one set of
// vectors in one run. index_bench [--rows 20000,100000,1000000] [--queries N] [--rounds N] [--no-graphs]
// Vectors are spread like trained factors: clusters of tastes, a spectrum that falls, lengths log-normal (a few best sellers are several
// times as long as the rest); queries are sums of a few rows and noise, like folded-in customers. Recall is against exact search, by score.
// Each index gets the least effort with recall@100 >= 0.98, or its most; times are medians of single queries on one thread, the best of
// the rounds, taken in turn.
#include "bench/bench_world.h"
#include "bench/stopwatch.h"
#include "core/random.h"
#include "engine/models.h"
#include "engine/train/choose_index.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <functional>
#include <hnswlib/hnswlib.h>
#include <memory>
#include <omp.h>

namespace takt::bench {
namespace {

constexpr std::size_t dimension = 64, wanted = 100;
constexpr double recall_wanted = 0.98;

struct Data {
  std::vector<float> rows, queries;
  std::size_t count = 0, query_count = 0;
  std::vector<float> bars;                             ///< score of the hundredth best of each query
  const float* query(std::size_t q) const { return queries.data() + q * dimension; }
};

Data make_data(std::size_t count, std::size_t query_count) {
  Random random(count + 17);
  Data data{.rows = std::vector<float>(count * dimension), .queries = std::vector<float>(query_count * dimension), .count = count, .query_count = query_count, .bars = {}};
  const std::size_t clusters = static_cast<std::size_t>(std::sqrt(static_cast<double>(count)) / 4) + 8;
  std::vector<float> centres(clusters * dimension);
  const auto spectrum = [](std::size_t d) { return static_cast<float>(std::pow(static_cast<double>(d + 1), -0.4)); };
  for (std::size_t c = 0; c < clusters; ++c)
    for (std::size_t d = 0; d < dimension; ++d) centres[c * dimension + d] = spectrum(d) * static_cast<float>(random.normal());
  for (std::size_t r = 0; r < count; ++r) {
    const std::size_t cluster = random.below(clusters);
    const auto length = static_cast<float>(std::exp(0.7 * random.normal()));
    for (std::size_t d = 0; d < dimension; ++d)
      data.rows[r * dimension + d] = length * (centres[cluster * dimension + d] + 0.6F * spectrum(d) * static_cast<float>(random.normal()));
  }
  for (std::size_t q = 0; q < query_count; ++q)
    for (int part = 0; part < 4; ++part) {
      const std::size_t row = random.below(count);
      for (std::size_t d = 0; d < dimension; ++d) data.queries[q * dimension + d] += data.rows[row * dimension + d] + 0.1F * spectrum(d) * static_cast<float>(random.normal());
    }
  return data;
}

/// One index: `search` returns the rows it found, `efforts` from cheap to dear (one: nothing to choose).
struct Contestant {
  std::string name;
  double build_seconds = 0;
  std::vector<std::size_t> efforts{0};
  std::function<std::vector<std::uint32_t>(const float*, std::size_t effort)> search;
  std::size_t effort = 0;
  double recall = 0, median_us = 1e30;
};

double recall_of(const Contestant& one, const Data& data, std::size_t effort) {
  std::size_t found = 0;
  for (std::size_t q = 0; q < data.query_count; ++q)
    for (const std::uint32_t row : one.search(data.query(q), effort)) {
      double score = 0;
      for (std::size_t d = 0; d < dimension; ++d) score += static_cast<double>(data.query(q)[d]) * static_cast<double>(data.rows[row * dimension + d]);
      found += score >= static_cast<double>(data.bars[q]) * (1 - 1e-5) - 1e-5 ? 1U : 0U;
    }
  return std::min(1.0, static_cast<double>(found) / static_cast<double>(data.query_count * wanted));
}

void choose_effort(Contestant& one, const Data& data) {
  for (const std::size_t effort : one.efforts) {
    one.effort = effort;
    one.recall = recall_of(one, data, effort);
    if (one.recall >= recall_wanted) return;
  }
}

void time_once(Contestant& one, const Data& data) {
  std::vector<double> micros;
  for (std::size_t q = 0; q < data.query_count; ++q) {
    const Stopwatch watch;
    const auto rows = one.search(data.query(q), one.effort);
    micros.push_back(watch.seconds() * 1e6 + (rows.empty() ? 1e9 : 0));
  }
  std::nth_element(micros.begin(), micros.begin() + static_cast<std::ptrdiff_t>(micros.size() / 2), micros.end());
  one.median_us = std::min(one.median_us, micros[micros.size() / 2]);
}

std::vector<std::uint32_t> rows_of(const std::vector<VectorHit>& hits) {
  std::vector<std::uint32_t> rows;
  for (const VectorHit& hit : hits) rows.push_back(hit.row);
  return rows;
}

Contestant served(Models& models) {
  Contestant one{.name = "takt", .search = {}};
  const Stopwatch watch;
  const SteadyClock clock;
  choose_index(models, &clock);
  one.build_seconds = watch.seconds();
  one.name += " (" + models.index->name() + ", as trained)";
  one.search = [&models](const float* query, std::size_t) { return rows_of(models.index->search({query, dimension}, {.items_max = wanted, .probes = models.probes})); };
  return one;
}

Contestant exact(const Data& data, std::shared_ptr<const VectorIndex>& kept) {
  kept = make_exact_index(data.rows, dimension);
  Contestant one{.name = "takt exact (Eigen)", .search = {}};
  one.search = [index = kept](const float* query, std::size_t) { return rows_of(index->search({query, dimension}, {.items_max = wanted})); };
  return one;
}

std::vector<std::uint32_t> faiss_search(const faiss::Index& index, const float* query, const faiss::SearchParameters* parameters) {
  std::vector<float> scores(wanted);
  std::vector<faiss::Index::idx_t> labels(wanted);
  index.search(1, query, wanted, scores.data(), labels.data(), parameters);
  std::vector<std::uint32_t> rows;
  for (const faiss::Index::idx_t label : labels)
    if (label >= 0) rows.push_back(static_cast<std::uint32_t>(label));
  return rows;
}

Contestant faiss_flat(const Data& data) {
  auto index = std::make_shared<faiss::IndexFlatIP>(dimension);
  index->add(static_cast<faiss::Index::idx_t>(data.count), data.rows.data());
  return {.name = "FAISS flat", .search = [index](const float* query, std::size_t) { return faiss_search(*index, query, nullptr); }};
}

Contestant faiss_ivf(const Data& data) {
  const auto lists = static_cast<std::size_t>(std::sqrt(static_cast<double>(data.count)));
  auto quantizer = std::make_shared<faiss::IndexFlatIP>(dimension);
  auto index = std::make_shared<faiss::IndexIVFFlat>(quantizer.get(), dimension, lists, faiss::METRIC_INNER_PRODUCT);
  const Stopwatch watch;
  index->cp.max_points_per_centroid = 64;
  index->train(static_cast<faiss::Index::idx_t>(data.count), data.rows.data());
  index->add(static_cast<faiss::Index::idx_t>(data.count), data.rows.data());
  return {.name = "FAISS IVF", .build_seconds = watch.seconds(), .efforts = {4, 8, 16, 32, 64, 128, 256, 512},
          .search = [index, quantizer](const float* query, std::size_t probes) {
            faiss::SearchParametersIVF parameters;
            parameters.nprobe = probes;
            return faiss_search(*index, query, &parameters);
          }};
}

constexpr int links = 32, build_effort = 100;
const std::vector<std::size_t> graph_efforts{100, 200, 400, 800, 1600};

Contestant faiss_hnsw(const Data& data) {
  auto index = std::make_shared<faiss::IndexHNSWFlat>(dimension, links, faiss::METRIC_INNER_PRODUCT);
  index->hnsw.efConstruction = build_effort;
  const Stopwatch watch;
  omp_set_num_threads(2);
  index->add(static_cast<faiss::Index::idx_t>(data.count), data.rows.data());
  omp_set_num_threads(1);
  return {.name = "FAISS HNSW", .build_seconds = watch.seconds(), .efforts = graph_efforts, .search = [index](const float* query, std::size_t effort) {
            index->hnsw.efSearch = static_cast<int>(effort); // 1.7.3 ignores it as a search parameter
            return faiss_search(*index, query, nullptr);
          }};
}

Contestant hnsw_library(const Data& data) {
  auto space = std::make_shared<hnswlib::InnerProductSpace>(dimension);
  auto index = std::make_shared<hnswlib::HierarchicalNSW<float>>(space.get(), data.count, links, build_effort);
  const Stopwatch watch;
#pragma omp parallel for num_threads(2)
  for (std::size_t r = 0; r < data.count; ++r) index->addPoint(data.rows.data() + r * dimension, r);
  return {.name = "hnswlib", .build_seconds = watch.seconds(), .efforts = graph_efforts, .search = [index, space](const float* query, std::size_t effort) {
            index->setEf(effort);
            auto heap = index->searchKnn(query, wanted);
            std::vector<std::uint32_t> rows;
            for (; !heap.empty(); heap.pop()) rows.push_back(static_cast<std::uint32_t>(heap.top().second));
            return rows;
          }};
}

void fill_bars(Data& data, const VectorIndex& truth) {
  for (std::size_t q = 0; q < data.query_count; ++q) data.bars.push_back(truth.search({data.query(q), dimension}, {.items_max = wanted}).back().score);
}

void run(std::size_t count, std::size_t query_count, int rounds, bool graphs) {
  std::fprintf(stderr, "%zu rows: making\n", count);
  Data data = make_data(count, query_count);
  Models models;
  models.vectors.dimension = dimension;
  models.vectors.values = data.rows;
  models.vectors.items.resize(count); // only their number matters here
  std::shared_ptr<const VectorIndex> truth;
  std::vector<Contestant> all;
  all.push_back(exact(data, truth));
  fill_bars(data, *truth);
  const auto add = [&](const char* what, auto&& make) {
    std::fprintf(stderr, "%zu rows: %s\n", count, what);
    all.push_back(make());
  };
  add("takt", [&] { return served(models); });
  add("FAISS flat", [&] { return faiss_flat(data); });
  add("FAISS IVF", [&] { return faiss_ivf(data); });
  if (graphs) {
    add("FAISS HNSW", [&] { return faiss_hnsw(data); });
    add("hnswlib", [&] { return hnsw_library(data); });
  }
  for (Contestant& one : all) choose_effort(one, data);
  for (int round = 0; round < rounds; ++round)
    for (Contestant& one : all) time_once(one, data);
  std::printf("%9s  %-32s %8s %8s %10s %10s %8s\n", "rows", "index", "build s", "effort", "recall@100", "median us", "ratio");
  const double ours = all[1].median_us;
  for (const Contestant& one : all)
    std::printf("%9zu  %-32s %8.1f %8zu %10.4f %10.1f %8.2f\n", count, one.name.c_str(), one.build_seconds, one.effort, one.recall, one.median_us, one.median_us / ours);
  std::fflush(stdout);
}

} // namespace
} // namespace takt::bench

int main(int argc, char** argv) {
  std::vector<std::size_t> rows{20'000, 100'000, 1'000'000};
  std::size_t queries = 200;
  int rounds = 3;
  bool no_graphs = false;
  CLI::App app{"vector search beside others, in one run"};
  app.add_option("--rows", rows, "sizes")->delimiter(',');
  app.add_option("--queries", queries, "queries per size");
  app.add_option("--rounds", rounds, "the best of");
  app.add_flag("--no-graphs", no_graphs, "without HNSW: a million takes minutes to build");
  CLI11_PARSE(app, argc, argv);
  omp_set_num_threads(1);
  for (const std::size_t count : rows) takt::bench::run(count, queries, rounds, !no_graphs);
  return 0;
}
