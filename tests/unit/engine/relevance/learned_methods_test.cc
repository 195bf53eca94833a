// iALS, sessions, content and the blend, against computations written down as they are defined.
#include "engine/relevance/blend.h"
#include "engine/relevance/content.h"
#include "engine/relevance/ials.h"
#include "engine/relevance/markov.h"
#include "engine/relevance/methods.h"
#include "engine/relevance/popularity.h"
#include "engine/relevance/session_knn.h"
#include "tests/unit/engine/relevance/relevance_world.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>

namespace takt {
namespace {

using testing_relevance::random_data;
using testing_relevance::scores_of;

std::vector<HistoryItem> history_of_customer(const TrainingData& data, std::size_t customer) {
  const auto begins = customer_begins(data);
  return history_of(std::span(data.events).subspan(begins[customer], begins[customer + 1] - begins[customer]));
}

Eigen::VectorXd vector_of(const float* values, std::size_t dimension) {
  return Eigen::Map<const Eigen::VectorXf>(values, static_cast<Eigen::Index>(dimension)).cast<double>();
}

double naive_loss(const IalsTrainer& trainer, const InteractionMatrix& customers, const IalsOptions& options) {
  const Factors &u = trainer.customer_factors(), &v = trainer.item_factors();
  const auto a0 = static_cast<double>(options.unseen_weight), lambda = static_cast<double>(options.lambda), nu = static_cast<double>(options.nu);
  const InteractionMatrix items = customers.transposed();
  double loss = 0;
  for (std::size_t c = 0; c < u.rows(); ++c) {
    const Eigen::VectorXd customer = vector_of(u.row(c), options.dimension);
    for (std::size_t i = 0; i < v.rows(); ++i) loss += a0 * std::pow(customer.dot(vector_of(v.row(i), options.dimension)), 2);
    for (const MatrixCell& cell : customers.row(c))
      loss += static_cast<double>(cell.weight) * std::pow(customer.dot(vector_of(v.row(cell.index), options.dimension)) - 1, 2);
    loss += lambda * std::pow(static_cast<double>(customers.row(c).size()) + a0 * static_cast<double>(v.rows()), nu) * customer.squaredNorm();
  }
  for (std::size_t i = 0; i < v.rows(); ++i)
    loss += lambda * std::pow(static_cast<double>(items.row(i).size()) + a0 * static_cast<double>(u.rows()), nu) *
            vector_of(v.row(i), options.dimension).squaredNorm();
  return loss;
}

TEST(Ials, TheLossIsTheDefinitionAndFallsWithEveryEpoch) {
  const InteractionMatrix customers = random_data(1).matrix(), items = customers.transposed();
  const IalsOptions options = {.dimension = 9, .unseen_weight = 0.1F, .lambda = 0.05F, .nu = 0.7F};
  IalsTrainer trainer(customers, items, options);
  double before = trainer.loss();
  for (int epoch = 0; epoch < 8; ++epoch) {
    trainer.run_epoch();
    const double loss = trainer.loss();
    EXPECT_NEAR(loss, naive_loss(trainer, customers, options), 1e-4 * loss);
    EXPECT_LT(loss, before * (1 + 1e-6)) << epoch;
    before = loss;
  }
}

TEST(Ials, FoldInIsTheTrainedRowOnceNothingMoves) {
  const TrainingData data = random_data(2);
  const InteractionMatrix customers = data.matrix(), items = customers.transposed();
  const IalsOptions options = {.dimension = 8, .unseen_weight = 0.1F, .lambda = 0.1F};
  IalsTrainer trainer(customers, items, options);
  for (int epoch = 0; epoch < 300; ++epoch) trainer.run_epoch();
  const IalsModel model(trainer.item_factors(), options);
  double largest = 0;
  for (std::size_t customer = 0; customer < data.customers; ++customer) {
    const auto folded = model.fold_in(history_of_customer(data, customer));
    for (std::size_t d = 0; d < options.dimension; ++d) {
      EXPECT_NEAR(folded[d], trainer.customer_factors().row(customer)[d], 2e-3);
      largest = std::max(largest, std::abs(static_cast<double>(folded[d])));
    }
  }
  EXPECT_GT(largest, 0.1) << "nothing was learnt";
  for (const float value : model.fold_in({})) EXPECT_EQ(value, 0);
}

TEST(Ials, ThreadsChangeNothingAndTheSeedDoes) {
  const InteractionMatrix customers = random_data(3, {.customers = 300, .items = 150}).matrix();
  IalsOptions options = {.dimension = 24, .epochs = 3};
  const Factors one = train_ials(customers, options).items();
  options.threads = 3;
  EXPECT_EQ(train_ials(customers, options).items(), one);
  options.seed = 2;
  EXPECT_NE(train_ials(customers, options).items(), one);
}

/// All sessions, all items, as the header of session_knn.h says.
std::vector<float> naive_session_knn(const TrainingData& data, const SessionIndex& index, std::span<const HistoryItem> history) {
  const SessionKnnOptions& options = index.options();
  const auto recent = history.last(std::min(history.size(), options.items_max));
  const auto fade = [](std::uint32_t steps, float scale) { return std::exp(-static_cast<double>(steps) / static_cast<double>(scale)); };
  struct Found {
    double similarity = 0;
    std::uint32_t session = 0, shared = 0;
  };
  std::vector<Found> found;
  for (std::uint32_t session = 0; session < index.sessions(); ++session) {
    Found one{0, session, 0};
    std::uint32_t steps = 0;
    for (std::size_t i = recent.size(); i-- > 0;) {
      if (i + 1 < recent.size() && recent[i].at_seconds != recent[i + 1].at_seconds) ++steps;
      const auto items = index.items_of(session);
      if (std::none_of(items.begin(), items.end(), [&](const SessionItem& other) { return other.item == recent[i].item; })) continue;
      std::size_t newer = 0;
      for (std::uint32_t other = session + 1; other < index.sessions(); ++other)
        for (const SessionItem& there : index.items_of(other)) newer += there.item == recent[i].item ? 1 : 0;
      if (newer >= options.sessions_per_item_max) continue;
      if (one.similarity == 0) one.shared = recent[i].item;
      one.similarity += fade(steps, options.recency_steps);
    }
    if (one.similarity > 0) found.push_back(one);
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    const auto left = static_cast<float>(a.similarity), right = static_cast<float>(b.similarity);
    return std::abs(left - right) > 1e-5F ? left > right : a.session > b.session;
  });
  found.resize(std::min(found.size(), options.neighbours_max));
  std::vector<float> scores(data.items, 0);
  for (const Found& one : found) {
    std::uint32_t met = 0;
    for (const SessionItem& there : index.items_of(one.session))
      if (there.item == one.shared) met = there.moment;
    for (const SessionItem& there : index.items_of(one.session)) {
      double near = 1;
      if (there.item == one.shared)
        near = static_cast<double>(index.repeat_share());
      else if (there.moment > met)
        near = fade(there.moment - met - 1, options.distance_steps);
      else if (there.moment < met)
        near = static_cast<double>(options.before_weight) * fade(met - there.moment - 1, options.distance_steps);
      scores[there.item] += static_cast<float>(one.similarity * near * static_cast<double>(index.idf(there.item)));
    }
  }
  return scores;
}

TEST(SessionKnn, EqualsTheScanOfAllSessions) {
  const TrainingData data = random_data(4, {.customers = 80, .items = 25, .events_per_customer = 12});
  for (const std::size_t kept : {3U, 20U, 1000U}) {
    const auto index = std::make_shared<SessionIndex>(data, SessionKnnOptions{.sessions_per_item_max = kept, .neighbours_max = 12, .items_max = 7});
    EXPECT_EQ(index->sessions(), 80U * 4);
    for (std::size_t customer = 0; customer < data.customers; customer += 7) {
      const auto history = history_of_customer(data, customer);
      const auto expected = naive_session_knn(data, *index, history);
      const auto scores = scores_of(SessionKnnMethod(index), {history, 0}, data.items);
      for (std::size_t item = 0; item < data.items; ++item)
        EXPECT_NEAR(scores[item], expected[item], 1e-3) << "customer " << customer << " item " << item;
    }
  }
}

TEST(SessionKnn, LinesOfOneOrderAreOneStepAndTheIndexKeepsTheNewest) {
  const std::vector<HistoryItem> history = {{1, 1, 10}, {2, 1, 20}, {3, 1, 20}, {4, 1, 30}};
  EXPECT_EQ(steps_back(history), (std::vector<std::uint32_t>{2, 1, 1, 0}));
  TrainingData data;
  data.customers = 3;
  data.items = 2;
  data.has_times = true;
  data.events = {{0, 0, 1, 100}, {1, 0, 1, 50}, {2, 0, 1, 70}, {2, 1, 1, 70}, {2, 1, 1, 9000}};
  sort_events(data);
  const SessionIndex index(data, {.sessions_per_item_max = 2});
  ASSERT_EQ(index.sessions(), 4U); // customer 2 came back after the silence
  EXPECT_EQ(std::vector<std::uint32_t>(index.sessions_of(0).begin(), index.sessions_of(0).end()), (std::vector<std::uint32_t>{2, 1}));
}

TEST(Markov, CountsWhatCameRightAfterWithinASession) {
  TrainingData data;
  data.customers = 2;
  data.items = 3;
  data.customers_are_sessions = true;
  data.events = {{0, 0, 1, 0}, {0, 1, 1, 1}, {0, 0, 1, 2}, {0, 2, 1, 3}, {1, 0, 1, 4}, {1, 1, 1, 5}};
  sort_events(data);
  const auto followers = std::make_shared<ItemWeights>(train_markov(data, 1800, 10));
  const std::vector<HistoryItem> history = {{1, 1, 0}, {0, 1, 1}};
  const auto scores = scores_of(MarkovMethod(followers), {history, 2}, 3);
  EXPECT_FLOAT_EQ(scores[1], 2.0F / 3);
  EXPECT_FLOAT_EQ(scores[2], 1.0F / 3);
  EXPECT_EQ(scores[0], 0);
  data.has_times = true;
  data.customers_are_sessions = false;
  data.events = {{0, 0, 1, 0}, {0, 1, 1, 5000}};
  EXPECT_EQ(train_markov(data, 1800, 10).weights(), 0U);
}

TEST(Content, IsTheCosineOfWeightedWords) {
  const std::vector<std::vector<std::uint32_t>> words = {{0, 1}, {0, 2, 2}, {3}, {}};
  const auto index = std::make_shared<ContentIndex>(words, 4);
  Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(4, 4);
  const std::map<std::uint32_t, double> in_items = {{0, 2}, {1, 1}, {2, 1}, {3, 1}};
  for (std::uint32_t item = 0; item < 3; ++item)
    for (const std::uint32_t word : words[item]) {
      const auto times = static_cast<double>(std::count(words[item].begin(), words[item].end(), word));
      dense(item, word) = (1 + std::log(times)) * std::log(5 / in_items.at(word));
    }
  for (Eigen::Index item = 0; item < 3; ++item) dense.row(item).normalize();
  const std::vector<HistoryItem> history = {{0, 1, 0}, {1, 0.5F, 0}, {3, 1, 0}};
  const Eigen::VectorXd taste = (dense.row(0) + 0.5 * dense.row(1)).transpose().normalized();
  const auto scores = scores_of(ContentMethod(index), {history, 0}, 4);
  for (Eigen::Index item = 0; item < 4; ++item) EXPECT_NEAR(scores[static_cast<std::size_t>(item)], dense.row(item).dot(taste), 1e-6);
}

TEST(Blend, OneScaleIsTheMeanOfTheBestTwenty) {
  ScoreSheet sheet(40);
  for (std::uint32_t item = 0; item < 40; ++item) sheet.add(item, static_cast<float>(item) - 5);
  const auto scaled = on_one_scale(sheet);
  ASSERT_EQ(scaled.size(), 34U); // what is not positive is left out
  EXPECT_FLOAT_EQ(scaled.back().second, 34 / 24.5F);
}

TEST(Blend, AddsItsPartsAndTurnsWithTheSeason) {
  const auto first = std::make_shared<PopularityMethod>(std::vector<float>{4, 2, 0});
  const auto second = std::make_shared<PopularityMethod>(std::vector<float>{0, 1, 1});
  const auto scores = scores_of(BlendMethod({{first, 3}, {second, 0.5F}, {second, 0}}, {1, 1, 2}), {{}, 0}, 3);
  EXPECT_FLOAT_EQ(scores[0], 3 * 4 / 3.0F);
  EXPECT_FLOAT_EQ(scores[1], 3 * 2 / 3.0F + 0.5F);
  EXPECT_FLOAT_EQ(scores[2], 2 * 0.5F);
}

TEST(Blend, IsNeverWorseThanItsBestPartWhereItLearnt) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const TrainingData data = random_data(seed, {.customers = 150, .items = 80, .events_per_customer = 12});
    const HeldOut held = hold_out(data, 0.2, 500);
    BlendProblem problem;
    problem.items = data.items;
    for (const char* name : {"popular", "item-knn", "ials", "content"}) problem.parts.push_back(*train_method(name, held.past, {}, {}));
    problem.weights_min.assign(problem.parts.size(), 0);
    problem.trends = {std::vector<float>(data.items, 1)};
    problem.cases = held.cases;
    problem.now_seconds = held.past.now_seconds;
    const BlendChoice choice = learn_blend(problem);
    ASSERT_EQ(choice.single_qualities.size(), 4U);
    std::vector<BlendPart> parts;
    for (std::size_t i = 0; i < problem.parts.size(); ++i) parts.push_back({problem.parts[i], choice.weights[i]});
    const auto quality = [&](const RelevanceMethod& method) {
      const Quality found = evaluate(method, data.items, held.cases, {{20}, held.past.now_seconds}).front();
      return (found.recall + found.ndcg) / 2;
    };
    // What learning believed is what evaluation finds, of the blend and of each part by itself.
    EXPECT_NEAR(quality(BlendMethod(parts, {})), choice.quality, 0.01);
    for (std::size_t i = 0; i < problem.parts.size(); ++i) EXPECT_LE(choice.single_qualities[i], choice.quality + 1e-9);
    EXPECT_NEAR(quality(*problem.parts[1]), choice.single_qualities[1], 0.01);
    EXPECT_EQ(learn_blend(problem).weights, choice.weights);
  }
}

} // namespace
} // namespace takt
