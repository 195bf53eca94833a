// One suite for every VectorIndex: what a source may rely on, whichever index serves.
#include "core/random.h"
#include "engine/index/vector_index.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <thread>

namespace takt {
namespace {

constexpr std::size_t dimension = 64;

struct Implementation {
  const char* name;
  std::unique_ptr<VectorIndex> (*make)(std::span<const float>, std::size_t);
};

/// Random directions with log-normal lengths: the hard case, a few long vectors hold most of the answers.
std::vector<float> log_normal_rows(std::size_t count, std::uint64_t seed, double spread) {
  Random random(seed);
  std::vector<float> rows(count * dimension);
  for (std::size_t r = 0; r < count; ++r) {
    const double length = std::exp(spread * random.normal()) / std::sqrt(static_cast<double>(dimension));
    for (std::size_t c = 0; c < dimension; ++c) rows[r * dimension + c] = static_cast<float>(length * random.normal());
  }
  return rows;
}

/// Small whole numbers: every order of summation gives the same float, so equality is exact, and ties are common.
std::vector<float> whole_rows(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> rows(count * dimension);
  for (float& value : rows) value = static_cast<float>(random.below(5)) - 2;
  return rows;
}

std::vector<VectorHit> brute_force(std::span<const float> rows, std::span<const float> query, std::size_t items_max) {
  std::vector<VectorHit> hits(rows.size() / dimension);
  for (std::size_t r = 0; r < hits.size(); ++r) {
    float sum = 0;
    for (std::size_t c = 0; c < dimension; ++c) sum += rows[r * dimension + c] * query[c];
    hits[r] = {static_cast<std::uint32_t>(r), sum};
  }
  std::stable_sort(hits.begin(), hits.end(), [](const VectorHit& a, const VectorHit& b) { return a.score > b.score; });
  hits.resize(std::min(hits.size(), items_max));
  return hits;
}

std::vector<std::uint32_t> rows_of(const std::vector<VectorHit>& hits) {
  std::vector<std::uint32_t> rows;
  for (const VectorHit& hit : hits) rows.push_back(hit.row);
  return rows;
}

bool same(const std::vector<VectorHit>& a, const std::vector<VectorHit>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const VectorHit& x, const VectorHit& y) { return x.row == y.row && x.score == y.score; });
}

double recall_at_100(const VectorIndex& index, std::span<const float> rows, std::span<const float> queries, std::size_t probes) {
  std::size_t found = 0, wanted = 0;
  for (std::size_t q = 0; q < queries.size() / dimension; ++q) {
    const auto query = queries.subspan(q * dimension, dimension);
    auto truth = rows_of(brute_force(rows, query, 100)), answer = rows_of(index.search(query, {.items_max = 100, .probes = probes}));
    std::sort(truth.begin(), truth.end());
    std::sort(answer.begin(), answer.end());
    std::vector<std::uint32_t> both;
    std::set_intersection(truth.begin(), truth.end(), answer.begin(), answer.end(), std::back_inserter(both));
    found += both.size();
    wanted += truth.size();
  }
  return static_cast<double>(found) / static_cast<double>(wanted);
}

class VectorIndexContract : public testing::TestWithParam<Implementation> {
protected:
  std::unique_ptr<VectorIndex> make(std::span<const float> rows) const { return GetParam().make(rows, dimension); }
};

TEST_P(VectorIndexContract, says_what_it_is) {
  const auto index = make(log_normal_rows(500, 1, 0.5));
  EXPECT_EQ(index->name(), GetParam().name);
  EXPECT_EQ(index->size(), 500U);
  EXPECT_EQ(index->dimension(), dimension);
}

TEST_P(VectorIndexContract, best_first_bounded_and_each_row_once) {
  const auto rows = log_normal_rows(3000, 2, 1.0), queries = log_normal_rows(20, 3, 0.0);
  const auto index = make(rows);
  for (std::size_t q = 0; q < 20; ++q) {
    const auto hits = index->search(std::span(queries).subspan(q * dimension, dimension), {.items_max = 50, .probes = 1000});
    ASSERT_EQ(hits.size(), 50U);
    for (std::size_t i = 1; i < hits.size(); ++i) {
      ASSERT_LT(hits[i].row, 3000U);
      ASSERT_TRUE(hits[i - 1].score > hits[i].score || (hits[i - 1].score == hits[i].score && hits[i - 1].row < hits[i].row));
    }
  }
}

TEST_P(VectorIndexContract, visiting_every_list_is_brute_force_with_its_ties) {
  const auto rows = whole_rows(4000, 4), queries = whole_rows(30, 5);
  const auto index = make(rows);
  for (std::size_t q = 0; q < 30; ++q) {
    const auto query = std::span<const float>(queries).subspan(q * dimension, dimension);
    // All rows: where a selection is cut inside a tie, an index that keeps its own heap may hold any of the tied ones.
    EXPECT_TRUE(same(index->search(query, {.items_max = 4000, .probes = 1000}), brute_force(rows, query, 4000)));
  }
}

