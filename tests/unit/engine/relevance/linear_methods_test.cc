// EASE, item-kNN, popularity and what they stand on, against dense computations written down as the papers define them.
#include "engine/relevance/ease.h"
#include "engine/relevance/item_knn.h"
#include "engine/relevance/parallel.h"
#include "engine/relevance/popularity.h"
#include "engine/relevance/symmetric_system.h"
#include "tests/unit/engine/relevance/relevance_world.h"

#include <Eigen/Dense>
#include <atomic>
#include <cmath>
#include <gtest/gtest.h>

namespace takt {
namespace {

using testing_relevance::random_data;
using testing_relevance::scores_of;

Eigen::MatrixXd dense(const InteractionMatrix& matrix) {
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(matrix.rows()), static_cast<Eigen::Index>(matrix.columns()));
  for (std::size_t row = 0; row < matrix.rows(); ++row)
    for (const MatrixCell& cell : matrix.row(row)) result(static_cast<Eigen::Index>(row), cell.index) = static_cast<double>(cell.weight);
  return result;
}
Eigen::MatrixXd dense(const ItemWeights& weights) {
  const auto items = static_cast<Eigen::Index>(weights.items());
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(items, items);
  for (std::uint32_t item = 0; item < weights.items(); ++item)
    for (const WeightedItem& one : weights.row(item)) result(item, one.item) = static_cast<double>(one.weight);
  return result;
}

Eigen::MatrixXd naive_ease(const Eigen::MatrixXd& x, double lambda) {
  const Eigen::MatrixXd gramian = x.transpose() * x + lambda * Eigen::MatrixXd::Identity(x.cols(), x.cols());
  const Eigen::MatrixXd inverse = gramian.fullPivLu().inverse();
  Eigen::MatrixXd b = -(inverse.array().rowwise() / inverse.diagonal().transpose().array()).matrix();
  b.diagonal().setZero();
  return b;
}

TEST(InteractionMatrix, OneCellPerPairWithTheStrongestWeightAndTheNewestTime) {
  const std::vector<Interaction> events = {{1, 2, 0.5F, 30}, {1, 0, 1, 10}, {1, 2, 1, 20}, {0, 2, 0.25F, 5}};
  const InteractionMatrix matrix(events, 3, 4);
  ASSERT_EQ(matrix.rows(), 3U);
  EXPECT_EQ(matrix.cells(), 3U);
  EXPECT_EQ(std::vector<MatrixCell>(matrix.row(1).begin(), matrix.row(1).end()), (std::vector<MatrixCell>{{0, 1, 10}, {2, 1, 30}}));
  EXPECT_TRUE(matrix.row(2).empty());
  EXPECT_EQ(dense(matrix.transposed()), dense(matrix).transpose());
  const InteractionMatrix newest = matrix.with_newest(1);
  EXPECT_EQ(std::vector<MatrixCell>(newest.row(1).begin(), newest.row(1).end()), (std::vector<MatrixCell>{{2, 1, 30}}));
}

TEST(InteractionMatrix, CoOccurrenceRowsAreThoseOfTheGramian) {
  const TrainingData data = random_data(3);
  const InteractionMatrix matrix = data.matrix(), by_item = matrix.transposed();
  const Eigen::MatrixXd gramian = dense(matrix).transpose() * dense(matrix);
  CoOccurrenceRow row(data.items);
  for (std::uint32_t item = 0; item < data.items; ++item) {
    row.count(matrix, by_item, item);
    for (std::uint32_t other = 0; other < data.items; ++other) EXPECT_NEAR(static_cast<double>(row[other]), gramian(item, other), 1e-4);
  }
}

TEST(SymmetricSystem, SolvesAsEigenDoesAndRefusesWhatIsNotPositiveDefinite) {
  Random random(7);
  for (const std::size_t n : {1U, 2U, 3U, 4U, 5U, 15U, 16U, 17U, 33U, 64U, 101U}) {
    const auto size = static_cast<Eigen::Index>(n);
    Eigen::MatrixXf a = Eigen::MatrixXf::Zero(size, size);
    SymmetricSystem system(n);
    for (std::size_t k = 0; k < 2 * n; ++k) {
      std::vector<float> v(SymmetricSystem::padded(n), 0);
      for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(random.normal());
      const auto column = Eigen::Map<const Eigen::VectorXf>(v.data(), size);
      a += 0.5F * column * column.transpose();
      system.add_outer_product(v.data(), 0.5F);
    }
    a += Eigen::MatrixXf::Identity(size, size);
    system.add_to_diagonal(1);
    Eigen::VectorXf b(size);
    for (Eigen::Index i = 0; i < size; ++i) b(i) = static_cast<float>(random.normal());
    std::vector<float> x(b.data(), b.data() + size);
    ASSERT_TRUE(system.solve(x)) << n;
    const Eigen::VectorXf expected = a.llt().solve(b);
    for (Eigen::Index i = 0; i < size; ++i) EXPECT_NEAR(x[static_cast<std::size_t>(i)], expected(i), 2e-3F * (1 + std::abs(expected(i)))) << n;
  }
  SymmetricSystem indefinite(2);
  indefinite.at(0, 0) = indefinite.at(1, 1) = 1;
  indefinite.at(0, 1) = 2;
  std::vector<float> x = {1, 1};
  EXPECT_FALSE(indefinite.solve(x));
}

TEST(Ease, IsTheInverseWrittenOut) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const InteractionMatrix matrix = random_data(seed).matrix();
    const Eigen::MatrixXd expected = naive_ease(dense(matrix), 5);
    const ItemWeights weights = train_ease_dense(matrix, {.lambda = 5, .weights_per_item_max = 0});
    EXPECT_LT((dense(weights) - expected).cwiseAbs().maxCoeff(), 1e-6);
  }
}

