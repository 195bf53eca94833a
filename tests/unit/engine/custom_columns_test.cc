// Configured columns: what they are worth of whom, and that a learnt weight goes with what the column meant.
#include "engine/custom_columns.h"
#include "engine/taste.h"
#include "features/linear_scorer.h"
#include "features/feature_row.h"
#include "tests/support/engine_builders.h"

#include <cmath>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

CustomFeature equal_to(const char* id, const char* trait, const char* attribute, const char* json) { return {id, trait, attribute, json, 0, 1, false}; }
CustomFeature scaled(const char* id, const char* trait, const char* attribute, double mean, double deviation) { return {id, trait, attribute, std::nullopt, mean, deviation, false}; }
CustomFeature alike(const char* id, const char* trait, const char* attribute) { return {id, trait, attribute, std::nullopt, 0, 1, false}; }
CustomFeature near_to(const char* id, const char* trait, const char* attribute, double deviation) { return {id, trait, attribute, std::nullopt, 0, deviation, true}; }

class Columns : public testing::Test {
protected:
  Columns() {
    scene_.add_item("boots").attributes_json = {{"size", "\"41\""}, {"vegan", "true"}, {"weight_kg", "1.5"}};
    scene_.add_item("coat").attributes_json = {{"size", "41"}, {"weight_kg", "\"heavy\""}};
    scene_.add_item("hat");
    scene_.record.traits = {{"age", "70", noon - days(1)}, {"shoe_size", "\"41\"", noon - days(1)}, {"tier", "\"gold\"", noon - days(1)}};
  }
  /// Of boots, coat, hat.
  std::vector<float> values(const CustomFeature& feature) {
    const Bound bound(scene_);
    const auto columns = CustomColumns::build({feature}, bound.world.catalogue);
    std::vector<ItemIndex> items;
    for (const char* id : {"boots", "coat", "hat"}) items.push_back(*bound.world.catalogue->find(bound.world.symbols->find(id)));
    return columns->rows(bound.person, items);
  }
  Scene scene_;
};
using Row = std::vector<float>;

TEST_F(Columns, ATraitIsTheSameForEveryItem) {
  EXPECT_EQ(values(equal_to("gold", "tier", "", "\"gold\"")), (Row{1, 1, 1}));
  EXPECT_EQ(values(equal_to("silver", "tier", "", "\"silver\"")), (Row{0, 0, 0}));
  EXPECT_EQ(values(scaled("age", "age", "", 40, 15)), (Row{2, 2, 2}));
  EXPECT_EQ(values(scaled("age", "age", "", 0, 1)), (Row{10, 10, 10})) << "a client may send any number";
  EXPECT_EQ(values(scaled("tier", "tier", "", 0, 1)), (Row{0, 0, 0})) << "text is no number";
  EXPECT_EQ(values(scaled("unheard_of", "unheard_of", "", 5, 1)), (Row{0, 0, 0})) << "unknown is middling, not -5";
}

TEST_F(Columns, AnAttributeIsTheItems) {
  EXPECT_EQ(values(equal_to("vegan", "", "vegan", "true")), (Row{1, 0, 0}));
  EXPECT_EQ(values(scaled("weight", "", "weight_kg", 1, 0.5)), (Row{1, 0, 0}));
}

TEST_F(Columns, TraitAndAttributeAreComparedWithTheirTypes) {
  EXPECT_EQ(values(alike("fits", "shoe_size", "size")), (Row{1, 0, 0})) << "the text 41 is not the number 41";
  EXPECT_EQ(values(alike("fits", "tier", "size")), (Row{0, 0, 0}));
  EXPECT_EQ(values(alike("both_missing", "none", "none")), (Row{0, 0, 0})) << "two unknowns are not alike";
}

TEST_F(Columns, ADistanceFallsWithEachDeviation) {
  scene_.record.traits = {{"likes_kg", "2", noon - days(1)}};
  const Row row = values(near_to("weight_near", "likes_kg", "weight_kg", 0.25));
  EXPECT_FLOAT_EQ(row[0], static_cast<float>(std::exp(-2.0)));
  EXPECT_EQ(row[1], 0) << "text has no distance";
  EXPECT_EQ(row[2], 0);
}

TEST_F(Columns, WhoAllowsNoProfileHasNoTraitsAndNobodyHasThoseOfTomorrow) {
  scene_.request.context.consent = {{Purpose::profile, false}};
  EXPECT_EQ(values(equal_to("gold", "tier", "", "\"gold\"")), (Row{0, 0, 0}));
  EXPECT_EQ(values(equal_to("vegan", "", "vegan", "true")), (Row{1, 0, 0})) << "that is nothing about the person";
  scene_.request.context.consent.clear();
  scene_.record.traits[2].at = noon + hours(1);
  EXPECT_EQ(values(equal_to("gold", "tier", "", "\"gold\"")), (Row{0, 0, 0}));
}