TEST_P(VectorIndexContract, finds_98_percent_of_the_best_hundred) {
  const auto rows = log_normal_rows(50'000, 6, 1.0), queries = log_normal_rows(40, 7, 0.0);
  EXPECT_GE(recall_at_100(*make(rows), rows, queries, SearchLimits{}.probes), 0.98);
}

TEST_P(VectorIndexContract, finds_98_percent_among_directions_that_cluster) {
  // What trained item vectors look like: unit length, many items of one kind.
  Random random(16);
  const auto centres = log_normal_rows(150, 17, 0.0);
  std::vector<float> rows(30'000 * dimension);
  for (std::size_t r = 0; r < 30'000; ++r) {
    const std::size_t centre = random.below(150);
    double squares = 0;
    for (std::size_t c = 0; c < dimension; ++c) {
      rows[r * dimension + c] = centres[centre * dimension + c] + 0.1F * static_cast<float>(random.normal());
      squares += static_cast<double>(rows[r * dimension + c]) * static_cast<double>(rows[r * dimension + c]);
    }
    for (std::size_t c = 0; c < dimension; ++c) rows[r * dimension + c] /= static_cast<float>(std::sqrt(squares));
  }
  const std::span<const float> queries = std::span<const float>(rows).first(40 * dimension);
  EXPECT_GE(recall_at_100(*make(rows), rows, queries, SearchLimits{}.probes), 0.98);
}

TEST_P(VectorIndexContract, same_rows_same_answers) {
  const auto rows = log_normal_rows(5000, 8, 0.5), queries = log_normal_rows(10, 9, 0.0);
  const auto first = make(rows), second = make(rows);
  for (std::size_t q = 0; q < 10; ++q) {
    const auto query = std::span<const float>(queries).subspan(q * dimension, dimension);
    EXPECT_TRUE(same(first->search(query, {}), second->search(query, {})));
    EXPECT_TRUE(same(first->search(query, {}), first->search(query, {})));
  }
}

TEST_P(VectorIndexContract, threads_do_not_disturb_each_other) {
  const auto rows = log_normal_rows(5000, 10, 0.5), queries = log_normal_rows(16, 11, 0.0);
  const auto index = make(rows);
  std::vector<std::vector<VectorHit>> alone;
  // Each query has its own number of probes: a setting kept on the index would leak from one thread to another.
  const auto ask = [&](std::size_t q) { return index->search(std::span<const float>(queries).subspan(q * dimension, dimension), {.items_max = 30 + q, .probes = 1 + q}); };
  for (std::size_t q = 0; q < 16; ++q) alone.push_back(ask(q));
  std::vector<std::size_t> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (std::size_t round = 0; round < 50; ++round)
        for (std::size_t q = 0; q < 16; ++q) wrong[t] += same(ask((q + t) % 16), alone[(q + t) % 16]) ? 0U : 1U;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<std::size_t>(4, 0));
}

TEST_P(VectorIndexContract, small_and_empty_ones_answer) {
  const std::vector<float> query(dimension, 1.0F);
  EXPECT_TRUE(make({})->search(query, {}).empty());
  const auto one = make(query)->search(query, {});
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].row, 0U);
  EXPECT_FLOAT_EQ(one[0].score, 64.0F);
  EXPECT_TRUE(make(query)->search(query, {.items_max = 0}).empty());
  EXPECT_EQ(make(log_normal_rows(7, 12, 0.5))->search(query, {.items_max = 100, .probes = 16}).size(), 7U);
}

INSTANTIATE_TEST_SUITE_P(All, VectorIndexContract, testing::Values(Implementation{"exact", make_exact_index}, Implementation{"faiss-ivf", make_faiss_index}),
                         [](const auto& tested) { return std::string(tested.param.name) == "exact" ? "exact" : "faiss"; });

TEST(VectorIndexChoice, is_exact_up_to_the_measured_crossover) {
  const auto rows = log_normal_rows(exact_index_rows_max + 1, 13, 0.5);
  EXPECT_EQ(make_index(std::span(rows).first(exact_index_rows_max * dimension), dimension)->name(), "exact");
  EXPECT_EQ(make_index(rows, dimension)->name(), "faiss-ivf");
}

TEST(ExactIndex, breaks_ties_at_the_cut_by_row) {
  const auto rows = whole_rows(5000, 14), queries = whole_rows(30, 15);
  const auto index = make_exact_index(rows, dimension);
  for (std::size_t q = 0; q < 30; ++q) {
    const auto query = std::span<const float>(queries).subspan(q * dimension, dimension);
    for (const std::size_t items_max : {std::size_t{1}, std::size_t{7}, std::size_t{100}})
      EXPECT_TRUE(same(index->search(query, {.items_max = items_max}), brute_force(rows, query, items_max)));
  }
}

} // namespace
} // namespace takt
