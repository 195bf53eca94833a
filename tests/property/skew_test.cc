// Train/serve skew: the rows that decisions logged are the rows that the same code makes again from the journals. A demo shop is lived
// through: events in time order, decisions in between, models trained anew on the way; then every decision is replayed.
#include "api/demo/shop.h"
#include "api/json/codecs.h"
#include "core/random.h"
#include "engine/train/learn_scorer.h"
#include "engine/train/train_models.h"
#include "features/family/family.h"
#include "tests/scenario/scenario_world.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <set>

namespace takt::test {
namespace {

using scenario::ScenarioWorld;

class SmallDemo {
public:
  SmallDemo() {
    write_demo_shop({.items = 300, .customers = 120, .days = 20, .seed = 11, .end = parse_utc("2026-03-05T12:00:00Z").value()}, [&](std::string_view line) { read(line); });
    shop.policy.fatigue.enabled = true;
    shop.policy.exploration.temperature = 0.3;
    rebuild();
  }

  /// Every event of the shop; after each seventh the person decides too, sees what is shown, and sometimes clicks.
  void live() {
    Random random(5);
    for (std::size_t i = 0; i < events.size(); ++i) {
      Event& event = events[i];
      shop.clock.now = std::max(shop.clock.now, event.received_at);
      shop.send(event);
      ASSERT_FALSE(shop.last_error) << shop.last_error->message;
      if (i % 7 == 0) decide_and_react(event, random);
      if (i == events.size() / 2) train();
    }
  }

  /// The models of now; every world that served stays, as replay wants it.
  void train() {
    auto trained = train_models(*shop.store, *shop.world->catalogue, shop.clock.now, [](std::string_view, double) {}, {.version = ++models_version});
    ASSERT_TRUE(trained);
    models = *trained;
    rebuild();
  }

  ReplayCounts replay() {
    const auto world_of = [&](const Versions& versions) -> Result<WorldPtr> {
      for (const WorldPtr& world : worlds)
        if (world->versions() == versions) return world;
      return fail(ErrorCode::not_found, "a world");
    };
    auto counts = replay_log(*shop.store, world_of, {}, shop.clock);
    EXPECT_TRUE(counts);
    return counts ? *counts : ReplayCounts{};
  }

  ScenarioWorld shop;
  std::vector<Event> events;
  std::vector<WorldPtr> worlds;
  std::shared_ptr<const Models> models = untrained_models();
  std::uint64_t models_version = 0;
  std::size_t decisions = 0;

private:
  void read(std::string_view line) {
    EventContext context;
    context.source = "demo";
    context.received_at_from_line = true;
    auto parsed = parse_import_line(line, context, {});
    ASSERT_TRUE(parsed) << parsed.error().message;
    if (parsed->kind == ImportLine::Kind::event) events.push_back(std::move(*parsed->event));
    if (parsed->kind == ImportLine::Kind::item) {
      auto item = parse_item(parsed->json, {});
      ASSERT_TRUE(item);
      item->added_at = parse_utc("2026-02-01T00:00:00Z").value() + hours(static_cast<std::int64_t>(shop.items.size()));
      shop.items.push_back(std::move(*item));
    }
    if (parsed->kind == ImportLine::Kind::placement) {
      auto placement = parse_placement(parsed->json);
      ASSERT_TRUE(placement);
      shop.placements.push_back(std::move(*placement));
    }
  }

  void rebuild() {
    shop.rebuild();
    shop.world->models = models;
    worlds.push_back(shop.world);
  }

  void decide_and_react(const Event& event, Random& random) {
    const Placement& placement = shop.placements[random.below(shop.placements.size())];
    DecisionRequest request;
    request.user_id = event.user_id;
    request.anonymous_id = event.anonymous_id;
    request.placements.push_back({placement.id, std::nullopt, {}, std::nullopt});
    if (!event.items.empty() && random.below(2) == 0) request.placements[0].anchor_items = {*ItemId::parse(event.items.front().id)};
    request.context.channel = placement.channel;
    if (random.below(10) == 0) request.context.consent = {{Purpose::profile, false}};
    request.now = shop.clock.now;
    request.seed = random.next();
    const auto decision = decide(*shop.store, *shop.world, request, shop.clock, {Durability::wal, true});
    ASSERT_TRUE(decision) << decision.error().message;
    ++decisions;
    for (const Choice& choice : decision->placements.front().choices) {
      if (random.below(4) == 0) break; // did not scroll that far
      Event seen = shop.event_of(event.user_id, shop.clock.now);
      seen.user_id = event.user_id;
      seen.anonymous_id = event.anonymous_id;
      seen.name = EventName::promotion_viewed;
      seen.decision_id = to_text(decision->id);
      seen.items.emplace_back().id = choice.item.text();
      shop.send(seen);
      if (random.below(10) != 0) continue;
      seen.name = EventName::promotion_clicked;
      seen.message_id += "-click";
      seen.dwell_ms = static_cast<std::uint32_t>(500 + random.below(30'000));
      shop.send(seen);
    }
  }
};

TEST(TrainServeSkew, OfALivedDemoShopIsEmpty) {
  SmallDemo demo;
  demo.live();
  ASSERT_GT(demo.decisions, 300U);
  const ReplayCounts counts = demo.replay();
  EXPECT_EQ(counts.decisions, demo.decisions);
  EXPECT_EQ(counts.reproduced, demo.decisions);
  for (const ReplayCounts::Difference& difference : counts.first_different) ADD_FAILURE() << difference.what;
  EXPECT_GT(counts.rows, 2 * demo.decisions);

  // The shop is varied enough to have used the columns: one that never moves is not tested here.
  const FeatureSchema& schema = feature_schema();
  std::set<std::string> moved;
  const auto outcomes = read_outcomes(*demo.shop.store, {UtcTime::min(), demo.shop.clock.now + days(1), 400'000}, {});
  ASSERT_TRUE(outcomes);
  ASSERT_GT(outcomes->data.size(), 300U);
  for (std::size_t i = 0; i < outcomes->data.size(); ++i)
    for (std::size_t c = 0; c < schema.columns.size(); ++c)
      if (outcomes->data.row(i)[c] != outcomes->data.row(0)[c]) moved.insert(std::string(schema.columns[c].name));
  for (const char* name : {"taste_match", "category_affinity", "category_views_7d", "category_orders_90d", "views_1d", "orders_30d", "order_recency", "spent_90d", "price_gap",
                           "session_events", "session_dwell", "hour_sin", "freshness", "popularity", "exposures", "item_seen_recency", "category_exposures", "channel_contacts_1d"})
    EXPECT_TRUE(moved.contains(name)) << name << " never moved";
}

} // namespace
} // namespace takt::test
