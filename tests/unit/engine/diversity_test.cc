// The fast greedy MAP against the definition: log determinants computed from scratch.
#include "core/random.h"
#include "engine/stage/diversity.h"
#include "engine/stage/softmax.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace takt {
namespace {

using Matrix = std::vector<std::vector<double>>;

std::size_t kernels_count() {
  const char* text = std::getenv("TAKT_KERNELS");
  return text ? static_cast<std::size_t>(std::strtoull(text, nullptr, 10)) : 1000;
}

/// log det of the rows and columns in `subset`, by Gaussian elimination with pivots.
double log_det(const Matrix& kernel, const std::vector<std::size_t>& subset) {
  const std::size_t n = subset.size();
  Matrix m(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) m[i][j] = kernel[subset[i]][subset[j]];
  double sum = 0;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(m[i][k]) > std::abs(m[pivot][k])) pivot = i;
    std::swap(m[k], m[pivot]);
    sum += std::log(std::abs(m[k][k]));
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = m[i][k] / m[k][k];
      for (std::size_t j = k; j < n; ++j) m[i][j] -= factor * m[k][j];
    }
  }
  return sum;
}

std::vector<std::size_t> naive_greedy(const Matrix& kernel, std::size_t slots) {
  std::vector<std::size_t> chosen;
  while (chosen.size() < slots) {
    std::size_t best = kernel.size();
    double best_value = 0;
    for (std::size_t i = 0; i < kernel.size(); ++i) {
      if (std::find(chosen.begin(), chosen.end(), i) != chosen.end()) continue;
      std::vector<std::size_t> with = chosen;
      with.push_back(i);
      const double value = log_det(kernel, with);
      if (best == kernel.size() || value > best_value) {
        best = i;
        best_value = value;
      }
    }
    chosen.push_back(best);
  }
  return chosen;
}

template <class Gain>
std::size_t best_open(std::size_t count, const std::vector<std::size_t>& chosen, Gain&& gain) {
  std::size_t best = count;
  for (std::size_t i = 0; i < count; ++i)
    if (std::find(chosen.begin(), chosen.end(), i) == chosen.end() && (best == count || gain(i) > gain(best))) best = i;
  return best;
}

Matrix random_kernel(Random& random, std::size_t rows) {
  const std::size_t columns = rows + 2;
  Matrix factors(rows, std::vector<double>(columns));
  for (auto& row : factors) {
    const double quality = std::exp(random.normal());
    for (double& value : row) value = quality * random.normal();
  }
  Matrix kernel(rows, std::vector<double>(rows));
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < rows; ++j) kernel[i][j] = std::inner_product(factors[i].begin(), factors[i].end(), factors[j].begin(), 0.0);
  return kernel;
}

TEST(ResidualVariance, is_the_greedy_choice_by_log_determinant_on_random_kernels) {
  Random random(1);
  for (std::size_t round = 0; round < kernels_count(); ++round) {
    const std::size_t rows = 4 + random.below(10), slots = 1 + random.below(4);
    const Matrix kernel = random_kernel(random, rows);
    std::vector<double> diagonal(rows);
    for (std::size_t i = 0; i < rows; ++i) diagonal[i] = kernel[i][i];
    ResidualVariance residual(diagonal);
    std::vector<std::size_t> chosen;
    double total = 0;
    while (chosen.size() < slots) {
      const std::size_t best = best_open(rows, chosen, [&](std::size_t i) { return residual.at(i); });
      total += std::log(residual.at(best));
      residual.choose(best, kernel[best]);
      chosen.push_back(best);
    }
    ASSERT_EQ(chosen, naive_greedy(kernel, slots)) << "round " << round;
    ASSERT_NEAR(total, log_det(kernel, chosen), 1e-6 * (1 + std::abs(total))) << "round " << round;
  }
}

LabelSet random_labels(Random& random) {
  LabelSet labels;
  const auto symbol = [&](std::uint32_t base, std::uint64_t count) { return static_cast<Symbol>(base + random.below(count)); };
  labels.category = {symbol(10, 2), symbol(20, 3), symbol(30, 4)};
  labels.category.erase(labels.category.begin() + random.below(4), labels.category.end());
  if (random.below(4) != 0) labels.brand = symbol(50, 3);
  for (std::uint32_t tag = 60; tag < 64; ++tag)
    if (random.below(2) == 0) labels.tags.push_back(static_cast<Symbol>(tag));
  return labels;
}

TEST(SlateDiversity, chooses_as_the_quality_weighted_determinant_does) {
  Random random(2);
  for (std::size_t round = 0; round < 300; ++round) {
    const std::size_t count = 3 + random.below(10), slots = 3;
    const double strength = 0.1 + 0.8 * random.uniform();
    const double alpha = (1 - strength) / (2 * strength);
    std::vector<LabelSet> labels(count);
    std::vector<const LabelSet*> items;
    std::vector<double> scores(count);
    for (std::size_t i = 0; i < count; ++i) {
      labels[i] = random_labels(random);
      scores[i] = 2 * random.uniform() - 1;
    }
    for (const LabelSet& set : labels) items.push_back(&set);
    Matrix kernel(count, std::vector<double>(count));
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < count; ++j)
        kernel[i][j] = std::exp(alpha * (scores[i] + scores[j])) * (i == j ? 1.0 : similarity_of(labels[i], labels[j]));

    SlateDiversity diversity({DiversityMethod::dpp, strength}, items);
    std::vector<std::size_t> chosen;
    while (chosen.size() < slots) {
      const std::size_t best = best_open(count, chosen, [&](std::size_t i) { return scores[i] + diversity.penalty(i); });
      diversity.choose(best);
      chosen.push_back(best);
    }
    ASSERT_EQ(chosen, naive_greedy(kernel, slots)) << "round " << round;
  }
}

