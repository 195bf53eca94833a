#include "tests/simulation/floors.h"

#include "core/check.h"
#include "core/hash.h"
#include "engine/train/train_models.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace takt::simulation {
namespace {

using demo::CustomerTruth;
using demo::Town;

/// Numbers of people whom neither the month nor its pilot knows.
constexpr std::uint64_t stranger_numbers = 2'000'000'000;
constexpr std::uint32_t launch_day = 10, training_every_days = 7;
constexpr std::uint64_t seen_enough = 50;

class StillClock final : public Clock {
public:
  UtcTime utc_now() const override { return now; }
  SteadyTime steady_now() const override { return SteadyTime{std::chrono::duration_cast<std::chrono::steady_clock::duration>(now.time_since_epoch())}; }
  UtcTime now{};
};

/// A visitor with a fresh browser, whose truth we know and the engine does not.
class Visitor {
public:
  /// The same person with another browser is another stranger.
  Visitor(const Town& town, Store& store, const World& world, std::uint64_t number, std::string_view browser)
      : town_(town), store_(store), world_(world), truth_(demo::draw_customer(town, stranger_numbers + number)),
        name_("stranger-" + std::to_string(number) + "-" + std::string(browser)) {
    clock_.now = town.options.start + hours(12);
  }
  const CustomerTruth& truth() const { return truth_; }

  /// Adds what is shown to `fit`, but for one product; false where the engine fails.
  bool ask(std::string_view placement, std::optional<std::size_t> anchor, std::optional<std::size_t> without, Fit& fit, std::set<std::size_t>* seen = nullptr,
           std::optional<std::uint32_t> limit = std::nullopt) {
    DecisionRequest request;
    request.anonymous_id = name_;
    PlacementRequest asked;
    asked.placement = *PlacementId::parse(placement);
    if (anchor) asked.anchor_items.push_back(town_.items[*anchor].id);
    asked.limit = limit;
    request.placements.push_back(std::move(asked));
    request.context.channel = town_.placement(placement).channel;
    request.context.device = "desktop";
    request.now = clock_.now;
    request.seed = mix64(mix64(town_.options.seed, truth_.number), hash64(placement)) | 1;
    const auto decision = decide(store_, world_, request, clock_, {Durability::wal, true});
    if (!decision) return false;
    const auto& choices = decision->placements.front().choices;
    if (choices.empty()) ++fit.empty;
    for (const Choice& choice : choices) {
      const std::size_t item = town_.row_of.at(choice.item.text());
      if (!town_.is_product(item) || town_.product_of[item] == without) continue;
      fit.add(town_, truth_, town_.product_of[item]);
      if (seen) seen->insert(town_.product_of[item]);
    }
    return true;
  }

  /// Looks for forty seconds, a few seconds ago.
  bool look_at(std::size_t item) {
    Event event;
    event.name = EventName::product_viewed;
    event.name_text = "Product Viewed";
    event.message_id = name_ + "-look";
    event.anonymous_id = name_;
    event.channel = "web";
    event.occurred_at = event.received_at = clock_.now;
    event.items.push_back({town_.items[item].id.text(), 1, std::nullopt, {}, {}, {}, std::nullopt});
    event.dwell_ms = 40'000;
    const bool taken = ingest(store_, world_, event, {}).has_value();
    clock_.now += seconds(45);
    return taken;
  }

private:
  const Town& town_;
  Store& store_;
  const World& world_;
  CustomerTruth truth_;
  std::string name_;
  StillClock clock_;
};

void add_random(const Town& town, const CustomerTruth& truth, Fit& fit) {
  for (std::size_t product = 0; product < town.catalogue.products.size(); ++product) fit.add(town, truth, product);
}

/// Products by what the training counted.
std::vector<std::size_t> best_sellers(const Town& town, const World& world) {
  std::vector<std::size_t> products;
  for (const ScoredSymbol& one : world.models->popular) {
    const auto row = town.row_of.find(std::string(world.symbols->name(one.item)));
    if (row == town.row_of.end() || !town.is_product(row->second)) continue;
    const std::size_t product = town.product_of[row->second];
    if (std::find(products.begin(), products.end(), product) == products.end()) products.push_back(product);
  }
  return products;
}

/// One product in the middle of every other shelf: nobody looks for it, and it cannot be bought before its day.
std::set<std::size_t> put_launches(Town& town) {
  std::set<std::size_t> launched;
  const UtcTime day = town.options.start + days(launch_day);
  for (std::size_t leaf = 0; leaf < town.catalogue.leaves.size(); leaf += 2) {
    demo::Leaf& shelf = town.catalogue.leaves[leaf];
    if (shelf.products.size() < 3) continue;
    const std::size_t place = shelf.products.size() / 2, product = shelf.products[place];
    const double share = shelf.popularity_up_to[place] - shelf.popularity_up_to[place - 1];
    for (std::size_t i = place; i < shelf.products.size(); ++i) shelf.popularity_up_to[i] -= share;
    shelf.popularity_up_to[place] = shelf.popularity_up_to[place - 1]; // exactly: no draw ends there
    town.popularity[product] = 0;
    for (const std::size_t item : town.catalogue.products[product].variants) {
      town.items[item].added_at = day;
      town.items[item].starts_at = day;
    }
    launched.insert(product);
  }
  return launched;
}

} // namespace

