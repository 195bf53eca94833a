// The metrics against a computation that ranks everything and follows the definitions; and how data is cut in time.
#include "engine/relevance/evaluate.h"
#include "engine/relevance/methods.h"
#include "tests/unit/engine/relevance/relevance_world.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

namespace takt {
namespace {

/// Says what it was told to say; the case is known by its first history item.
class Scripted final : public RelevanceMethod {
public:
  std::vector<std::vector<float>> scores;
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override {
    const auto& mine = scores[query.history.front().item];
    for (std::uint32_t item = 0; item < mine.size(); ++item)
      if (mine[item] != 0) sheet.add(item, mine[item]);
  }
};

Quality brute_force(const Scripted& method, std::size_t items, const std::vector<EvaluationCase>& cases, std::size_t at) {
  Quality mean{at};
  double counted = 0;
  for (const EvaluationCase& one : cases) {
    const std::set<std::uint32_t> masked(one.masked.begin(), one.masked.end()), wanted(one.wanted.begin(), one.wanted.end());
    const double wanted_count = static_cast<double>(wanted.size() + one.wanted_unknown);
    if (wanted_count == 0) continue;
    ++counted;
    std::vector<std::pair<float, std::uint32_t>> ranked;
    for (std::uint32_t item = 0; item < items; ++item)
      if (!masked.contains(item)) ranked.emplace_back(-method.scores[one.history.front().item][item], item);
    std::sort(ranked.begin(), ranked.end());
    double hits = 0, gain = 0, ideal = 0, first = 0;
    for (std::size_t rank = 1; rank <= at; ++rank) {
      if (static_cast<double>(rank) <= wanted_count) ideal += 1 / std::log2(static_cast<double>(rank) + 1);
      if (rank > ranked.size() || !wanted.contains(ranked[rank - 1].second)) continue;
      ++hits;
      gain += 1 / std::log2(static_cast<double>(rank) + 1);
      if (first == 0) first = 1 / static_cast<double>(rank);
    }
    mean.recall += hits / wanted_count;
    mean.ndcg += gain / ideal;
    mean.hit_rate += hits > 0 ? 1 : 0;
    mean.reciprocal_rank += first;
  }
  if (counted > 0)
    for (double* sum : {&mean.recall, &mean.ndcg, &mean.hit_rate, &mean.reciprocal_rank}) *sum /= counted;
  return mean;
}

RC_GTEST_PROP(Evaluate, EveryMetricEqualsTheDefinition, ()) {
  const auto items = static_cast<std::uint32_t>(*rc::gen::inRange(1, 30));
  const auto count = static_cast<std::uint32_t>(*rc::gen::inRange(0, 8));
  Scripted method;
  std::vector<EvaluationCase> cases;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& scores = method.scores.emplace_back();
    EvaluationCase& one = cases.emplace_back();
    one.history = {{i, 1, 0}};
    one.wanted_unknown = static_cast<std::size_t>(*rc::gen::inRange(0, 3));
    for (std::uint32_t item = 0; item < items; ++item) {
      scores.push_back(static_cast<float>(*rc::gen::inRange(-2, 4))); // many ties, some below what is untouched
      const int fate = *rc::gen::inRange(0, 4);
      if (fate == 0) one.masked.push_back(item);
      if (fate == 1) one.wanted.push_back(item);
    }
    std::reverse(one.masked.begin(), one.masked.end());
  }
  const std::vector<std::size_t> at = {1, static_cast<std::size_t>(*rc::gen::inRange(1, 12)), 50};
  const auto found = evaluate(method, items, cases, {at, 0});
  RC_ASSERT(found.size() == at.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    const Quality expected = brute_force(method, items, cases, at[i]);
    RC_ASSERT(found[i].at == at[i]);
    RC_ASSERT(std::abs(found[i].recall - expected.recall) < 1e-12);
    RC_ASSERT(std::abs(found[i].ndcg - expected.ndcg) < 1e-12);
    RC_ASSERT(std::abs(found[i].hit_rate - expected.hit_rate) < 1e-12);
    RC_ASSERT(std::abs(found[i].reciprocal_rank - expected.reciprocal_rank) < 1e-12);
  }
}

TEST(TrainingData, AHistoryHasEachItemOnceAtItsNewest) {
  const std::vector<Interaction> events = {{0, 5, 0.2F, 1}, {0, 7, 1, 2}, {0, 5, 0.1F, 3}, {0, 7, 0.5F, 3}, {0, 5, 0.1F, 3}};
  const auto history = history_of(events);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].item, 7U);
  EXPECT_EQ(history[0].weight, 1);
  EXPECT_EQ(history[1].item, 5U);
  EXPECT_EQ(history[1].weight, 0.2F);
  EXPECT_EQ(history[1].at_seconds, 3);
  EXPECT_TRUE(history_of({}).empty());
}

