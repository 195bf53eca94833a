#include "api/demo/simulation.h"

#include "api/demo/json_object.h"
#include "core/check.h"
#include "engine/train/train_models.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

namespace takt::demo {
namespace {

/// Blocks end in any order; lives are handed over in the order of their numbers.
class InOrder {
public:
  InOrder(const PopulationOptions& options, PopulationCounts& counts) : options_(options), counts_(counts) {}

  void finish(std::uint64_t block, std::vector<std::unique_ptr<Life>> lives, std::uint64_t failures) {
    const std::lock_guard lock(mutex_);
    counts_.failures += failures;
    waiting_.emplace(block, std::move(lives));
    for (auto next = waiting_.find(next_); next != waiting_.end(); next = waiting_.find(next_)) {
      for (const auto& life : next->second) {
        counts_.lives += life->counts();
        if (options_.on_life) options_.on_life(*life);
      }
      done_ += next->second.size();
      if (options_.progress) options_.progress(done_);
      waiting_.erase(next);
      ++next_;
    }
  }

private:
  const PopulationOptions& options_;
  PopulationCounts& counts_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::vector<std::unique_ptr<Life>>> waiting_;
  std::uint64_t next_ = 0, done_ = 0;
};

std::string decimals(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string numbers_json(std::span<const double> values) {
  std::string out = "[";
  for (const double value : values) out += (out.size() > 1 ? "," : "") + decimals(value);
  return out + "]";
}

} // namespace

BlockOpener retargeting_blocks(const Town& town) {
  return [&town] { return MarketerMaker([&town] { return std::make_unique<RetargetingMarketer>(town); }); };
}

BlockOpener memory_blocks(const Town& town, const WorldOptions& options) {
  return [&town, options] {
    const std::shared_ptr<Store> store = make_memory_store();
    const std::shared_ptr<const World> world = make_simulated_world(town, *store, options);
    return MarketerMaker([&town, store, world] { return std::make_unique<TaktMarketer>(town, *store, *world); });
  };
}

BlockOpener store_block(const Town& town, Store& store, std::shared_ptr<const World> world) {
  return [&town, &store, world = std::move(world)] { return MarketerMaker([&town, &store, world] { return std::make_unique<TaktMarketer>(town, store, *world); }); };
}

PopulationCounts live_population(const Town& town, const PopulationOptions& options, const BlockOpener& open_block) {
  TAKT_CHECK(options.threads > 0 && options.block_customers > 0, "somebody has to do the work");
  PopulationCounts counts;
  InOrder in_order(options, counts);
  const std::uint64_t blocks = (options.customers + options.block_customers - 1) / options.block_customers;
  std::atomic<std::uint64_t> next_block = 0;
  const auto work = [&] {
    for (std::uint64_t block = next_block++; block < blocks; block = next_block++) {
      const MarketerMaker make_marketer = open_block();
      std::vector<std::unique_ptr<Life>> lives;
      std::uint64_t failures = 0;
      const std::uint64_t from = block * options.block_customers, to = std::min(options.customers, from + options.block_customers);
      for (std::uint64_t i = from; i < to; ++i) {
        const auto marketer = make_marketer();
        auto life = std::make_unique<Life>(town, draw_customer(town, options.first_customer + i), *marketer);
        for (std::uint32_t day = 0; day < town.options.days; ++day) life->live_day(day);
        if (options.has_end) life->finish();
        failures += marketer->failures();
        lives.push_back(std::move(life)); // its marketer is gone: only what happened is asked of it from now on
      }
      in_order.finish(block, std::move(lives), failures);
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t thread = 1; thread < options.threads; ++thread) threads.emplace_back(work);
  work();
  threads.clear(); // joins
  return counts;
}

Town month_before(const Town& town) {
  Town before = town;
  before.options.start -= days(town.options.days);
  return before;
}

std::shared_ptr<const Models> train_on_pilot(const Town& town, std::uint64_t customers) {
  const Town before = month_before(town);
  const auto store = make_memory_store();
  const auto world = make_simulated_world(before, *store, {});
  PopulationOptions options;
  options.first_customer = pilot_numbers;
  options.customers = customers;
  options.has_end = false; // what arrives after the first day is not known on the first day
  const PopulationCounts counts = live_population(before, options, store_block(before, *store, world));
  TAKT_CHECK(counts.failures == 0, "a memory store without faults answers");
  auto models = train_models(*store, *world->catalogue, town.options.start, [](std::string_view, double) {}, {.rulebook = world->rulebook});
  TAKT_CHECK(models.has_value(), "a memory store can be read");
  return *models;
}

std::string truth_json(const Town& town, const Life& life) {
  const CustomerTruth& truth = life.truth();
  JsonObject json;
  json.text("type", "customer").number("number", static_cast<std::int64_t>(truth.number)).text("user_id", truth.user_id);
  std::vector<std::string> devices, device_types, leaves, opt_outs;
  for (const Device& device : truth.devices) {
    devices.push_back(device.anonymous_id);
    device_types.emplace_back(to_text(device.is_phone ? takt::Device::phone : takt::Device::desktop));
  }
  for (const std::size_t leaf : truth.favourite_leaves) {
    const auto& shelf = town.catalogue.leaves[leaf];
    leaves.push_back(town.catalogue.items[town.catalogue.products[shelf.products.front()].variants.front()].category.back());
  }
  for (const auto& opt_out : life.secrets().opt_outs) opt_outs.push_back(opt_out.channel);
  json.texts("devices", devices).texts("device_types", device_types).text("class", truth.kind.name).raw("beta", decimals(truth.kind.beta * town.options.response.beta_scale));
  json.raw("half_life_hours", decimals(static_cast<double>(truth.kind.half_life.count()) / 3.6e6)).raw("taste", numbers_json(truth.taste));
  json.texts("favourite_categories", leaves).raw("price_level", decimals(truth.price_level)).texts("accidents", life.secrets().accidents);
  json.raw("annoyance", decimals(life.secrets().annoyance)).texts("opt_outs", opt_outs);
  const LifeCounts& counts = life.counts();
  json.number("impressions", static_cast<std::int64_t>(counts.impressions)).number("clicks", static_cast<std::int64_t>(counts.clicks));
  json.raw("expected_clicks", decimals(counts.expected_clicks));
  json.number("purchases", static_cast<std::int64_t>(counts.purchases)).raw("value", decimals(counts.value));
  return json.done();
}

std::string truth_json(const Town& town, std::size_t item) {
  JsonObject json;
  json.text("type", "item").text("id", town.items[item].id.text());
  if (!town.is_product(item)) return json.done();
  const std::size_t product = town.product_of[item];
  json.raw("taste", numbers_json(town.tastes[product])).raw("popularity", decimals(town.popularity[product]));
  json.raw("price_level", decimals(town.catalogue.products[product].price_level));
  return json.done();
}

} // namespace takt::demo
