// From the log and the ledgers to wear-out: a shop that draws what it shows, and people of whom we know how they tire.
#include "core/random.h"
#include "engine/fatigue_plot.h"
#include "engine/stage/fatigue_curve.h"
#include "engine/train/learn_fatigue.h"
#include "tests/scenario/scenario_world.h"

#include <gtest/gtest.h>
#include <map>

namespace takt::test {
namespace {

using scenario::ScenarioWorld;

class WearOutInAShop : public testing::Test {
protected:
  WearOutInAShop() {
    for (const char* name : {"bag", "belt", "boots", "coat", "gloves", "hat"}) {
      Item item;
      item.id = *ItemId::parse(name);
      item.category = {std::string(name)[0] == 'b' ? "Leather" : "Wool"};
      item.price = Money{20'000'000, "EUR"};
      shop_.items.push_back(std::move(item));
    }
    Placement hero;
    hero.id = *PlacementId::parse("home.hero");
    hero.channel = "web";
    hero.slots = 2;
    shop_.placements.push_back(std::move(hero));
    shop_.policy.fatigue.per = {Per::item};
    shop_.policy.exploration.temperature = 1;
    shop_.clock.now = utc_from_ms(1'709'640'000'000);
    shop_.rebuild();
  }

  Decision ask(const std::string& who, std::uint64_t seed) {
    DecisionRequest request;
    request.user_id = who;
    request.placements.push_back({*PlacementId::parse("home.hero"), std::nullopt, {}, std::nullopt});
    request.now = shop_.clock.now;
    request.seed = seed;
    auto decision = decide(*shop_.store, *shop_.world, request, shop_.clock, {Durability::wal, true});
    EXPECT_TRUE(decision) << (decision ? "" : decision.error().message);
    return decision ? *decision : Decision{};
  }

  void tell(const std::string& who, EventName name, const Decision& decision, const std::string& item) {
    Event event = shop_.event_of(who, shop_.clock.now);
    event.name = name;
    event.decision_id = to_text(decision.id);
    if (name == EventName::promotion_clicked) event.dwell_ms = 40'000;
    EventItem told;
    told.id = item;
    event.items = {told};
    shop_.send(event);
  }

  FatigueModel learn(std::size_t exposures_max = 100'000) {
    auto learnt = learn_fatigue(*shop_.store, shop_.policy.fatigue, IntentModel{}, {shop_.clock.now, exposures_max}, [](double) {});
    EXPECT_TRUE(learnt);
    return learnt ? **learnt : FatigueModel{};
  }

  /// Everybody comes at odd hours, sees both slots, and clicks on what they are not tired of.
  void live(std::size_t people, int visits, double beta, Duration half_life) {
    std::map<std::pair<std::size_t, std::string>, std::pair<double, UtcTime>> worn;
    Random draws(5);
    for (int visit = 0; visit < visits; ++visit) {
      shop_.clock.now += hours(6) + Duration(static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(hours(60).count()))));
      for (std::size_t person = 0; person < people; ++person) {
        shop_.clock.now += seconds(1);
        if (draws.uniform() < 0.3) continue;
        const std::string who = "u" + std::to_string(person);
        const Decision decision = ask(who, draws.next());
        if (decision.placements.empty()) return;
        for (const Choice& choice : decision.placements.front().choices) {
          shop_.clock.now += seconds(1);
          tell(who, EventName::promotion_viewed, decision, choice.item.text());
          auto& [fatigue, at] = worn[{person, choice.item.text()}];
          if (fatigue > 0) fatigue *= exposure_weight(at, shop_.clock.now, half_life);
          const bool clicks = draws.uniform() < 0.7 * fatigue_discount(fatigue, beta);
          fatigue += 1;
          at = shop_.clock.now;
          if (!clicks) continue;
          shop_.clock.now += seconds(1);
          tell(who, EventName::promotion_clicked, decision, choice.item.text());
          fatigue *= fatigue_left_by_click;
        }
      }
    }
    shop_.clock.now += hours(1);
  }

  ScenarioWorld shop_;
};

