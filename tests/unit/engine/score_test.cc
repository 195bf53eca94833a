// The rows that the scorer sees and the log keeps: whose clock, which sample.
#include "features/feature_row.h"
#include "features/scorer.h"
#include "engine/taste.h"
#include "tests/support/engine_builders.h"

#include <cmath>
#include <gtest/gtest.h>
#include <set>

namespace takt::test {
namespace {

class Scoring : public testing::Test {
protected:
  Scoring() {
    for (const char* id : {"bag", "belt", "boots", "coat", "gloves", "hat"}) scene_.add_item(id);
  }
  Candidates scored() {
    const Bound bound(scene_);
    const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
    return score_items(bound.call, bound.opening, features, bound.candidates());
  }
  /// As if all of them were chosen.
  Slate slate_of_all() {
    const Bound bound(scene_);
    const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
    Candidates items = score_items(bound.call, bound.opening, features, bound.candidates());
    Slate slate;
    slate.scored = std::move(items.scored);
    for (Candidate& item : items.alive) slate.choices.push_back({std::move(item), static_cast<std::uint32_t>(slate.choices.size() + 1), 1, true});
    return keep_rows(bound.call, bound.opening, features, std::move(slate));
  }
  Order order_of_bags() {
    const OrderLine line{scene_.symbol("bag"), scene_.symbol("bag"), {scene_.symbol("leather")}, 2, 7'000'000};
    return {scene_.symbol("o-1"), noon - days(3), {line}};
  }
  double hour() { // of the person's wall, from its place on the circle
    const std::vector<float> rows = scored().scored.values;
    const double angle = std::atan2(rows.at(feature_schema().find("hour_sin")), rows.at(feature_schema().find("hour_cos")));
    return std::fmod(24 + angle * 24 / 6.283185307179586, 24);
  }
  std::set<std::uint32_t> sample_of(const Candidates& items) {
    std::set<std::uint32_t> rows;
    for (const ScoredRows::Sample& one : items.scored.sampled) rows.insert(one.index);
    return rows;
  }
  Scene scene_;
};

TEST_F(Scoring, HoursAreThoseOfTheZoneTheCallNamesElseOfTheLastOneKnown) {
  EXPECT_NEAR(hour(), 12, 1e-3); // nobody knows: UTC
  scene_.record.zones = {{noon - days(30), scene_.symbol("Europe/Berlin")}, {noon - days(1), scene_.symbol("America/New_York")}, {noon + days(1), scene_.symbol("Asia/Tokyo")}};
  EXPECT_NEAR(hour(), 7, 1e-3);
  scene_.request.context.timezone = "Asia/Kathmandu";
  EXPECT_NEAR(hour(), 17.75, 1e-3);
  scene_.request.context.timezone = "Europe/Atlantis";
  EXPECT_NEAR(hour(), 7, 1e-3);
  scene_.request.context.consent = {{Purpose::profile, false}};
  EXPECT_NEAR(hour(), 12, 1e-3) << "where somebody lives is their profile";
}

TEST_F(Scoring, TheRowsThatAreKeptGiveTheProbabilitiesThatWereScored) {
  scene_.record.orders = {order_of_bags()};
  const std::size_t width = feature_schema().columns.size();
  const Slate slate = slate_of_all();
  ASSERT_EQ(slate.choices.size(), 6U);
  ASSERT_EQ(slate.scored.values.size(), 6 * width) << "the sampled two are among them and have one row each";
  std::set<std::uint32_t> rows;
  for (const SlateChoice& choice : slate.choices) {
    const auto row = std::span(slate.scored.values).subspan(choice.candidate.row * width, width);
    double probability = 0;
    make_prior_scorer()->score(row, {&probability, 1});
    EXPECT_EQ(choice.candidate.terms.p_act, probability);
    EXPECT_TRUE(std::equal(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(feature_schema().shared_count), slate.scored.values.begin()));
    rows.insert(choice.candidate.row);
  }
  EXPECT_EQ(rows.size(), 6U);
}

TEST_F(Scoring, AColumnAloneIsTheColumnOfTheWholeRow) {
  scene_.record.orders = {order_of_bags()};
  const Symbol leather = scene_.symbol("leather");
  const Bound bound(scene_);
  const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
  std::vector<ItemFeatures> items(3);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].item = scene_.symbol(i == 0 ? "bag" : "hat");
    items[i].popularity = 0.3F;
    items[i].taste_match = -0.2F;
    items[i].price = 3.0F + static_cast<float>(i);
    items[i].age_days = 5.0F * static_cast<float>(i);
    items[i].caller_score = 0.4F;
    items[i].click_rate = 0.01F;
    items[i].category_order_rate = 0.02F;
    items[i].from_anchor = true;
    items[i].category = std::span(&leather, 1);
  }
  const FeatureContext context{features, scene_.record, bound.person.time.session, bound.person.now, Symbol::none, {}};
  const std::size_t width = feature_schema().columns.size();
  std::vector<float> whole(items.size() * width);
  write_feature_rows(context, items, whole);
  for (std::size_t column = 0; column < width; ++column) {
    std::vector<float> rows(items.size() * width);
    write_feature_columns(context, items, {&column, 1}, rows);
    for (std::size_t i = 0; i < items.size(); ++i)
      EXPECT_EQ(rows[i * width + column], whole[i * width + column]) << feature_schema().columns[column].name;
  }
}

TEST_F(Scoring, TwoAreSampledByASeededDraw) {
  const Candidates items = scored();
  EXPECT_EQ(items.scored.values.size(), 2 * feature_schema().columns.size());
  EXPECT_EQ(sample_of(items).size(), 2U);
  EXPECT_EQ(sample_of(items), sample_of(scored()));
  std::set<std::set<std::uint32_t>> samples;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    scene_.request.seed = seed;
    samples.insert(sample_of(scored()));
  }
  EXPECT_EQ(samples.size(), 15U) << "every pair of six is drawn one day";
}

} // namespace
} // namespace takt::test
