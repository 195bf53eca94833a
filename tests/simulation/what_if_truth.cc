#include "tests/simulation/what_if_truth.h"

#include "core/check.h"
#include "core/hash.h"
#include "core/random.h"

#include <algorithm>

namespace takt::simulation {
namespace {

class StillClock final : public Clock {
public:
  UtcTime utc_now() const override { return {}; }
  SteadyTime steady_now() const override { return {}; }
};

CapRule cap(std::string id, Per per, Duration window, std::uint32_t limit) {
  CapRule made;
  made.id = std::move(id);
  made.per = {per};
  made.window = {WindowKind::rolling, window};
  made.limit = limit;
  return made;
}

/// One month of the town in a store of its own.
struct LivedMonth {
  std::unique_ptr<Store> store = make_memory_store();
  std::shared_ptr<const World> world;
};

LivedMonth live(const demo::Town& town, const TruthOptions& options, const demo::WorldOptions& world) {
  LivedMonth month;
  month.world = demo::make_simulated_world(town, *month.store, world);
  demo::PopulationOptions population;
  population.customers = options.customers;
  population.threads = options.threads;
  const auto counts = demo::live_population(town, population, demo::store_block(town, *month.store, month.world));
  TAKT_CHECK(counts.failures == 0, "a memory store without faults answers");
  return month;
}

what_if::Report ask(const LivedMonth& month, std::shared_ptr<const Policy> draft, std::size_t threads) {
  const StillClock clock;
  what_if::Options options;
  options.threads = threads;
  options.checked_share = 0;
  auto report = what_if::run(*month.store, [&](const Versions&) -> Result<WorldPtr> { return WorldPtr(month.world); }, month.world->policy(), std::move(draft), options, clock);
  TAKT_CHECK(report.has_value(), "a memory store can be read");
  return std::move(*report);
}

} // namespace

TruthDraft draft_of(std::uint64_t seed) {
  Random random(mix64(seed, 0xd4af7));
  const auto few = [&](std::uint64_t least, std::uint64_t spread) { return static_cast<std::uint32_t>(least + random.below(spread)); };
  const std::uint32_t number = few(0, 1000);
  switch (seed % 9) {
  case 0: return {"item cap " + std::to_string(1 + number % 4) + " a week", [number](Policy& policy, SymbolTable&) { policy.caps.front().limit = 1 + number % 4; }};
  case 1: return {"at most " + std::to_string(6 + number % 20) + " a week", [number](Policy& policy, SymbolTable&) { policy.caps.push_back(cap("all", Per::all, days(7), 6 + number % 20)); }};
  case 2: return {"category cap " + std::to_string(2 + number % 6) + " in 3 days", [number](Policy& policy, SymbolTable&) { policy.caps.push_back(cap("category", Per::category, days(3), 2 + number % 6)); }};
  case 3: return {"wear-out beta ." + std::to_string(1 + number % 8), [number](Policy& policy, SymbolTable&) { policy.fatigue.beta = 0.1 * (1 + number % 8); }};
  case 4: return {"temperature x" + std::to_string(50 + number % 100) + " %", [number](Policy& policy, SymbolTable&) { policy.exploration.temperature *= (50 + number % 100) / 100.0; }};
  case 5: return {"brand cap " + std::to_string(8 + number % 30) + " a week", [number](Policy& policy, SymbolTable&) { policy.caps.push_back(cap("brand", Per::brand, days(7), 8 + number % 30)); }};
  case 6: return {"rest after a purchase " + std::to_string(5 + number % 60) + " days", [number](Policy& policy, SymbolTable&) { policy.post_purchase.front().pause = days(5 + number % 60); }};
  case 7: return {"gap " + std::to_string(1 + number % 12) + " h", [number](Policy& policy, SymbolTable&) { policy.caps.front().min_gap = hours(1 + number % 12); }};
  default: return {"group cap " + std::to_string(2 + number % 4) + " in 14 days", [number](Policy& policy, SymbolTable&) { policy.caps.push_back(cap("group", Per::group, days(14), 2 + number % 4)); }};
  }
}

void at_most_ten_a_week(Policy& policy, SymbolTable&) { policy.caps.push_back(cap("all", Per::all, days(7), 10)); }

std::vector<TruthDraft> looser_drafts() {
  std::vector<TruthDraft> drafts{{"no such cap", [](Policy& policy, SymbolTable&) { policy.caps.pop_back(); }}};
  for (const std::uint32_t limit : {12U, 15U, 20U, 30U})
    drafts.push_back({"at most " + std::to_string(limit) + " a week, not 10", [limit](Policy& policy, SymbolTable&) { policy.caps.back().limit = limit; }});
  return drafts;
}

std::vector<Foretold> foretell(const TruthOptions& options, const std::vector<TruthDraft>& drafts, const std::function<void(const Foretold&)>& told) {
  demo::TownOptions made;
  made.items = options.items;
  made.days = options.days;
  made.seed = options.seed;
  made.start = utc_from_ms(1'772'409'600'000); // 2026-03-02
  const demo::Town town = demo::make_town(made);
  demo::WorldOptions world;
  world.models = demo::train_on_pilot(town, options.pilot_customers);
  world.change_policy = options.change_policy;
  const LivedMonth logged = live(town, options, world);
  std::vector<Foretold> all;
  for (const TruthDraft& draft : drafts) {
    auto policy = std::make_shared<Policy>(logged.world->policy());
    draft.change(*policy, logged.store->symbols());
    const what_if::Report report = ask(logged, policy, options.threads);
    demo::WorldOptions under_draft = world;
    under_draft.change_policy = [&](Policy& changed, SymbolTable& symbols) {
      if (options.change_policy) options.change_policy(changed, symbols);
      draft.change(changed, symbols);
    };
    const LivedMonth lived = live(town, options, under_draft);
    const what_if::Report truth = ask(lived, std::make_shared<const Policy>(lived.world->policy()), options.threads);
    const auto per_customer = [&](std::uint64_t exposures) { return static_cast<double>(exposures) / static_cast<double>(options.customers); };
    Foretold one{draft.name, per_customer(report.figures.log.exposures), per_customer(report.figures.draft.exposures), per_customer(truth.figures.log.exposures), report.weighted,
                 truth.figures.weighted.logged_value.sum};
    if (told) told(one);
    all.push_back(std::move(one));
  }
  return all;
}

} // namespace takt::simulation
