#include "api/demo/simulation.h"
#include "core/random.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace takt::demo {
namespace {

TownOptions small_town() {
  TownOptions options;
  options.items = 300;
  options.days = 14;
  options.start = parse_utc("2026-03-02T00:00:00Z").value();
  return options;
}

const Town& town() {
  static const Town made = make_town(small_town());
  return made;
}

PopulationCounts live(std::uint64_t customers, std::size_t threads, std::vector<std::uint64_t>* digests = nullptr) {
  PopulationOptions options;
  options.customers = customers;
  options.threads = threads;
  options.block_customers = 8;
  if (digests) options.on_life = [&](const Life& life) { digests->push_back(life.counts().digest); };
  return live_population(town(), options, memory_blocks(town(), {}));
}

TEST(WearOut, FollowsTheCurveOfTheSource) {
  EXPECT_NEAR(worn(3, 0.43), 0.551, 0.001) << "45 % less at the fourth exposure";
  EXPECT_DOUBLE_EQ(worn(0, 0.9), 1);
  EXPECT_DOUBLE_EQ(worn(50, 0), 1) << "who does not tire sees everything as new";
}

TEST(WearOut, HalvesWithItsHalfLifeAndTakesClicksAway) {
  const UtcTime t = utc_from_ms(0);
  WearOut wear;
  for (int i = 0; i < 4; ++i) wear.see(t, days(7));
  EXPECT_DOUBLE_EQ(wear.at_time(t, days(7)), 4);
  EXPECT_DOUBLE_EQ(wear.at_time(t + days(7), days(7)), 2);
  wear.see(t + days(7), days(7));
  EXPECT_DOUBLE_EQ(wear.at_time(t + days(7), days(7)), 3);
  wear.click(t + days(7), days(7), 0.3);
  EXPECT_DOUBLE_EQ(wear.at_time(t + days(7), days(7)), 0.9);
}

TEST(Response, EveryWishAndEveryDistanceMovesTheClickTheRightWay) {
  const ResponseParameters parameters;
  const auto chance = [&](auto change) {
    Appeal appeal;
    change(appeal);
    return click_chance(parameters, appeal);
  };
  const double plain = chance([](Appeal&) {});
  EXPECT_NEAR(plain, 1 / (1 + std::exp(5.2)), 1e-12);
  EXPECT_GT(chance([](Appeal& appeal) { appeal.taste = 0.5; }), plain);
  EXPECT_GT(chance([](Appeal& appeal) { appeal.needed = true; }), plain);
  EXPECT_GT(chance([](Appeal& appeal) { appeal.considered = true; }), plain);
  EXPECT_LT(chance([](Appeal& appeal) { appeal.price_distance = 0.5; }), plain);
  EXPECT_LT(chance([](Appeal& appeal) { appeal.slot = 3; }), plain);
  EXPECT_LT(chance([](Appeal& appeal) { appeal.on_foreign_site = true; }), plain);
}

TEST(Response, AccidentsHaveTheirModeWhereItWasMeasured) {
  const ResponseParameters parameters;
  Random random(3);
  std::vector<int> bins(60);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint32_t bin = accident_dwell_ms(parameters, random.normal()) / 200;
    if (bin < bins.size()) ++bins[bin];
  }
  const auto most = static_cast<double>(std::max_element(bins.begin(), bins.end()) - bins.begin());
  EXPECT_NEAR((most + 0.5) * 0.2, 1.8, 0.3);
}

TEST(Town, DrawsEachCustomerFromTheirOwnGenerator) {
  const CustomerTruth one = draw_customer(town(), 5), again = draw_customer(town(), 5), other = draw_customer(town(), 6);
  EXPECT_EQ(one.taste, again.taste);
  EXPECT_EQ(one.devices.size(), again.devices.size());
  EXPECT_NE(one.taste, other.taste);
  EXPECT_NEAR(cosine(one.taste, one.taste), 1, 1e-9);
}