TEST(Ease, ByColumnIsTheSameModelWhenAllItemsMayPredict) {
  const TrainingData data = random_data(4, {.customers = 300, .items = 9, .events_per_customer = 14});
  ASSERT_GT((dense(data.matrix()).transpose() * dense(data.matrix())).minCoeff(), 0) << "every pair occurs";
  const EaseOptions all = {.lambda = 5, .predictors_max = data.items, .weights_per_item_max = 0};
  EXPECT_LT((dense(train_ease_by_column(data.matrix(), all)) - naive_ease(dense(data.matrix()), 5)).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(Ease, ByColumnIsARidgeOnTheItemsThatOccurMostOftenTogether) {
  const TrainingData data = random_data(5);
  const Eigen::MatrixXd x = dense(data.matrix()), gramian = x.transpose() * x;
  constexpr std::size_t predictors_max = 6;
  const Eigen::MatrixXd found =
      dense(train_ease_by_column(data.matrix(), {.lambda = 3, .predictors_max = predictors_max, .weights_per_item_max = 0}));
  for (Eigen::Index target = 0; target < x.cols(); ++target) {
    std::vector<Eigen::Index> chosen;
    for (Eigen::Index other = 0; other < x.cols(); ++other)
      if (other != target && gramian(other, target) > 0) chosen.push_back(other);
    std::stable_sort(chosen.begin(), chosen.end(), [&](Eigen::Index a, Eigen::Index b) { return gramian(a, target) > gramian(b, target); });
    chosen.resize(std::min(chosen.size(), predictors_max));
    const auto size = static_cast<Eigen::Index>(chosen.size());
    Eigen::MatrixXd system = 3 * Eigen::MatrixXd::Identity(size, size);
    Eigen::VectorXd right(size);
    for (Eigen::Index i = 0; i < size; ++i) {
      right(i) = gramian(chosen[static_cast<std::size_t>(i)], target);
      for (Eigen::Index j = 0; j < size; ++j) system(i, j) += gramian(chosen[static_cast<std::size_t>(i)], chosen[static_cast<std::size_t>(j)]);
    }
    Eigen::VectorXd expected = Eigen::VectorXd::Zero(x.cols());
    const Eigen::VectorXd solved = system.ldlt().solve(right);
    for (Eigen::Index i = 0; i < size; ++i) expected(chosen[static_cast<std::size_t>(i)]) = solved(i);
    EXPECT_LT((found.col(target) - expected).cwiseAbs().maxCoeff(), 1e-4) << target;
  }
}

TEST(Ease, ThreadsChangeNothing) {
  const InteractionMatrix matrix = random_data(6, {.customers = 300, .items = 400, .events_per_customer = 15, .clusters = 7}).matrix();
  EaseOptions options = {.predictors_max = 40, .weights_per_item_max = 25};
  const ItemWeights one = train_ease_by_column(matrix, options);
  options.threads = 3;
  EXPECT_EQ(train_ease_by_column(matrix, options), one);
  for (std::uint32_t item = 0; item < one.items(); ++item) EXPECT_LE(one.row(item).size(), 25U);
}

TEST(ItemKnn, IsTheShrunkenCosine) {
  const TrainingData data = random_data(8);
  const Eigen::MatrixXd x = dense(data.matrix()), gramian = x.transpose() * x;
  const Eigen::MatrixXd found = dense(train_item_knn(data.matrix(), {.shrinkage = 4, .neighbours_max = 0}));
  for (Eigen::Index i = 0; i < x.cols(); ++i)
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      const double expected = i == j ? 0 : gramian(i, j) / (std::sqrt(gramian(i, i) * gramian(j, j)) + 4);
      EXPECT_NEAR(found(i, j), expected, 1e-5);
    }
  EXPECT_EQ(train_item_knn(data.matrix(), {.neighbours_max = 5, .threads = 2}), train_item_knn(data.matrix(), {.neighbours_max = 5}));
}

TEST(ItemWeights, TheStrongestStayAndHistoryDecays) {
  std::vector<WeightedItem> row = {{4, 0.5F}, {2, -0.9F}, {7, 0.5F}, {1, 0.1F}};
  keep_strongest(row, 3); // all but the weakest
  EXPECT_EQ(row, (std::vector<WeightedItem>{{2, -0.9F}, {4, 0.5F}, {7, 0.5F}}));
  auto weights = std::make_shared<ItemWeights>();
  weights->append_row(std::vector<WeightedItem>{{1, 1}, {2, 2}});
  weights->append_row(std::vector<WeightedItem>{{2, 1}});
  const std::vector<HistoryItem> history = {{0, 1, 100}, {1, 0.5F, 200}, {99, 1, 200}};
  EXPECT_EQ(scores_of(ItemWeightsMethod(weights), {history, 200}, 3), (std::vector<float>{0, 1, 2.5F}));
  EXPECT_EQ(scores_of(ItemWeightsMethod(weights, {100}), {history, 200}, 3), (std::vector<float>{0, 0.5F, 1.5F}));
}

TEST(Popularity, CountsPeopleDecaysAndComparesWithBefore) {
  const std::vector<Interaction> events = {{0, 0, 1, 0}, {0, 0, 1, 100}, {1, 0, 1, 0}, {1, 1, 1, 100}, {2, 1, 1, 100}};
  const InteractionMatrix matrix(events, 3, 3);
  EXPECT_EQ(popularity_of(matrix, 100, 0), (std::vector<float>{2, 2, 0}));
  EXPECT_EQ(popularity_of(matrix, 100, 50), (std::vector<float>{1.25F, 2, 0}));
  const auto trend = trend_of(std::vector<float>{1, 3, 0}, std::vector<float>{4, 4, 0}, 1);
  EXPECT_FLOAT_EQ(trend[0], 3.0F / 5);
  EXPECT_FLOAT_EQ(trend[1], 7.0F / 5);
  EXPECT_FLOAT_EQ(trend[2], 1);
  EXPECT_EQ(trend_of(std::vector<float>{0, 0}, std::vector<float>{4, 4}, 1), (std::vector<float>{1, 1}));
}

TEST(Parallel, EveryIndexOnceWhateverTheThreads) {
  for (const std::size_t threads : {1U, 2U, 5U})
    for (const std::size_t count : {0U, 1U, 7U, 1000U}) {
      std::vector<std::atomic<int>> done(count);
      double last = -1;
      for_blocks(
          count, 3, threads,
          [&](std::size_t worker, std::size_t begin, std::size_t end) {
            ASSERT_LT(worker, threads);
            for (std::size_t i = begin; i < end; ++i) ++done[i];
          },
          [&](double share) { last = share; });
      for (const auto& one : done) EXPECT_EQ(one, 1);
      EXPECT_EQ(last, 1);
    }
}

TEST(LinearMethods, NothingAndOneItemAreFine) {
  for (const std::size_t items : {0U, 1U}) {
    std::vector<Interaction> events;
    if (items == 1) events.push_back({0, 0, 1, 0});
    const InteractionMatrix matrix(events, items, items);
    for (const ItemWeights& weights : {train_ease_dense(matrix, {}), train_ease_by_column(matrix, {}), train_item_knn(matrix, {})}) {
      EXPECT_EQ(weights.items(), items);
      EXPECT_EQ(weights.weights(), 0U);
    }
  }
}

} // namespace
} // namespace takt
