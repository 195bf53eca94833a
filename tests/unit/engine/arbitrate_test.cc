// Score terms, hold and order.
#include "engine/taste.h"
#include "features/scorer.h"
#include "tests/support/engine_builders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

/// p = 0.1 for everybody: what is left are the terms.
class FlatScorer final : public Scorer {
public:
  std::string name() const override { return "flat"; }
  std::uint64_t schema_fingerprint() const override { return feature_schema().fingerprint; }
  std::span<const std::size_t> columns() const override { return {}; }
  void score(std::span<const float>, const CustomRows&, std::span<double> probabilities) const override {
    for (double& probability : probabilities) probability = 0.1;
  }
};

class Arbitrating : public ::testing::Test {
protected:
  Arbitrating() { scene.models.scorer = std::make_shared<FlatScorer>(); }
  Item& priced(std::string_view id, std::int64_t value_micros) {
    Item& item = scene.add_item(id);
    item.value_micros = value_micros;
    return item;
  }
  Ranked arbitrated() {
    Bound bound(scene);
    const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
    Ranked ranked = arbitrate(bound.call, bound.opening, score_items(bound.call, bound.opening, features, bound.candidates()));
    text = names(bound, ranked.alive) + "|" + dropped_text(bound, ranked.dropped);
    return ranked;
  }
  Scene scene;
  std::string text;
};

TEST_F(Arbitrating, value_is_the_items_own_else_price_times_margin_else_the_default) {
  priced("a", 5'000'000);
  scene.add_item("b").price = Money{100'000'000, "EUR"};
  scene.add_item("c");
  scene.policy.arbitration.margin = 0.25;
  scene.policy.arbitration.default_value_micros = 2'000'000;
  const Ranked ranked = arbitrated();
  EXPECT_EQ(text, "b,a,c|");
  EXPECT_DOUBLE_EQ(ranked.alive[0].terms.value, 25.0);
  EXPECT_DOUBLE_EQ(ranked.alive[1].terms.value, 5.0);
  EXPECT_DOUBLE_EQ(ranked.alive[2].terms.value, 2.0);
}

TEST_F(Arbitrating, the_score_is_its_terms) {
  priced("a", 5'000'000);
  scene.placement.contact_cost_micros = 20'000;
  scene.policy.arbitration.attention_price = 0.001;
  const Candidate item = arbitrated().alive.front();
  EXPECT_DOUBLE_EQ(item.terms.contact_cost, 0.02);
  EXPECT_DOUBLE_EQ(item.terms.attention_price, 0.001);
  EXPECT_NEAR(item.score, 0.1 * 5 - 0.02 - 0.001, 1e-9);
  EXPECT_NEAR(item.score, item.terms.score(), 1e-9);
}

TEST_F(Arbitrating, who_searches_pays_no_price_of_attention) {
  priced("a", 5'000'000);
  scene.placement.mode = PlacementMode::organic;
  scene.placement.contact_cost_micros = 20'000;
  scene.policy.arbitration.attention_price = 0.001;
  scene.placement.hold = true; // and does not hold
  EXPECT_NEAR(arbitrated().alive.front().score, 0.5, 1e-9);
}

TEST_F(Arbitrating, equal_scores_are_ordered_by_item_id) {
  for (const char* id : {"c", "a", "b10", "b9"}) priced(id, 1'000'000);
  priced("z", 2'000'000);
  arbitrated();
  EXPECT_EQ(text, "z,a,b10,b9,c|");
}

TEST_F(Arbitrating, what_is_not_worth_the_attention_loses_against_hold_where_the_placement_holds) {
  priced("a", 5'000'000);
  priced("b", 1'000'000);
  priced("c", 500'000); // p · value = 0.05 = its cost: worth nothing
  scene.placement.contact_cost_micros = 50'000;
  arbitrated();
  EXPECT_EQ(text, "a,b,c|");
  scene.placement.hold = true;
  arbitrated();
  EXPECT_EQ(text, "a,b|c:below_hold");
}

TEST_F(Arbitrating, kinds_that_are_never_held_rank_below_every_positive_score_and_above_hold) {
  priced("a", 100'000).kind = "service";
  priced("b", 1'000'000);
  priced("c", 100'000);
  scene.policy.arbitration.never_hold = scene.symbol_list({"service"});
  scene.placement.contact_cost_micros = 50'000;
  scene.placement.hold = true;
  arbitrated();
  EXPECT_EQ(text, "b,a|c:below_hold");
}

TEST_F(Arbitrating, the_real_scorer_sees_one_row_per_item) {
  scene.models.scorer = make_prior_scorer();
  priced("a", 1'000'000);
  priced("b", 1'000'000);
  scene.models.popularity[scene.symbol("b")] = 1.0F;
  const Ranked ranked = arbitrated();
  EXPECT_EQ(text, "b,a|");
  EXPECT_GT(ranked.alive[0].terms.p_act, ranked.alive[1].terms.p_act);
  EXPECT_EQ(ranked.alive[0].terms.p_nothing, 0.0);
}

TEST_F(Arbitrating, what_the_caller_scored_higher_is_believed) {
  scene.models.scorer = make_prior_scorer();
  priced("a", 1'000'000);
  priced("b", 1'000'000);
  Bound bound(scene);
  Candidates items = bound.candidates();
  items.alive[0].caller_score = -3;
  items.alive[1].caller_score = 7.1;
  const Candidates scored = score_items(bound.call, bound.opening, {}, std::move(items));
  EXPECT_LT(scored.alive[0].terms.p_act, scored.alive[1].terms.p_act);
}

} // namespace
} // namespace takt::test