TEST(SlateDiversity, looking_at_more_later_is_as_if_they_had_been_looked_at_from_the_start) {
  Random random(4);
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = 6 + random.below(20), first = 3 + random.below(count - 3);
    std::vector<LabelSet> labels(count);
    std::vector<const LabelSet*> items;
    for (LabelSet& set : labels) {
      set = random_labels(random);
      items.push_back(&set);
    }
    for (const DiversityMethod method : {DiversityMethod::dpp, DiversityMethod::mmr, DiversityMethod::none}) {
      SlateDiversity all({method, 0.4}, items), later({method, 0.4}, items, first);
      for (std::size_t slot = 0; slot < 2; ++slot) {
        all.choose(slot);
        later.choose(slot);
      }
      later.look_at(count);
      all.choose(count - 1); // and goes on as if nothing had happened
      later.choose(count - 1);
      for (std::size_t i = 2; i + 1 < count; ++i)
        ASSERT_NEAR(later.penalty(i), all.penalty(i), 1e-12) << "round " << round << ", item " << i;
    }
  }
}

TEST(SlateDiversity, mmr_takes_the_largest_similarity_to_what_is_shown) {
  LabelSet shoe, same_shoe, hat;
  shoe.category = {static_cast<Symbol>(1), static_cast<Symbol>(2)};
  shoe.brand = static_cast<Symbol>(3);
  same_shoe = shoe;
  hat.category = {static_cast<Symbol>(4)};
  SlateDiversity diversity({DiversityMethod::mmr, 0.5}, {&shoe, &same_shoe, &hat});
  EXPECT_EQ(diversity.penalty(1), 0.0); // nothing is shown yet
  diversity.choose(0);
  EXPECT_DOUBLE_EQ(diversity.penalty(1), -similarity_of(shoe, same_shoe));
  EXPECT_EQ(diversity.penalty(2), 0.0);
  diversity.choose(2);
  EXPECT_DOUBLE_EQ(diversity.penalty(1), -similarity_of(shoe, same_shoe)); // the largest stays
}

TEST(Similarity, is_symmetric_bounded_and_ordered_by_what_is_shared) {
  Random random(3);
  for (int round = 0; round < 1000; ++round) {
    const LabelSet a = random_labels(random), b = random_labels(random);
    EXPECT_EQ(similarity_of(a, b), similarity_of(b, a));
    EXPECT_GE(similarity_of(a, b), 0.0);
    EXPECT_LE(similarity_of(a, b), similarity_max + 1e-12);
    EXPECT_LE(similarity_of(a, b), similarity_of(a, a) + similarity_of(b, b) + 1e-12);
  }
  LabelSet pumps, boots, hat;
  pumps.category = {static_cast<Symbol>(1), static_cast<Symbol>(2)};
  boots.category = {static_cast<Symbol>(1), static_cast<Symbol>(3)};
  hat.category = {static_cast<Symbol>(4)};
  EXPECT_GT(similarity_of(pumps, pumps), similarity_of(pumps, boots));
  EXPECT_GT(similarity_of(pumps, boots), similarity_of(pumps, hat));
  EXPECT_EQ(similarity_of(pumps, hat), 0.0);
}

TEST(SlateDiversity, stays_bounded_among_equals) {
  LabelSet same;
  same.category = {static_cast<Symbol>(1)};
  same.brand = static_cast<Symbol>(2);
  same.tags = {static_cast<Symbol>(3)};
  std::vector<const LabelSet*> items(50, &same);
  SlateDiversity diversity({DiversityMethod::dpp, 0.3}, items);
  for (std::size_t slot = 0; slot < 49; ++slot) {
    diversity.choose(slot);
    EXPECT_GE(diversity.penalty(49), 0.3 / 0.7 * std::log(1 - similarity_max) - 1e-9);
  }
}

TEST(Softmax, without_temperature_takes_the_first_of_the_largest) {
  const std::vector<DrawOption> options{{0, 1}, {2, 2}, {2, 3}};
  const Draw draw = draw_softmax(options, 0, 99);
  EXPECT_EQ(draw.index, 1U);
  EXPECT_EQ(draw.propensity, 1.0);
}

TEST(Softmax, has_the_probabilities_of_the_definition_and_no_unit) {
  for (const double unit : {1.0, 1e-6, 1e6}) {
    const std::vector<DrawOption> options{{0.4 * unit, 1}, {-0.8 * unit, 2}, {0.1 * unit, 3}};
    double total = 0;
    for (const DrawOption& option : options) total += std::exp(option.gain / (0.8 * unit) / 0.3);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const Draw draw = draw_softmax(options, 0.3, seed);
      EXPECT_NEAR(draw.propensity, std::exp(options[draw.index].gain / (0.8 * unit) / 0.3) / total, 1e-12);
    }
  }
}

TEST(Softmax, is_uniform_where_nothing_is_worth_anything) {
  const std::vector<DrawOption> options{{0, 1}, {0, 2}, {0, 3}, {0, 4}};
  EXPECT_DOUBLE_EQ(draw_softmax(options, 0.05, 1).propensity, 0.25);
}

} // namespace
} // namespace takt