void Fit::add(const Town& town, const CustomerTruth& truth, std::size_t product) {
  demo::Appeal appeal;
  appeal.taste = demo::cosine(truth.taste, town.tastes[product]);
  appeal.popularity = town.popularity[product];
  appeal.price_distance = std::abs(town.catalogue.products[product].price_level - truth.price_level);
  taste += appeal.taste;
  const double chance = demo::click_chance(town.options.response, appeal);
  click += chance;
  worth += chance * town.margin_of(town.catalogue.products[product].variants.front());
  ++showings;
}

void Fit::finish() {
  if (showings == 0) return;
  taste /= static_cast<double>(showings);
  click /= static_cast<double>(showings);
  worth /= static_cast<double>(showings);
}

demo::TownOptions floors_town(std::uint64_t seed, std::uint32_t items) {
  demo::TownOptions options;
  options.items = items;
  options.seed = seed;
  options.days = 28;
  options.start = utc_from_ms(1'772'409'600'000); // 2026-03-02
  return options;
}

ColdCustomers measure_cold_customers(std::uint64_t seed, std::uint32_t items, std::uint64_t pilot, std::uint64_t strangers, bool equal_worth) {
  Town town = demo::make_town(floors_town(seed, items));
  if (equal_worth)
    for (Item& item : town.items) item.value_micros = 1'000'000;
  const std::uint32_t places = town.placement("home.hero").slots;
  const auto store = make_memory_store();
  demo::WorldOptions options;
  options.models = demo::train_on_pilot(town, pilot);
  const auto world = demo::make_simulated_world(town, *store, options);
  options.change_policy = [](Policy& policy, SymbolTable&) {
    policy.exploration.temperature = 0;
    policy.diversity.method = DiversityMethod::none;
  };
  const auto plain_world = demo::make_simulated_world(town, *store, options);
  const std::vector<std::size_t> best = best_sellers(town, *world);
  ColdCustomers measured;
  for (std::uint64_t i = 0; i < strangers; ++i) {
    Visitor unknown(town, *store, *world, i, "a"), looking(town, *store, *world, i, "b"), on_page(town, *store, *world, i, "c");
    for (std::size_t place = 0; place < places; ++place) measured.popular.add(town, unknown.truth(), best.at(place));
    add_random(town, unknown.truth(), measured.random);
    bool answered = unknown.ask("home.hero", std::nullopt, std::nullopt, measured.stranger);
    Visitor plain(town, *store, *plain_world, i, "d");
    answered = plain.ask("home.hero", std::nullopt, std::nullopt, measured.stranger_plain) && answered;
    Random random(mix64(seed, i));
    const std::size_t product = demo::draw_product(town.catalogue, looking.truth().favourite_leaves.front(), random);
    answered = looking.look_at(town.catalogue.products[product].variants.front()) && answered;
    answered = looking.ask("home.hero", std::nullopt, product, measured.clicked) && answered;
    answered = on_page.ask("product.similar", town.catalogue.products[product].variants.front(), product, measured.anchored, nullptr, places) && answered;
    TAKT_CHECK(answered, "a memory store answers");
  }
  for (Fit* fit : {&measured.popular, &measured.stranger, &measured.stranger_plain, &measured.clicked, &measured.anchored, &measured.random}) fit->finish();
  return measured;
}

