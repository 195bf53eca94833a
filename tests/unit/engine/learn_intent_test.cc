/// Accidental clicks, from the journal to what a click weighs: in training at once, and in ingest once the models are served.
#include "core/random.h"
#include "engine/train/interactions.h"
#include "engine/train/learn_intent.h"

#include <cmath>
#include <gtest/gtest.h>

namespace takt {
namespace {

constexpr UtcTime now = utc_from_ms(1'709'640'000'000);

class LearnIntent : public testing::Test {
protected:
  void commit(std::uint64_t customer, std::vector<Operation> operations) {
    Commit next;
    next.customer = CustomerId{customer};
    for (std::size_t i = 0; i < 8; ++i) next.id.bytes[i] = static_cast<std::uint8_t>(customer >> (8 * i));
    next.delta = {now, std::move(operations)};
    ASSERT_EQ(store->records().commit({&next, 1}, Durability::wal, Deadline{}).front(), CommitOutcome::committed);
  }
  op::Journey click(std::string_view item, Device device, std::uint32_t dwell_ms) {
    op::Journey journey;
    journey.event.at = now - hours(1);
    journey.event.kind = JourneyKind::view;
    journey.event.item = store->symbols().intern(item);
    journey.event.device = device;
    journey.event.dwell_ms = dwell_ms;
    journey.event.weight = 1;
    return journey;
  }
  /// 20 clicks each; on phones every third is an accident of about `accident_ms`.
  void fill(std::size_t customers, Device device, double accidents, double accident_ms, bool is_bot = false) {
    for (std::size_t i = 0; i < customers; ++i) {
      std::vector<Operation> operations{op::Found{now - days(1), is_bot}};
      for (int n = 0; n < 20; ++n) {
        const bool accident = random.uniform() < accidents, is_long = random.uniform() < 0.5;
        const double middle = accident ? accident_ms : is_long ? 45'000 : 9'000, deviation = accident ? 0.3 : is_long ? 0.7 : 0.6;
        operations.push_back(click("item", device, static_cast<std::uint32_t>(middle * std::exp(deviation * random.normal()))));
      }
      commit(next_customer++, std::move(operations));
    }
  }
  LearntIntent learn() {
    auto learnt = learn_intent(*store, now, [](double) {});
    EXPECT_TRUE(learnt);
    return *learnt;
  }

  std::unique_ptr<Store> store = make_memory_store();
  Random random{5};
  std::uint64_t next_customer = 1;
};

TEST_F(LearnIntent, each_device_has_its_own_accidents) {
  fill(800, Device::phone, 0.35, 1800);
  fill(800, Device::desktop, 0.1, 900);
  const LearntIntent learnt = learn();
  EXPECT_EQ(learnt.clicks, 32'000U);
  const auto& phone = learnt.model.by_device[static_cast<std::size_t>(Device::phone)];
  const auto& desktop = learnt.model.by_device[static_cast<std::size_t>(Device::desktop)];
  ASSERT_TRUE(phone && desktop) << learnt.notes.front();
  EXPECT_NEAR(phone->accidental_median_ms(), 1800, 100);
  EXPECT_NEAR(desktop->accidental_median_ms(), 900, 100);
  EXPECT_LT(learnt.model.of(1800, Device::phone), 0.15);
  EXPECT_GT(learnt.model.of(3500, Device::desktop), learnt.model.of(3500, Device::phone));
  EXPECT_NEAR(learnt.model.of(std::nullopt, Device::phone), 0.65, 0.05);
  EXPECT_FALSE(learnt.model.by_device[static_cast<std::size_t>(Device::tablet)]);
}

TEST_F(LearnIntent, too_little_keeps_the_prior_and_says_so) {
  fill(20, Device::phone, 0.35, 1800);
  const LearntIntent learnt = learn();
  EXPECT_EQ(learnt.model, IntentModel{});
  EXPECT_EQ(learnt.model.of(1800, Device::phone), intent_of_dwell(1800));
  ASSERT_EQ(learnt.notes.size(), 2U);
  EXPECT_NE(learnt.notes[0].find("phone: fewer than"), std::string::npos) << learnt.notes[0];
}

TEST_F(LearnIntent, bots_do_not_teach) {
  fill(800, Device::phone, 0.35, 1800, true);
  EXPECT_EQ(learn().clicks, 0U);
}

TEST_F(LearnIntent, a_sample_of_the_customers_is_enough) {
  fill(800, Device::phone, 0.35, 1800);
  const auto learnt = learn_intent(*store, now, [](double) {}, 4'000);
  ASSERT_TRUE(learnt);
  EXPECT_EQ(learnt->clicks, 4'000U);
  EXPECT_TRUE(learnt->model.of_all);
}

TEST_F(LearnIntent, training_weighs_old_clicks_by_what_is_known_now) {
  fill(800, Device::phone, 0.35, 1800);
  commit(next_customer++, {op::Found{now, false}, click("pumps", Device::phone, 1700), click("boots", Device::phone, 40'000)});
  const IntentModel intent = learn().model;
  const auto seen = read_interactions(*store, intent, now, [](double) {});
  ASSERT_TRUE(seen);
  const auto evidence = [&](std::string_view item) {
    const auto place = std::find(seen->items.begin(), seen->items.end(), store->symbols().find(item));
    return place == seen->items.end() ? 0.0 : seen->slow[static_cast<std::size_t>(place - seen->items.begin())];
  };
  EXPECT_GT(evidence("boots"), 0.9); // both were stamped with 1 when they came
  EXPECT_LT(evidence("pumps"), 0.15);
}

} // namespace
} // namespace takt