TEST_F(Columns, AChangedItemIsReadAgainAndANewOneToo) {
  const Bound bound(scene_);
  const CustomFeature vegan = equal_to("vegan", "", "vegan", "true");
  const auto before = CustomColumns::build({vegan}, bound.world.catalogue);
  Item coat = bound.item("coat").item, scarf = coat;
  coat.attributes_json["vegan"] = "true";
  scarf.id = item_id("scarf");
  scarf.attributes_json["vegan"] = "true";
  const auto catalogue = bound.world.catalogue->with({coat, scarf}, {}, *bound.world.symbols, 2);
  const auto after = CustomColumns::build({vegan, scaled("weight", "", "weight_kg", 0, 1)}, catalogue, before.get());
  std::vector<ItemIndex> items;
  for (const char* id : {"boots", "coat", "hat", "scarf"}) items.push_back(*catalogue->find(bound.world.symbols->find(id)));
  EXPECT_EQ(after->rows(bound.person, items), (Row{1, 1.5, 1, 0, 0, 0, 1, 0}));
}

TEST(CustomWeights, GoWithWhatTheColumnMeant) {
  const CustomFeature vegan = equal_to("vegan", "", "vegan", "true"), other = equal_to("vegan", "", "vegan", "\"yes\"");
  const FeatureSchema& schema = feature_schema();
  const std::vector<double> nothing(schema.columns.size(), 0);
  const LinearScorer scorer("s", schema.fingerprint, -1, nothing, {{print_of(vegan), "vegan", 2}});
  const std::vector<float> rows(6 * schema.columns.size(), 0), values{0, 1, 0, 1, 0.5F, 0};
  const auto odds_of = [&](const CustomFeature& column) {
    std::vector<double> probabilities(6);
    const std::vector<std::uint64_t> prints{print_of(column)};
    scorer.score(rows, CustomRows{prints, values}, probabilities);
    std::vector<double> odds;
    for (const double p : probabilities) odds.push_back(std::round(1e9 * std::log(p / (1 - p))) / 1e9);
    return odds;
  };
  EXPECT_EQ(odds_of(vegan), (std::vector<double>{-1, 1, -1, 1, 0, -1}));
  EXPECT_EQ(odds_of(other), (std::vector<double>(6, -1))) << "learnt of another column of that name";
  std::vector<double> without(6);
  scorer.score(rows, without);
  EXPECT_NEAR(without[1], 1 / (1 + std::exp(1.0)), 1e-12);
}

TEST_F(Columns, ADecisionLogsThemForItsItemsAndTheScorerReadsThem) {
  const Bound bound(scene_);
  World world = bound.world;
  const CustomFeature vegan = equal_to("vegan", "", "vegan", "true");
  world.custom = CustomColumns::build({vegan}, world.catalogue);
  auto models = std::make_shared<Models>(*world.models);
  const FeatureSchema& schema = feature_schema();
  models->scorer = std::make_shared<LinearScorer>("s", schema.fingerprint, -2, std::vector<double>(schema.columns.size(), 0), std::vector<CustomWeight>{{print_of(vegan), "vegan", -3}});
  world.models = models;
  const Call call(world, bound.person, scene_.request);
  const Candidates scored = score_items(call, bound.opening, customer_features(*models, bound.person), bound.candidates());
  ASSERT_EQ(scored.scored.custom.size(), scored.scored.sampled.size());
  for (const ScoredRows::Sample& one : scored.scored.sampled) EXPECT_EQ(scored.scored.custom[one.row], bound.name(one.index) == "boots" ? 1 : 0);
  EXPECT_NEAR(scored.alive[0].terms.p_act, 1 / (1 + std::exp(5.0)), 1e-12);
  EXPECT_NEAR(scored.alive[1].terms.p_act, 1 / (1 + std::exp(2.0)), 1e-12);
  Slate slate;
  for (const Candidate& candidate : scored.alive) slate.choices.push_back({candidate, 1, 1, true});
  slate.scored = scored.scored;
  const Slate kept = keep_rows(call, bound.opening, customer_features(*models, bound.person), slate);
  ASSERT_EQ(kept.scored.custom.size(), 3U);
  for (const SlateChoice& choice : kept.choices) EXPECT_EQ(kept.scored.custom[choice.candidate.row], bound.name(choice.candidate.index) == "boots" ? 1 : 0);
}

} // namespace
} // namespace takt::test
