// InlineList against std::vector, step by step; and the two states it has: inside, and on the heap.
#include "core/inline_list.h"
#include "core/symbol_map.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <vector>

namespace takt {
namespace {

using Numbers = InlineList<int, 3>;

std::vector<int> plain(const Numbers& numbers) { return {numbers.begin(), numbers.end()}; }

TEST(InlineList, LeavesItsOwnMemoryOnlyWhenItMust) {
  Numbers numbers{1, 2, 3};
  EXPECT_EQ(numbers.heap_bytes(), 0U);
  numbers.push_back(4);
  EXPECT_GT(numbers.heap_bytes(), 0U);
  EXPECT_EQ(plain(numbers), (std::vector<int>{1, 2, 3, 4}));
}

TEST(InlineList, TakesAnElementOfItself) {
  Numbers numbers{7, 8, 9};
  numbers.push_back(numbers.front()); // grows while the value stands in the old memory
  numbers.insert(numbers.begin(), numbers.back());
  EXPECT_EQ(plain(numbers), (std::vector<int>{7, 7, 8, 9, 7}));
}

TEST(InlineList, IsSmallEnoughForALabelSet) { EXPECT_EQ(sizeof(SymbolList), 24U); }

RC_GTEST_PROP(InlineList, DoesWhatAVectorDoes, (const std::vector<std::tuple<unsigned, unsigned, int>>& steps)) {
  Numbers numbers, other;
  std::vector<int> model, other_model;
  for (const auto& [kind, where, value] : steps) {
    const std::size_t at = model.empty() ? 0 : where % (model.size() + 1);
    switch (kind % 9) {
    case 0:
    case 1: numbers.push_back(value), model.push_back(value); break;
    case 2: numbers.insert(numbers.begin() + at, value), model.insert(model.begin() + static_cast<std::ptrdiff_t>(at), value); break;
    case 3:
      if (at < model.size()) numbers.erase(numbers.begin() + at), model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 4: other = numbers, other_model = model; break;
    case 5: std::swap(numbers, other), std::swap(model, other_model); break;
    case 6: numbers = Numbers(other), model = other_model; break;
    case 7: RC_ASSERT(erase_if(numbers, [v = value](int n) { return n < v; }) == std::erase_if(model, [v = value](int n) { return n < v; })); break;
    case 8: numbers = std::move(other), model = std::exchange(other_model, {}), other.clear(); break;
    }
    RC_ASSERT(plain(numbers) == model);
    RC_ASSERT(plain(other) == other_model);
    RC_ASSERT((numbers == other) == (model == other_model));
  }
}

TEST(SymbolMap, AnswersLikeAMap) {
  SymbolMap<float> map{{static_cast<Symbol>(3), 1.5F}};
  EXPECT_FALSE(map.emplace(static_cast<Symbol>(3), 2.0F)) << "the first value stays";
  EXPECT_TRUE(map.emplace(static_cast<Symbol>(100), 2.5F));
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(map.at(static_cast<Symbol>(3)), 1.5F);
  EXPECT_EQ(map.find(static_cast<Symbol>(50)), nullptr) << "between two that are there";
  EXPECT_EQ(map.find(static_cast<Symbol>(4'000'000)), nullptr) << "beyond all of them";
  SymbolMap<float> same{{static_cast<Symbol>(100), 2.5F}, {static_cast<Symbol>(3), 1.5F}};
  EXPECT_EQ(map, same);
  same[static_cast<Symbol>(3)] = 0;
  EXPECT_FALSE(map == same);
}

} // namespace
} // namespace takt
