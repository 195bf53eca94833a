// Random conditions about random people: the compiled program says what a naive reading says, at any instant; and between two
// neighbouring edges nothing changes.
#include "engine/condition.h"
#include "tests/support/engine_builders.h"
#include "tests/support/naive_condition.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

constexpr std::uint64_t people = 1000;
constexpr int conditions_each = 60;

TEST(ConditionProperty, TheProgramSaysWhatTheTreeSays) {
  std::size_t held = 0, asked = 0;
  for (std::uint64_t seed = 1; seed <= people; ++seed) {
    const ConditionCase person(seed);
    Random random(seed * 7919);
    const ConditionInputs inputs = person.inputs();
    for (int i = 0; i < conditions_each; ++i) {
      const Condition condition = person.random_condition(random, 3, true);
      const UtcTime t = noon - days(30) + hours(static_cast<std::int64_t>(random.below(24 * 60)));
      const bool expected = naive_condition(condition, inputs, person.audiences, t);
      for (const NewLabels labels : {NewLabels::leave, NewLabels::intern})
        ASSERT_EQ(condition_holds(*ConditionProgram::compile(condition, person.symbols, labels), inputs, t), expected) << "seed " << seed << " condition " << i;
      held += expected ? 1U : 0U;
      ++asked;
    }
  }
  EXPECT_GT(held, asked / 5); // both answers are there to be wrong
  EXPECT_LT(held, asked * 4 / 5);
}

TEST(ConditionProperty, WhatIsKnownOfThePersonIsTheSameForEveryItem) {
  for (std::uint64_t seed = 1; seed <= people; ++seed) {
    const ConditionCase person(seed);
    Random random(seed * 104'729);
    ConditionMoment moment(person.inputs(), noon);
    std::vector<std::shared_ptr<const ConditionProgram>> programs;
    for (int i = 0; i < conditions_each / 4; ++i) {
      const auto& program = programs.emplace_back(ConditionProgram::compile(person.random_condition(random, 3, true), person.symbols, NewLabels::leave));
      for (const ItemIndex index : {0U, 1U, 0U}) {
        ConditionInputs inputs = person.inputs();
        inputs.item = &person.catalogue->at(index);
        ASSERT_EQ(moment.holds(*program, inputs.item), condition_holds(*program, inputs, noon)) << "seed " << seed << " condition " << i;
      }
    }
  }
}

TEST(ConditionProperty, BetweenNeighbouringEdgesNothingChanges) {
  std::size_t turns = 0;
  for (std::uint64_t seed = 1; seed <= people; ++seed) {
    const ConditionCase person(seed);
    Random random(seed * 1'299'709);
    const ConditionInputs inputs = person.inputs();
    for (int i = 0; i < conditions_each / 6; ++i) {
      const Condition condition = person.random_condition(random, 2, true);
      const auto program = ConditionProgram::compile(condition, person.symbols, NewLabels::leave);
      const UtcTime t = noon + minutes(static_cast<std::int64_t>(random.below(3000)));
      std::vector<UtcTime> edges;
      condition_edges(*program, inputs, t, edges);
      for (const UtcTime edge : edges) ASSERT_TRUE(edge > t && edge <= t + days(400));
      edges.push_back(t);
      edges.push_back(t + days(400));
      std::sort(edges.begin(), edges.end());
      edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
      bool before = condition_holds(*program, inputs, t);
      for (std::size_t e = 0; e + 1 < edges.size(); ++e) {
        if (e > 20 && random.below(edges.size()) > 20) continue; // all of the first, then about twenty of the others
        const bool holds = condition_holds(*program, inputs, edges[e]);
        turns += e > 0 && e <= 20 && holds != before ? 1U : 0U;
        before = holds;
        const Duration length = edges[e + 1] - edges[e];
        for (const Duration into : {length - Duration{1}, Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(length.count())))}})
          ASSERT_EQ(naive_condition(condition, inputs, person.audiences, edges[e] + into), holds) << "seed " << seed << " condition " << i << " " << format_utc(edges[e] + into);
      }
    }
  }
  EXPECT_GT(turns, people / 4); // some conditions do change by time alone
}

} // namespace
} // namespace takt::test
