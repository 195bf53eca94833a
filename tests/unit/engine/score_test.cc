// The rows that the scorer sees and the log keeps: whose clock, which sample.
#include "features/feature_row.h"
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

TEST_F(Scoring, EachCandidateHasItsRowAndTwoAreSampledByASeededDraw) {
  const Candidates items = scored();
  EXPECT_EQ(items.scored.values.size(), 6 * feature_schema().columns.size());
  for (std::size_t i = 0; i < items.alive.size(); ++i) EXPECT_EQ(items.alive[i].row, i);
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