Launch measure_launch(std::uint64_t seed, std::uint32_t items, std::uint64_t customers, const std::optional<LaunchPolicy>& policy) {
  Town town = demo::make_town(floors_town(seed, items));
  const std::set<std::size_t> launched = put_launches(town);
  const auto store = make_memory_store();
  demo::WorldOptions options;
  options.models = demo::train_on_pilot(town, customers / 2);
  options.change_policy = [&](Policy& changed, SymbolTable&) { changed.exploration.launch = policy; };
  World world = *demo::make_simulated_world(town, *store, options);
  std::vector<std::unique_ptr<demo::TaktMarketer>> marketers;
  std::vector<std::unique_ptr<demo::Life>> lives;
  for (std::uint64_t i = 0; i < customers; ++i) {
    marketers.push_back(std::make_unique<demo::TaktMarketer>(town, *store, world));
    lives.push_back(std::make_unique<demo::Life>(town, demo::draw_customer(town, i), *marketers.back(), true));
  }
  for (std::uint32_t day = 0; day < town.options.days; ++day) {
    if (day > 0 && day % training_every_days == 0) {
      auto trained = train_models(*store, *world.catalogue, town.options.start + days(day), [](std::string_view, double) {});
      TAKT_CHECK(trained.has_value(), "a memory store can be read");
      world.models = *trained;
    }
    for (const auto& life : lives) life->live_day(day);
  }
  Launch measured;
  measured.launched = launched.size();
  std::map<std::size_t, std::uint64_t> seen;
  for (std::uint64_t i = 0; i < customers; ++i) {
    measured.failures += marketers[i]->failures();
    measured.value += lives[i]->counts().net_value();
    for (const demo::Sight& sight : lives[i]->secrets().sights) {
      if (sight.at < town.options.start + days(launch_day) || !town.is_product(sight.item)) continue;
      const std::size_t product = town.product_of[sight.item];
      ++measured.impressions;
      measured.click_chance += sight.chance;
      measured.expected_worth += sight.chance * town.margin_of(sight.item);
      if (!launched.contains(product)) continue;
      ++measured.launched_impressions;
      measured.launched_click_chance += sight.chance;
      ++seen[product];
    }
  }
  measured.click_chance /= static_cast<double>(std::max<std::uint64_t>(measured.impressions, 1));
  measured.launched_click_chance /= static_cast<double>(std::max<std::uint64_t>(measured.launched_impressions, 1));
  for (const auto& [product, times] : seen) measured.launched_seen += times >= seen_enough ? 1 : 0;
  return measured;
}

DayOne measure_day_one(std::uint64_t seed, std::uint32_t items, std::uint64_t strangers) {
  const Town town = demo::make_town(floors_town(seed, items));
  const auto store = make_memory_store();
  const auto world = demo::make_simulated_world(town, *store, {});
  DayOne measured;
  std::set<std::size_t> seen;
  for (std::uint64_t i = 0; i < strangers; ++i) {
    Visitor visitor(town, *store, *world, i, "a");
    add_random(town, visitor.truth(), measured.random);
    for (const Placement& placement : town.placements) {
      Random random(mix64(seed, i));
      const std::size_t page = demo::draw_product(town.catalogue, visitor.truth().favourite_leaves.front(), random);
      const bool is_on_page = placement.id.text() == "product.similar";
      const auto anchor = is_on_page ? std::optional(town.catalogue.products[page].variants.front()) : std::nullopt;
      ++measured.calls;
      Fit& fit = placement.hold ? measured.may_hold : is_on_page ? measured.on_page : measured.shown;
      if (!visitor.ask(placement.id.text(), anchor, std::nullopt, fit, &seen)) ++measured.failures;
    }
  }
  measured.different = seen.size();
  measured.shown.finish();
  measured.on_page.finish();
  measured.random.finish();
  return measured;
}

} // namespace takt::simulation
