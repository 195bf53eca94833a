// The mix of categories that a slate is steered to, against the distance written out in full.
#include "core/random.h"
#include "engine/stage/category_mix.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>

namespace takt {
namespace {

constexpr Symbol shoes{1}, bags{2}, toys{3}, root{9};

LabelSet in(std::initializer_list<Symbol> path) {
  LabelSet labels;
  for (const Symbol part : path) labels.category.push_back(part);
  return labels;
}

struct Mix {
  std::vector<LabelSet> items;
  FlatSymbolMap<float> shares;
  std::vector<const LabelSet*> pointers() const {
    std::vector<const LabelSet*> all;
    for (const LabelSet& one : items) all.push_back(&one);
    return all;
  }
  CategoryMix at(double strength) const { return CategoryMix(strength, shares, pointers()); }
};

/// KL(p || q~)/ln(100) of a slate of top categories, term by term.
double distance(const std::map<Symbol, double>& wanted, const std::vector<Symbol>& slate) {
  double sum = 0;
  for (const auto& [category, p] : wanted) {
    double q = 0;
    for (const Symbol one : slate) q += one == category ? 1.0 / static_cast<double>(slate.size()) : 0.0;
    sum += p * std::log(p / (0.99 * q + 0.01 * p));
  }
  return std::max(sum, 0.0) / std::log(100.0);
}

TEST(CategoryMix, is_the_published_distance) {
  Random random(8);
  for (int round = 0; round < 200; ++round) {
    Mix mix;
    for (int i = 0; i < 30; ++i) mix.items.push_back(in({Symbol{static_cast<std::uint32_t>(1 + random.below(6))}}));
    double all = 0;
    std::map<Symbol, double> wanted;
    for (std::uint32_t c = 1; c <= 4; ++c) {
      const double share = 0.05 + random.uniform();
      const bool is_there = std::any_of(mix.items.begin(), mix.items.end(), [&](const LabelSet& one) { return one.category[0] == Symbol{c}; });
      mix.shares.emplace(Symbol{c}, static_cast<float>(share));
      if (is_there) all += wanted[Symbol{c}] = static_cast<double>(static_cast<float>(share));
    }
    for (auto& [category, share] : wanted) share /= all;
    CategoryMix built = mix.at(0.5);
    std::vector<Symbol> slate;
    for (int slot = 0; slot < 8; ++slot) {
      std::vector<double> after;
      double least = 1e9;
      for (const LabelSet& one : mix.items) {
        std::vector<Symbol> with = slate;
        with.push_back(one.category[0]);
        after.push_back(distance(wanted, with));
      }
      for (const auto& [category, share] : wanted) {
        std::vector<Symbol> with = slate;
        with.push_back(category);
        least = std::min(least, distance(wanted, with));
      }
      for (std::size_t i = 0; i < mix.items.size(); ++i) ASSERT_NEAR(built.penalty(i), -(slot + 1) * (after[i] - least), 1e-9) << "round " << round << " slot " << slot;
      const std::size_t chosen = random.below(mix.items.size());
      slate.push_back(mix.items[chosen].category[0]);
      built.choose(chosen);
    }
  }
}

TEST(CategoryMix, greedy_choice_follows_the_persons_shares) {
  Mix mix;
  for (int i = 0; i < 20; ++i)
    for (const Symbol category : {shoes, bags, toys}) mix.items.push_back(in({category}));
  mix.shares.emplace(shoes, 0.7F);
  mix.shares.emplace(bags, 0.3F);
  CategoryMix built = mix.at(0.5);
  std::map<Symbol, int> count;
  std::vector<char> open(mix.items.size(), 1);
  for (int slot = 0; slot < 10; ++slot) {
    std::size_t best = mix.items.size();
    for (std::size_t i = 0; i < mix.items.size(); ++i)
      if (open[i] && (best == mix.items.size() || built.penalty(i) > built.penalty(best))) best = i;
    EXPECT_EQ(built.penalty(best), 0);
    open[best] = 0;
    ++count[mix.items[best].category[0]];
    built.choose(best);
  }
  EXPECT_EQ(count[shoes], 7);
  EXPECT_EQ(count[bags], 3);
}

TEST(CategoryMix, looks_at_the_first_level_that_tells_items_apart) {
  Mix mix;
  mix.items = {in({root, shoes}), in({root, bags})};
  mix.shares.emplace(root, 1.0F);
  mix.shares.emplace(shoes, 1.0F);
  CategoryMix built = mix.at(0.5);
  EXPECT_EQ(built.penalty(0), 0);
  EXPECT_LT(built.penalty(1), 0);
}

TEST(CategoryMix, leaves_alone_whom_it_cannot_judge) {
  Mix mix;
  mix.items = {in({shoes}), in({}), in({bags})};
  EXPECT_FALSE(mix.at(0.5).is_on()); // nothing is known of the person
  mix.shares.emplace(shoes, 1.0F);
  EXPECT_FALSE(mix.at(0).is_on());
  CategoryMix built = mix.at(1);
  EXPECT_EQ(built.penalty(1), 0);      // no category: no share to keep
  EXPECT_LT(built.penalty(2), -10);    // full strength leaves the score no say
  built.choose(1);
  EXPECT_EQ(built.penalty(0), 0);
  Mix empty;
  EXPECT_FALSE(empty.at(0.5).is_on());
}

} // namespace
} // namespace takt
