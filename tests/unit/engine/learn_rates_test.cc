// Responses per impression: counted from ledgers, pulled towards what the item is.
#include "engine/train/learn_rates.h"

#include "tests/support/engine_builders.h"

#include <cmath>
#include <gtest/gtest.h>

namespace takt {
namespace {

using test::Bound;
using test::noon;
using test::Scene;

class LearnRates : public testing::Test {
protected:
  LearnRates() {
    for (const auto& [id, category, brand] : {std::tuple{"pumps", "Heels", "Anna"}, {"boots", "Boots", "Anna"}, {"new", "Heels", "Ben"}}) {
      Item& item = scene.add_item(id);
      item.category = {"Shoes", category};
      item.brand = brand;
    }
  }
  /// A customer who saw the item so often, clicked so many of them (and stayed so long), and perhaps bought it.
  void see(std::string_view item, int times, int clicks, bool buys = false, std::optional<std::uint32_t> dwell_ms = 600'000) {
    scene.record = blank;
    scene.record.version = 1;
    for (int i = 0; i < times; ++i) {
      Entry& entry = scene.add_shown(item, noon - days(1) - minutes(i));
      if (i >= clicks) continue;
      scene.add_click(entry, noon - days(1) + minutes(i));
      JourneyEvent& event = scene.record.journey.emplace_back();
      event.at = noon - days(1) + minutes(i);
      event.kind = JourneyKind::promotion_click;
      event.item = scene.symbol(item);
      event.dwell_ms = dwell_ms;
      event.weight = static_cast<float>(intent_of_unknown_dwell);
    }
    if (buys) scene.add_order("o", noon - hours(3), {{item, 1}});
    counter.add(scene.record);
  }
  Response item(std::string_view id) { return learnt().rates.by_item.at(scene.symbol(id)); }
  LearntRates learnt() {
    Bound bound(scene);
    return counter.learnt(*bound.world.catalogue);
  }

  Scene scene;
  CustomerRecord blank = scene.record;
  RateCounter counter{noon};
};

TEST_F(LearnRates, are_counted_from_what_was_shown) {
  for (int person = 0; person < 100; ++person) see("pumps", 10, 1, person < 20);
  for (int person = 0; person < 100; ++person) see("boots", 10, 0);
  const LearntRates all = learnt();
  EXPECT_EQ(all.impressions, 2000U);
  EXPECT_NEAR(all.clicks, 100, 0.01);
  EXPECT_EQ(all.orders, 200U); // each of the ten impressions of the day before
  EXPECT_NEAR(all.rates.of_all.click, 100.0 / 2050, 1e-5);
  EXPECT_NEAR(item("pumps").click, 0.1, 0.01);
  EXPECT_LT(item("boots").click, 0.01);
  EXPECT_GT(item("pumps").order, item("boots").order);
}

TEST_F(LearnRates, few_impressions_say_little) {
  for (int person = 0; person < 200; ++person) see("pumps", 10, 1);
  see("new", 1, 1);
  EXPECT_LT(item("new").click, 0.15); // one of one, but near its category's tenth
  EXPECT_GT(item("new").click, 0.08);
}

TEST_F(LearnRates, clicks_that_nobody_meant_raise_no_rate) {
  for (int person = 0; person < 100; ++person) {
    see("pumps", 10, 2, false, 300); // two taps, and back at once
    see("boots", 10, 0);
  }
  EXPECT_NEAR(learnt().clicks, 0, 0.1);
  EXPECT_NEAR(item("pumps").click, item("boots").click, 1e-4);
  for (int person = 0; person < 100; ++person) see("new", 10, 2, false, std::nullopt); // a dwell that nobody measured: the usual share is meant
  EXPECT_NEAR(learnt().clicks, 200 * intent_of_unknown_dwell, 0.1);
}

TEST_F(LearnRates, of_several_clicks_on_one_showing_the_surest_counts_and_the_shop_s_own_dwell_times_judge) {
  see("pumps", 1, 1, false, 300);
  Entry& entry = scene.record.ledger.entries.back();
  scene.add_click(entry, noon - days(1) + hours(1)); // its journey entry is long gone
  counter = RateCounter(noon);
  counter.add(scene.record);
  EXPECT_NEAR(learnt().clicks, intent_of_unknown_dwell, 1e-6);
  IntentModel slow_readers;
  slow_readers.of_all = DwellMixture({DwellComponent{0.3, std::log(1'800.0), 0.5}, {0.4, std::log(30'000.0), 0.6}, {0.3, std::log(120'000.0), 0.6}});
  counter = RateCounter(noon, slow_readers);
  see("boots", 1, 1, false, 6'000);
  EXPECT_NEAR(learnt().clicks, slow_readers.of(6'000, Device::unknown), 1e-6);
  EXPECT_LT(learnt().clicks, intent_of_dwell(6'000)); // the prior would have believed it
}

TEST_F(LearnRates, bots_and_sealed_records_do_not_count) {
  scene.record = blank;
  scene.record.version = 1;
  scene.add_shown("pumps", noon - days(1));
  CustomerRecord bot = scene.record, sealed = scene.record, later = scene.record;
  bot.is_bot = true;
  sealed.sealed_into = CustomerId{9};
  counter.add(bot);
  counter.add(sealed);
  EXPECT_EQ(learnt().impressions, 0U);
  RateCounter yesterday(noon - days(2)); // a view of the future is none
  yesterday.add(later);
  counter = yesterday;
  EXPECT_EQ(learnt().impressions, 0U);
}

TEST_F(LearnRates, what_is_unknown_of_an_item_its_kind_answers) {
  ResponseRates rates;
  rates.of_all = {0.02F, 0.002F};
  rates.by_category.emplace(scene.symbol("Shoes"), {0.03F, 0.003F});
  rates.by_brand.emplace(scene.symbol("Ben"), {0.01F, 0.001F});
  LabelSet labels;
  labels.item = scene.symbol("new");
  EXPECT_EQ(rates.of(labels), rates.of_all);
  labels.brand = scene.symbol("Ben");
  EXPECT_EQ(rates.of(labels).click, 0.01F);
  labels.category.push_back(scene.symbol("Shoes"));
  labels.category.push_back(scene.symbol("Shoes/Heels"));
  EXPECT_EQ(rates.of(labels).click, 0.03F); // the deepest one that is known
  rates.by_item.emplace(labels.item, {0.5F, 0.1F});
  EXPECT_EQ(rates.of(labels).click, 0.5F);
  EXPECT_EQ(rates.of_kind(labels).click, 0.03F);
}

} // namespace
} // namespace takt