TEST(TrainingData, HeldOutByTimeIsAfterAllThatIsKept) {
  const TrainingData data = testing_relevance::random_data(2);
  const HeldOut held = hold_out(data, 0.2, 1000);
  ASSERT_FALSE(held.cases.empty());
  std::int64_t newest_kept = 0;
  for (const Interaction& event : held.past.events) newest_kept = std::max(newest_kept, event.at_seconds);
  EXPECT_EQ(held.past.now_seconds, newest_kept);
  EXPECT_NEAR(static_cast<double>(held.past.events.size()), 0.8 * static_cast<double>(data.events.size()), 2);
  std::size_t later = 0;
  for (const Interaction& event : data.events) later += event.at_seconds > newest_kept ? 1 : 0;
  EXPECT_EQ(held.past.events.size() + later, data.events.size());
  for (const EvaluationCase& one : held.cases)
    for (const std::uint32_t item : one.wanted) EXPECT_EQ(std::count(one.masked.begin(), one.masked.end(), item), 0);
  EXPECT_EQ(hold_out(data, 0.2, 7).cases.size(), 7U);
}

TEST(TrainingData, HeldOutSessionsAreWholeAndEveryClickIsACase) {
  TrainingData data;
  data.customers = 3;
  data.items = 4;
  data.customers_are_sessions = true;
  data.events = {{0, 0, 1, 0}, {0, 1, 1, 1}, {1, 2, 1, 2}, {1, 3, 1, 3}, {2, 0, 1, 4}, {2, 1, 1, 5}, {2, 0, 1, 6}};
  sort_events(data);
  const HeldOut held = hold_out(data, 0.4, 100);
  EXPECT_EQ(held.past.events.size(), 4U);
  ASSERT_EQ(held.cases.size(), 2U);
  EXPECT_EQ(held.cases[0].wanted, std::vector<std::uint32_t>{1});
  EXPECT_EQ(held.cases[1].wanted, std::vector<std::uint32_t>{0});
  EXPECT_EQ(held.cases[1].history.size(), 2U);
}

TEST(Methods, AllLearnTheTasteAndAnUnknownNameIsRefused) {
  const TrainingData data = testing_relevance::random_data(9, {.customers = 200, .items = 60, .events_per_customer = 12});
  const HeldOut held = hold_out(data, 0.2, 1000);
  const std::vector<HistoryItem> nothing;
  double popular = 0;
  for (const std::string_view name : method_names()) {
    const auto method = train_method(name, held.past, {.threads = 2, .ease_lambda = 20}, {});
    ASSERT_TRUE(method.has_value()) << name;
    const double recall = evaluate(**method, data.items, held.cases, {{5}, held.past.now_seconds}).front().recall;
    if (name == "popular") {
      popular = recall;
    } else if (name != "trending") {
      EXPECT_GT(recall, 1.15 * popular) << name;
    }
    const auto scores = testing_relevance::scores_of(**method, {nothing, 0}, data.items);
    for (const float score : scores) EXPECT_TRUE(std::isfinite(score)) << name;
  }
  TrainingData wordless = data;
  wordless.item_words.clear();
  EXPECT_EQ(train_method("content", wordless, {}, {}).error().code, ErrorCode::invalid);
  EXPECT_EQ(train_method("magic", data, {}, {}).error().code, ErrorCode::not_found);
}

TEST(Methods, NothingOneItemAndOneCustomerAreFine) {
  for (const std::string_view name : method_names())
    for (const std::size_t size : {0U, 1U}) {
      TrainingData data;
      data.customers = data.items = size;
      data.has_times = true;
      data.item_words.assign(std::max<std::size_t>(size, 1), {});
      if (size == 1) data.events = {{0, 0, 1, 5}};
      sort_events(data);
      const auto method = train_method(name, data, {}, {});
      ASSERT_TRUE(method.has_value()) << name;
      const std::vector<HistoryItem> history = size == 1 ? std::vector<HistoryItem>{{0, 1, 5}} : std::vector<HistoryItem>{};
      ScoreSheet sheet(size);
      (*method)->score({history, 6}, sheet);
      for (const std::uint32_t item : sheet.touched()) EXPECT_TRUE(std::isfinite(sheet[item])) << name;
    }
}

} // namespace
} // namespace takt
