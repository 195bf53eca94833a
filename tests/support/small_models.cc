#include "tests/support/small_models.h"

#include "core/random.h"
#include "engine/fatigue_model.h"
#include "engine/repurchase_model.h"

#include <string>

namespace takt::test {

void fill_small_models(Models& models, SymbolTable& symbols) {
  models.version = 3;
  models.name = "journal-3";
  models.trained_from = utc_from_ms(1'700'000'000'000);
  models.trained_until = utc_from_ms(1'709'640'000'000);
  models.scorer = make_prior_scorer();
  Random random(1);
  for (int i = 0; i < 50; ++i) {
    const Symbol item = symbols.intern("item-" + std::to_string(i));
    models.popular.push_back({item, static_cast<float>(100 - i)});
    models.popularity.emplace(item, static_cast<float>(100 - i) / 100);
    models.viewed_together.put(item, {{symbols.intern("item-" + std::to_string((i + 1) % 50)), 0.5F}});
    models.vectors.row_of.emplace(item, static_cast<std::uint32_t>(i));
    models.vectors.items.push_back(item);
    for (int c = 0; c < 8; ++c) models.vectors.values.push_back(static_cast<float>(random.normal()));
  }
  models.vectors.dimension = 8;
  models.trending = {{symbols.intern("item-7"), 3.5F}};
  models.bought_together.put(symbols.intern("item-2"), {{symbols.intern("ghost"), 0.25F}});
  models.index = make_index(models.vectors.values, 8);
  models.rates.of_all = {0.02F, 0.001F};
  models.rates.by_item.emplace(symbols.intern("item-3"), {0.05F, 0.01F});
  models.rates.by_category.emplace(symbols.intern("Shoes"), {0.03F, 0.002F});
  SegmentPopularity elsewhere{{{'A', 'T'}, symbols.intern("app"), Device::phone}, {{symbols.intern("item-9"), 0.75F}, {symbols.intern("item-1"), 0.25F}}, {}};
  elsewhere.index();
  SegmentPopularity on_paper{{{}, symbols.intern("catalogue"), Device::unknown}, {{symbols.intern("item-4"), 1.0F}}, {}};
  on_paper.index();
  models.cold_start.segments = {on_paper, elsewhere};
  models.cold_start.impressions.emplace(symbols.intern("item-9"), 70'000U);
  auto fatigue = std::make_shared<FatigueModel>();
  fatigue->kinds = {{Per::item, {0.31, 0.25, 0.37, 0.03, {}}}, {Per::channel, {0.43, -0.4, 0.9, 0.3, {FatigueDoubt::too_wide}}}};
  fatigue->by_category.emplace(symbols.intern("Shoes"), FatigueEstimate{0.28, 0.2, 0.36, 0.04, {}});
  fatigue->half_life = days(5);
  fatigue->half_life_low = days(4);
  fatigue->half_life_high = days(6);
  fatigue->half_life_doubts = {FatigueDoubt::even_spacing, FatigueDoubt::flat_profile};
  fatigue->profile = {{days(1), 80}, {days(5), 0.1}, {days(30), 60}};
  fatigue->points = {{0, 1, 0.98, 1.02, 1, 5000, 900}, {1, 0.8, 0.75, 0.85, 0.79, 3000, 450}};
  fatigue->exposures_max = 7;
  fatigue->sights = 9000;
  fatigue->drawn = 8000;
  fatigue->customers = 700;
  fatigue->responses = 1350;
  models.fatigue = fatigue;
  auto repurchase = std::make_shared<RepurchaseModel>();
  repurchase->by_category.emplace(symbols.intern("Shoes"), RepurchaseCycle{days(90), days(88), 70, 120});
  repurchase->refused.emplace(symbols.intern("Hats"), 3);
  repurchase->customers_needed = 20;
  models.repurchase = repurchase;
  models.intent.by_device[1] = DwellMixture({{{0.2, 7.5, 0.35}, {0.3, 9, 0.6}, {0.5, 10.5, 0.7}}});
  models.metrics.push_back({"item_vectors", 3, 50, std::nullopt, 0.25, {"a note"}});
  models.metrics.push_back({"index-exact", 3, 50, 1.0, 0.5});
}

} // namespace takt::test