TEST_F(WearOutInAShop, IsFoundFromWhatWasDrawnAndWhatCameOfIt) {
  live(200, 25, 0.9, days(7));
  const FatigueModel model = learn();
  ASSERT_EQ(model.kinds.size(), 1U);
  const FatigueEstimate& beta = model.kinds[0].beta;
  for (const std::string& note : told(model)) RecordProperty(note.substr(0, 4), note);
  ASSERT_TRUE(beta.learnt()) << to_text(beta.doubts[0]);
  EXPECT_LE(beta.low, 0.95);
  EXPECT_GE(beta.high, 0.85);
  EXPECT_GT(beta.low, 0.3);
  EXPECT_EQ(model.by_category.size(), 2U);
  EXPECT_FALSE(model.observational);
  EXPECT_EQ(learn(), model); // the same log, the same bits
  const std::uint64_t all = model.sights;
  const FatigueModel sampled = learn(1000);
  EXPECT_LT(sampled.sights, all);
  EXPECT_LE(sampled.sights, 1000U);
}

TEST_F(WearOutInAShop, CountsWhatWasSeenLongEnoughAgoAndNobodysGuess) {
  const Decision seen = ask("anna", 1), unseen = ask("ben", 2);
  shop_.clock.now += seconds(5);
  tell("anna", EventName::promotion_viewed, seen, seen.placements.at(0).choices.at(0).item.text());
  EXPECT_EQ(learn().sights, 0U); // too young
  shop_.clock.now += hours(2);
  const FatigueModel model = learn();
  EXPECT_EQ(model.sights, 1U);
  EXPECT_FALSE(model.kinds[0].beta.learnt());
  EXPECT_EQ(model.kinds[0].beta.value, 0.43);
  EXPECT_EQ(model.half_life, days(7));
}

TEST_F(WearOutInAShop, AtTemperatureZeroNothingWasDrawn) {
  shop_.policy.exploration.temperature = 0;
  shop_.rebuild();
  live(5, 8, 0.9, days(7));
  const FatigueModel model = learn();
  EXPECT_GT(model.sights, 20U);
  EXPECT_TRUE(model.observational);
  EXPECT_EQ(model.kinds[0].beta.doubts, std::vector<FatigueDoubt>{FatigueDoubt::nothing_drawn});
  EXPECT_NE(fatigue_svg(model).find("Observational"), std::string::npos);
}

TEST_F(WearOutInAShop, ADecisionUnderItIsReplayedUnderIt) {
  live(2, 14, 0.9, days(7)); // by now they know all six
  shop_.policy.fatigue.enabled = true;                 // a scenario has it off
  shop_.policy.fatigue.learn = true;
  shop_.rebuild();
  const auto with = [&](std::uint64_t version, double beta) {
    auto models = std::make_shared<Models>(*shop_.world->models);
    models->version = version;
    auto learnt = std::make_shared<FatigueModel>();
    learnt->kinds = {{Per::item, {beta, beta - 0.1, beta + 0.1, 0.05, {}}}};
    models->fatigue = learnt;
    auto world = std::make_shared<World>(*shop_.world);
    world->models = models;
    return world;
  };
  const auto first = with(1, 0.2), second = with(2, 1.5), forged = with(1, 1.5);
  std::vector<double> factors;
  for (const auto& world : {first, second}) {
    shop_.world = world;
    shop_.clock.now += seconds(1);
    const Decision decision = ask("u1", 77);
    EXPECT_EQ(decision.versions.artefacts, world->models->version);
    factors.push_back(decision.placements.at(0).choices.at(0).terms.fatigue_factor);
    EXPECT_LT(factors.back(), 1);
  }
  EXPECT_NE(factors[0], factors[1]);
  const auto replay = [&](const std::vector<std::shared_ptr<World>>& worlds) {
    const auto world_of = [&](const Versions& versions) -> Result<WorldPtr> {
      for (const auto& world : worlds)
        if (world->versions() == versions) return WorldPtr(world);
      return fail(ErrorCode::not_found, "artefact " + std::to_string(versions.artefacts));
    };
    return *replay_log(*shop_.store, world_of, {}, shop_.clock);
  };
  const ReplayCounts same = replay({first, second});
  EXPECT_EQ(same.reproduced, 2U);
  EXPECT_EQ(same.different, 0U);
  EXPECT_EQ(replay({forged, second}).different, 1U); // it is the artefact that makes the difference
}

} // namespace
} // namespace takt::test
