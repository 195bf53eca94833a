#include "bench/bench_world.h"

#include "core/fold.h"
#include "core/hash.h"
#include "core/random.h"
#include "engine/resolve.h"
#include "engine/stage/stages.h"
#include "engine/train/choose_index.h"

#include <cmath>
#include <cstdio>
#include <filesystem>

namespace takt::bench {
namespace {

constexpr UtcTime start = utc_from_ms(1'772'000'000'000); // a fixed instant: no benchmark depends on today

std::string padded(const char* prefix, std::size_t n) {
  char text[32];
  std::snprintf(text, sizeof text, "%s%07zu", prefix, n);
  return text;
}

std::vector<Item> make_items(std::size_t count) {
  Random random(11);
  std::vector<Item> items;
  items.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Item item;
    item.id = *ItemId::parse(padded("sku-", i));
    item.group = padded("group-", i / 3);
    item.title = "Item " + std::to_string(i);
    const std::uint64_t top = random.below(12), sub = random.below(8);
    item.category = {"Top " + std::to_string(top), "Sub " + std::to_string(top * 8 + sub)};
    item.brand = "Brand " + std::to_string(random.below(200));
    item.tags = {"tag-" + std::to_string(random.below(50))};
    item.campaign = i % 10 == 0 ? "campaign-" + std::to_string(random.below(20)) : "";
    item.price = Money{static_cast<std::int64_t>(5'000'000 + random.below(200'000'000)), ""};
    item.added_at = start - days(static_cast<std::int64_t>(random.below(700)));
    items.push_back(std::move(item));
  }
  return items;
}

/// Directions and norms spread like trained factors: clusters, and log-normal lengths.
ItemVectors make_vectors(const Catalogue& catalogue) {
  Random random(13);
  ItemVectors vectors;
  vectors.dimension = vector_dimension;
  std::vector<float> centres(64 * vector_dimension);
  for (float& value : centres) value = static_cast<float>(random.normal());
  for (ItemIndex i = 0; i < catalogue.size(); ++i) {
    vectors.row_of[catalogue.at(i).labels.item] = static_cast<std::uint32_t>(vectors.items.size());
    vectors.items.push_back(catalogue.at(i).labels.item);
    const std::size_t centre = random.below(64) * vector_dimension;
    const double length = std::exp(0.5 * random.normal()) / 8.0;
    for (std::size_t d = 0; d < vector_dimension; ++d)
      vectors.values.push_back(static_cast<float>(length * (0.7 * static_cast<double>(centres[centre + d]) + 0.7 * random.normal())));
  }
  return vectors;
}

std::shared_ptr<const Models> make_models(const Catalogue& catalogue) {
  Random random(17);
  auto models = std::make_shared<Models>();
  models->version = 1;
  models->name = "bench";
  models->vectors = make_vectors(catalogue);
  choose_index(*models, nullptr); // with as few lists as training would choose
  models->scorer = make_prior_scorer();
  const std::size_t ranked = std::min<std::size_t>(catalogue.size(), 2000);
  for (std::size_t i = 0; i < ranked; ++i) {
    const Symbol item = catalogue.at(static_cast<ItemIndex>(random.below(catalogue.size()))).labels.item;
    models->popular.push_back({item, static_cast<float>(1.0 / (1.0 + static_cast<double>(i)))});
    models->trending.push_back({catalogue.at(static_cast<ItemIndex>(random.below(catalogue.size()))).labels.item, models->popular.back().score});
    models->popularity[item] = models->popular.back().score;
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(catalogue.size(), 20'000); ++i) {
    std::vector<ScoredSymbol> neighbours;
    for (int n = 0; n < 50; ++n) neighbours.push_back({catalogue.at(static_cast<ItemIndex>(random.below(catalogue.size()))).labels.item, 1.0F / static_cast<float>(n + 1)});
    models->viewed_together.put(catalogue.at(static_cast<ItemIndex>(i)).labels.item, neighbours);
    models->bought_together.put(catalogue.at(static_cast<ItemIndex>(i)).labels.item, neighbours);
  }
  return models;
}

std::shared_ptr<const Rulebook> make_rulebook(const WorldSize& size, SymbolTable& symbols) {
  auto policy = std::make_shared<Policy>();
  policy->version = 1;
  policy->caps = make_rules(size.rules, symbols);
  auto rulebook = std::make_shared<Rulebook>();
  set_policy(*rulebook, policy, symbols);
  Placement placement;
  placement.id = *PlacementId::parse("home.hero");
  placement.slots = size.slots;
  rulebook->placements.emplace("home.hero", compile_placement(placement, symbols));
  return rulebook;
}

} // namespace

std::vector<CapRule> make_rules(std::size_t count, SymbolTable& symbols) {
  static_cast<void>(symbols);
  const Per pers[] = {Per::item, Per::group, Per::category, Per::brand, Per::campaign, Per::tag, Per::channel, Per::placement, Per::all, Per::kind};
  std::vector<CapRule> rules;
  for (std::size_t i = 0; i < count; ++i) {
    CapRule rule;
    rule.id = "rule-" + std::to_string(i);
    rule.per = {pers[i % 10]};
    rule.depth = i % 20 == 2 ? 1 : 0;
    rule.counts = i % 7 == 6 ? Counts::contact : Counts::impression;
    rule.window = i % 5 == 4 ? Window{WindowKind::lifetime, {}} : Window{WindowKind::rolling, days(static_cast<std::int64_t>(1 + i % 7))};
    const bool narrow = rule.per[0] == Per::item || rule.per[0] == Per::group;
    rule.limit = narrow ? 3 : 100'000;       // narrow rules bite, wide ones are only counted: as in a real rule book
    if (i % 6 == 0 && narrow) rule.min_gap = hours(4);
    rules.push_back(std::move(rule));
  }
  return rules;
}

CustomerRecord make_record(const World& world, CustomerId id, std::size_t exposures, UtcTime now, std::uint64_t seed) {
  Random random(seed);
  const PlacementRules& rules = *world.rulebook->find("home.hero");
  Delta delta;
  delta.clock = now - hours(1);
  delta.operations.push_back(op::Found{now - days(31), false});
  for (std::size_t i = 0; i < exposures; ++i) {
    const CatalogueItem& item = world.catalogue->at(static_cast<ItemIndex>(random.below(world.catalogue->size())));
    Entry entry;
    entry.id = {hash128(std::to_string(seed) + ":" + std::to_string(i / 3)), 0, static_cast<std::uint16_t>(1 + i % 3)};
    entry.granted_at = now - days(30) + Duration{static_cast<std::int64_t>(i) * (days(29).count() / static_cast<std::int64_t>(exposures + 1))};
    entry.show_by = entry.granted_at + minutes(10);
    entry.expires_at = entry.granted_at + minutes(15);
    entry.marks = {{MarkKind::viewed, Symbol::none, entry.granted_at + seconds(2), 0}};
    delta.operations.push_back(op::Grant{labels_at(item, rules), entry});
    if (i % 4 == 0) {
      JourneyEvent step;
      step.at = entry.granted_at + seconds(5);
      step.kind = JourneyKind::view;
      step.item = item.labels.item;
      step.group = item.labels.group;
      step.category = item.labels.category.back();
      step.brand = item.labels.brand;
      delta.operations.push_back(op::Journey{step, item.labels.category, item.labels.tags});
    }
  }
  CustomerRecord record;
  record.id = id;
  apply(record, {1, {}, std::move(delta), {}});
  return record;
}

BenchWorld make_bench_world(const WorldSize& size) {
  BenchWorld made;
  made.now = start;
  made.customers = size.customers;
  if (size.directory.empty()) {
    made.store = make_memory_store();
  } else {
    std::filesystem::remove_all(size.directory);
    auto opened = open_rocksdb_store({size.directory});
    TAKT_CHECK(opened.has_value(), "the benchmark's directory can be opened");
    made.store = std::move(*opened);
  }
  SymbolTable& symbols = made.store->symbols();
  auto world = std::make_shared<World>();
  world->symbols = &symbols;
  world->catalogue = Catalogue::build(make_items(size.items), symbols, 1);
  world->rulebook = make_rulebook(size, symbols);
  world->models = make_models(*world->catalogue);
  made.world = world;
  for (std::size_t i = 0; i < size.customers; ++i) {
    const auto customer = find_or_found(*made.store, {IdentityKind::user, "u" + std::to_string(i)});
    const CustomerRecord record = make_record(*world, *customer, size.exposures, made.now, i + 1);
    Delta delta;
    delta.clock = record.clock;
    delta.operations.push_back(op::Found{record.founded_at, false});
    for (const Entry& entry : record.ledger.entries) delta.operations.push_back(op::Grant{record.ledger.labels_of(entry), entry});
    for (const JourneyEvent& step : record.journey) delta.operations.push_back(op::Journey{step, {}, {}});
    const Commit commit{*customer, 0, {hash128("bench" + std::to_string(i))}, std::move(delta), {}, std::nullopt, {}};
    TAKT_CHECK(made.store->records().commit({&commit, 1}, Durability::wal, Deadline{}).front() == CommitOutcome::committed, "a fresh store takes a commit");
    if (size.customers >= 20'000 && i % 10'000 == 0) std::fprintf(stderr, "\rbench world: %zu of %zu customers", i, size.customers);
  }
  if (size.customers >= 20'000) std::fprintf(stderr, "\r%60s\r", "");
  static_cast<void>(made.store->records().sync());
  return made;
}

DecisionRequest BenchWorld::request_of(std::size_t customer, std::uint64_t seed) const {
  DecisionRequest request;
  request.user_id = "u" + std::to_string(customer % customers);
  PlacementRequest placement;
  placement.placement = *PlacementId::parse("home.hero");
  request.placements.push_back(std::move(placement));
  request.context.channel = "web";
  request.now = now + Duration{static_cast<std::int64_t>(seed)};
  request.seed = seed;
  return request;
}

} // namespace takt::bench