TEST(Town, HoldsTheClassesInTheirShares) {
  std::map<std::string, int> count;
  for (std::uint64_t number = 0; number < 10'000; ++number) ++count[std::string(draw_customer(town(), number).kind.name)];
  for (const CustomerClass& kind : town().options.response.classes) EXPECT_NEAR(count[std::string(kind.name)] / 10'000.0, kind.share, 0.02);
}

TEST(Simulation, IsTheSameOnAnyNumberOfThreads) {
  std::vector<std::uint64_t> one, two;
  const PopulationCounts first = live(40, 1, &one), second = live(40, 2, &two);
  EXPECT_EQ(first.failures, 0U);
  EXPECT_GT(first.lives.impressions, 100U);
  EXPECT_EQ(first.lives.digest, second.lives.digest);
  EXPECT_EQ(one, two) << "lives are handed over in order";
}

TEST(Simulation, OneMoreCustomerChangesNobodyElse) {
  std::vector<std::uint64_t> few, more;
  live(12, 1, &few);
  live(13, 1, &more);
  more.pop_back();
  EXPECT_EQ(few, more);
}

TEST(Simulation, PeopleComeAtTheSameTimesWhoeverShowsThem) {
  PopulationOptions options;
  options.customers = 60;
  const LifeCounts takt = live_population(town(), options, memory_blocks(town(), {})).lives;
  const LifeCounts retargeting = live_population(town(), options, retargeting_blocks(town())).lives;
  EXPECT_NEAR(static_cast<double>(takt.opportunities), static_cast<double>(retargeting.opportunities), 0.02 * static_cast<double>(takt.opportunities))
      << "only what follows from a showing may differ: a purchase ends a wish, an address is refused";
  EXPECT_NE(takt.digest, retargeting.digest);
}

TEST(Simulation, TruthAgreesWithWhatHappened) {
  PopulationOptions options;
  options.customers = 80;
  std::uint64_t impressions = 0, accidents = 0, opt_outs = 0;
  double value = 0, expected_clicks = 0;
  options.on_life = [&](const Life& life) {
    const auto json = nlohmann::json::parse(truth_json(town(), life));
    impressions += json.at("impressions").get<std::uint64_t>();
    accidents += json.at("accidents").size();
    opt_outs += json.at("opt_outs").size();
    value += json.at("value").get<double>();
    expected_clicks += json.at("expected_clicks").get<double>();
    EXPECT_EQ(json.at("device_types").size(), json.at("devices").size());
    EXPECT_EQ(json.at("beta"), life.truth().kind.beta);
  };
  const LifeCounts counts = live_population(town(), options, memory_blocks(town(), {})).lives;
  EXPECT_EQ(impressions, counts.impressions);
  EXPECT_EQ(opt_outs, counts.opt_outs);
  EXPECT_GE(accidents, counts.accidents) << "a click that led to a page is two events";
  EXPECT_LE(accidents, 2 * counts.accidents);
  EXPECT_NEAR(value, counts.value, 0.01 * counts.value + 0.01);
  EXPECT_NEAR(expected_clicks, counts.expected_clicks, 0.01 * counts.expected_clicks);
  EXPECT_NEAR(expected_clicks, static_cast<double>(counts.clicks), 4 * std::sqrt(expected_clicks)) << "chances are kept";
}

TEST(Simulation, ModelsOfThePilotFitAnotherStoreOfTheTown) {
  const auto models = train_on_pilot(town(), 60);
  ASSERT_FALSE(models->popular.empty());
  const auto store = make_memory_store();
  const auto world = make_simulated_world(town(), *store, {true, models});
  for (const ScoredSymbol& item : models->popular) EXPECT_TRUE(world->catalogue->find(item.item).has_value());
  EXPECT_LE(models->trained_until, town().options.start) << "what arrives later is not known on the first day";
}

} // namespace
} // namespace takt::demo
