#include "tests/support/engine_builders.h"

#include "engine/stage/rule_audiences.h"

#include "core/check.h"
#include "core/random.h"
#include "features/scorer.h"

#include <algorithm>

namespace takt::test {
namespace {

LabelSet labels_of(Scene& scene, std::string_view id) {
  for (const Item& item : scene.items) {
    if (item.id.text() != id) continue;
    const auto catalogue = Catalogue::build({item}, scene.symbols, 1);
    return labels_at(catalogue->at(0), compile_placement(scene.placement, scene.symbols));
  }
  TAKT_CHECK(false, "the scene has no such item");
  return {};
}

World world_of(Scene& scene) {
  World world;
  world.catalogue = Catalogue::build(scene.items, scene.symbols, 1);
  auto rulebook = std::make_shared<Rulebook>();
  set_policy(*rulebook, std::make_shared<const Policy>(scene.policy), scene.symbols);
  rulebook->placements.emplace(scene.placement.id.text(), compile_placement(scene.placement, scene.symbols));
  auto audiences = AudienceSet::build(scene.audiences, scene.symbols);
  TAKT_CHECK(audiences.has_value(), "tests use audiences that can be built");
  rulebook->audiences = std::move(*audiences);
  world.rulebook = std::move(rulebook);
  auto models = std::make_shared<Models>(scene.models);
  if (!models->scorer) models->scorer = make_prior_scorer();
  world.models = std::move(models);
  world.symbols = &scene.symbols;
  return world;
}

std::string id_text(std::size_t number) { return "item-" + std::to_string(100 + number); }

} // namespace

ItemId item_id(std::string_view text) {
  auto id = ItemId::parse(text);
  TAKT_CHECK(id.has_value(), "tests use valid ids");
  return *id;
}

Scene::Scene() {
  placement.id = *PlacementId::parse("home.hero");
  placement.slots = 3;
  policy.fatigue.enabled = false;
  policy.arbitration.attention_price = 0;
  policy.diversity = {DiversityMethod::none, 0};
  policy.exploration.temperature = 0;
  record.id = CustomerId{7};
  record.version = 1;
  record.clock = noon - days(30);
  request.now = noon;
  request.placements.push_back({placement.id, std::nullopt, {}, std::nullopt});
}

std::vector<Symbol> Scene::symbol_list(std::initializer_list<std::string_view> texts) {
  std::vector<Symbol> list;
  for (const std::string_view text : texts) list.push_back(symbol(text));
  std::sort(list.begin(), list.end());
  return list;
}

Item& Scene::add_item(std::string_view id) {
  Item item;
  item.id = item_id(id);
  return items.emplace_back(std::move(item));
}

Entry& Scene::add_entry(std::string_view item, UtcTime granted) {
  Entry entry;
  entry.id.origin[0] = 9;
  entry.id.origin[1] = static_cast<std::uint8_t>(entries_count_ >> 8);
  entry.id.origin[2] = static_cast<std::uint8_t>(entries_count_ & 0xff);
  entry.id.slot = 1;
  ++entries_count_;
  entry.labels = intern_labels(record.ledger, labels_of(*this, item));
  entry.granted_at = granted;
  entry.show_by = granted + minutes(10);
  entry.expires_at = granted + minutes(15);
  return record.ledger.entries.emplace_back(std::move(entry));
}

Entry& Scene::add_shown(std::string_view item, UtcTime at) {
  Entry& entry = add_entry(item, at - minutes(1));
  const Medium medium = record.ledger.labels_of(entry).medium;
  entry.marks.push_back({medium == Medium::screen ? MarkKind::viewed : MarkKind::delivered, Symbol::none, at, 0});
  return entry;
}

Entry& Scene::add_live(std::string_view item, UtcTime granted, UtcTime expires_at) {
  Entry& entry = add_entry(item, granted);
  entry.show_by = expires_at;
  entry.expires_at = expires_at;
  return entry;
}

void Scene::add_click(Entry& entry, UtcTime at) const { entry.marks.push_back({MarkKind::clicked, Symbol::none, at, 0}); }

void Scene::switch_fact(std::string_view name, std::string_view key, UtcTime at, bool on, std::optional<UtcTime> expires_at) {
  const Symbol fact_name = symbol(name), fact_key = symbol(key);
  auto fact = std::find_if(record.facts.begin(), record.facts.end(), [&](const Fact& known) { return known.name == fact_name && known.key == fact_key; });
  if (fact == record.facts.end()) fact = record.facts.insert(record.facts.end(), Fact{fact_name, fact_key, Symbol::none, {}});
  fact->switches.push_back({at, on, expires_at});
  std::stable_sort(fact->switches.begin(), fact->switches.end(), [](const Fact::Switch& a, const Fact::Switch& b) { return a.at < b.at; });
}

void Scene::add_order(std::string_view order_id, UtcTime at, std::initializer_list<std::pair<std::string_view, int>> item_quantities) {
  Order order;
  order.order_id = symbol(order_id);
  order.at = at;
  for (const auto& [id, quantity] : item_quantities) {
    const LabelSet labels = labels_of(*this, id);
    order.lines.push_back({labels.item, labels.group, labels.category, quantity, 0});
  }
  record.orders.push_back(std::move(order));
}

void Scene::dismiss(Dismissal::Scope scope, Symbol label, UtcTime at, std::optional<UtcTime> until) {
  Dismissal dismissal;
  dismissal.id.slot = static_cast<std::uint16_t>(record.dismissals.size() + 1);
  dismissal.scope = scope;
  dismissal.label = label;
  dismissal.at = at;
  dismissal.until = until;
  record.dismissals.push_back(dismissal);
}

CapRule& Scene::add_cap(std::string_view id, Per per, std::uint32_t limit) {
  CapRule rule;
  rule.id = id;
  rule.per = {per};
  rule.window = {WindowKind::rolling, days(7)};
  rule.limit = limit;
  return policy.caps.emplace_back(std::move(rule));
}

Bound::Bound(Scene& scene)
    : world(world_of(scene)), person(make_person(std::make_shared<const CustomerRecord>(scene.record), scene.request, *world.rulebook->policy, *world.symbols)),
      call(world, person, scene.request), rules(world.rulebook->placements.begin()->second),
      opening{scene.request.placements.front(), rules, 0, scene.request.placements.front().limit.value_or(scene.placement.slots), call.contact_of(0)} {
  opening.spared = spared_caps(call, opening);
  opening.spared_totals = spared_total_caps(call, opening);
}

Candidates Bound::candidates() const {
  Candidates all;
  for (const ItemIndex index : world.catalogue->by_id()) {
    Candidate candidate;
    candidate.index = index;
    candidate.labels = labels_at(world.catalogue->at(index), rules);
    all.alive.push_back(std::move(candidate));
  }
  return all;
}

const CatalogueItem& Bound::item(std::string_view id) const {
  const auto index = world.catalogue->find(world.symbols->find(id));
  TAKT_CHECK(index.has_value(), "the scene has no such item");
  return world.catalogue->at(*index);
}

std::string dropped_text(const Bound& bound, const std::vector<Dropped>& dropped) {
  std::string text;
  for (const Dropped& item : dropped) {
    text += (text.empty() ? "" : ",") + bound.name(item.index) + ":";
    for (std::size_t i = 0; i < item.reasons.size(); ++i) text += (i == 0 ? "" : "+") + std::string(to_text(item.reasons[i].code));
  }
  return text;
}

std::string names(const Bound& bound, const std::vector<Candidate>& alive) {
  std::string text;
  for (const Candidate& candidate : alive) text += (text.empty() ? "" : ",") + bound.name(candidate.index);
  return text;
}

std::string names(const Bound& bound, const std::vector<SlateChoice>& choices) {
  std::string text;
  for (const SlateChoice& choice : choices) text += (text.empty() ? "" : ",") + bound.name(choice.candidate.index);
  return text;
}

namespace {

void random_items(Scene& scene, Random& random, std::size_t items_count) {
  constexpr const char* const kinds[] = {"product", "offer", "service"};
  for (std::size_t i = 0; i < items_count; ++i) {
    Item& item = scene.add_item(id_text(i));
    item.kind = kinds[random.below(8) < 6 ? 0 : 1 + random.below(2)];
    if (random.below(3) == 0) item.group = "group-" + std::to_string(random.below(items_count / 3 + 1));
    item.category = {"c" + std::to_string(random.below(3)), "d" + std::to_string(random.below(4))};
    item.brand = "brand-" + std::to_string(random.below(4));
    if (random.below(2) == 0) item.tags = {"tag-" + std::to_string(random.below(3))};
    if (item.kind == "service") item.purpose = "service";
    item.value_micros = static_cast<std::int64_t>(random.below(20'000'000));
    if (random.below(10) == 0) item.stock = static_cast<std::int64_t>(random.below(2));
    item.active = random.below(15) != 0;
    if (random.below(8) == 0) item.starts_at = noon + hours(static_cast<std::int64_t>(random.below(48))) - hours(24);
    if (random.below(8) == 0) item.ends_at = noon + hours(static_cast<std::int64_t>(random.below(96))) - hours(24);
    if (random.below(8) == 0) item.channels = {random.below(2) == 0 ? "web" : "email"};
  }
}

void random_rules(Scene& scene, Random& random) {
  constexpr Per pers[] = {Per::item, Per::group, Per::category, Per::brand, Per::kind, Per::tag, Per::channel, Per::placement, Per::all};
  const std::size_t rules_count = random.below(6);
  for (std::size_t i = 0; i < rules_count; ++i) {
    const Per per = pers[random.below(std::size(pers))];
    const bool wide = per == Per::channel || per == Per::placement || per == Per::all;
    CapRule& rule = scene.add_cap("cap-" + std::to_string(i), per, static_cast<std::uint32_t>(1 + random.below(wide ? 12 : 3)));
    if (random.below(3) == 0) rule.min_gap = hours(static_cast<std::int64_t>(1 + random.below(8)));
    if (random.below(3) == 0) rule.exempt.emplace().kinds = scene.symbol_list({"service"});
    if (wide) rule.on_exceed = static_cast<OnExceed>(random.below(4));
  }
  if (random.below(2) == 0) scene.policy.post_purchase.push_back({.id = "", .per = random.below(2) == 0 ? Per::group : Per::category, .pause = days(20), .match = {}});
  if (random.below(2) == 0) {
    GatePolicy gate;
    gate.id = "case";
    gate.fact = scene.symbol("case_open");
    gate.allow.kinds = scene.symbol_list({"service"});
    gate.cool_off = hours(static_cast<std::int64_t>(random.below(48)));
    scene.policy.gates.push_back(gate);
  }
  scene.policy.arbitration.never_hold = scene.symbol_list({"service"});
  scene.policy.arbitration.attention_price = random.below(2) == 0 ? 0.1 : 0.0;
  scene.policy.fatigue.enabled = random.below(2) == 0;
  scene.policy.diversity = {static_cast<DiversityMethod>(random.below(3)), 0.1 * static_cast<double>(random.below(10))};
  scene.policy.exploration.temperature = random.below(3) == 0 ? 0.0 : 0.2;
}

void random_history(Scene& scene, Random& random) {
  const auto any_item = [&] { return scene.items[random.below(scene.items.size())].id.text(); };
  const auto ago = [&](std::uint64_t hours_max) { return noon - minutes(static_cast<std::int64_t>(random.below(hours_max * 60))); };
  for (std::size_t i = random.below(20); i > 0; --i) {
    Entry& entry = scene.add_shown(any_item(), ago(240));
    if (random.below(4) == 0) scene.add_click(entry, entry.marks.front().at + minutes(1));
  }
  for (std::size_t i = random.below(3); i > 0; --i) scene.add_live(any_item(), noon - minutes(5), noon + minutes(10));
  if (random.below(2) == 0) scene.add_order("o-1", ago(24 * 30), {{any_item(), 1}});
  for (std::size_t i = random.below(3); i > 0; --i) {
    const Symbol item = scene.symbol(any_item());
    const auto until = random.below(2) == 0 ? std::optional(noon + hours(12)) : std::nullopt;
    scene.dismiss(random.below(4) == 0 ? Dismissal::Scope::kind : Dismissal::Scope::item, random.below(4) == 0 ? scene.symbol("offer") : item, ago(48), until);
  }
  for (std::size_t i = random.below(3); i > 0; --i)
    scene.switch_fact("case_open", "case-" + std::to_string(random.below(2)), ago(24 * 40), random.below(2) == 0);
}

/// Who was not shown a product lately, who bought something, evening people; three times in eight somebody.
std::optional<Condition> random_audience(Random& random) {
  Condition audience;
  audience.kind = Condition::Kind::occurrence;
  switch (random.below(8)) {
  case 0: audience.occurrence = Occurrence{Occurrence::Book::seen, "", {}, hours(static_cast<std::int64_t>(1 + random.below(100))), 0, 1}; break;
  case 1: audience.occurrence = Occurrence{Occurrence::Book::journey, "Order Completed", {}, days(static_cast<std::int64_t>(1 + random.below(60))), 0, 0}; break;
  case 2:
    audience.kind = Condition::Kind::compare;
    audience.field = "context.hour";
    audience.op = random.below(2) == 0 ? ConditionOp::ge : ConditionOp::lt;
    audience.value = 18.0;
    break;
  default: return std::nullopt;
  }
  return audience;
}

/// Some items and rules are for some people.
void random_audiences(Scene& scene, Random random) {
  if (random.below(3) == 0) scene.request.context.timezone = "Europe/Berlin";
  for (Item& item : scene.items) item.audience = random_audience(random);
  for (CapRule& rule : scene.policy.caps) rule.audience = random_audience(random);
  for (PausePolicy& rule : scene.policy.post_purchase) rule.audience = random_audience(random);
  for (GatePolicy& rule : scene.policy.gates) rule.audience = random_audience(random);
}

Schedule random_schedule(Random& random) {
  Schedule schedule;
  if (random.below(3) == 0) schedule.from = noon + hours(static_cast<std::int64_t>(random.below(60))) - hours(30);
  if (random.below(3) == 0) schedule.to = schedule.from.value_or(noon) + hours(static_cast<std::int64_t>(1 + random.below(40)));
  return schedule;
}

std::optional<Selector> random_exempt(Scene& scene, Random& random) {
  if (random.below(3) != 0) return std::nullopt;
  Selector exempt;
  (random.below(2) == 0 ? exempt.tags : exempt.brands) = scene.symbol_list({"tag-1", "brand-2"});
  return exempt;
}

/// Quiet hours, a stop of selling, pins, boosts and hides, each for some people or for a while.
void random_timed_rules(Scene& scene, Random random) {
  const auto kinds = [&] { return scene.symbol_list({random.below(2) == 0 ? "offer" : "product"}); };
  if (random.below(3) == 0) {
    QuietPolicy quiet{"night", {}, std::nullopt, {hours(12), hours(static_cast<std::int64_t>(13 + random.below(8)))}, std::nullopt, std::nullopt, random_schedule(random), random_audience(random)};
    quiet.match.kinds = kinds();
    quiet.exempt = random_exempt(scene, random);
    scene.policy.quiet_hours.push_back(std::move(quiet));
  }
  if (random.below(6) == 0) {
    SalesPause pause;
    pause.id = "stop";
    if (random.below(3) != 0) pause.until = noon + hours(static_cast<std::int64_t>(random.below(20)));
    pause.schedule = random_schedule(random);
    pause.exempt = random_exempt(scene, random);
    pause.audience = random_audience(random);
    pause.match.brands = scene.symbol_list({"brand-1"});
    scene.policy.pauses.push_back(std::move(pause));
  }
  for (GatePolicy& gate : scene.policy.gates) {
    gate.schedule = random_schedule(random);
    gate.exempt = random_exempt(scene, random);
  }
  for (PausePolicy& pause : scene.policy.post_purchase) {
    pause.schedule = random_schedule(random);
    pause.exempt = random_exempt(scene, random);
  }
  for (std::size_t i = random.below(3); i > 0; --i) {
    MerchandisingRule rule;
    rule.id = "shelf-" + std::to_string(i);
    rule.schedule = random_schedule(random);
    rule.audience = random_audience(random);
    rule.exempt = random_exempt(scene, random);
    if (random.below(2) == 0) rule.pins.push_back({scene.symbol(scene.items[random.below(scene.items.size())].id.text()), static_cast<std::uint32_t>(1 + random.below(4))});
    if (random.below(2) == 0) rule.boosts.emplace_back().factor = 0.5 + static_cast<double>(random.below(5));
    if (random.below(2) == 0) rule.hide.emplace().tags = scene.symbol_list({"tag-1"});
    for (MerchandisingRule::Boost& boost : rule.boosts) boost.match.kinds = kinds();
    scene.policy.merchandising.push_back(std::move(rule));
  }
}

} // namespace

std::unique_ptr<Scene> random_scene(std::uint64_t seed, std::size_t items_count) {
  auto scene = std::make_unique<Scene>();
  Random random(seed);
  random_items(*scene, random, items_count);
  random_rules(*scene, random);
  random_history(*scene, random);
  scene->placement.slots = static_cast<std::uint32_t>(1 + random.below(5));
  scene->placement.hold = random.below(2) == 0;
  scene->placement.variants = random.below(4) == 0;
  scene->placement.contact_cost_micros = random.below(2) == 0 ? 50'000 : 0;
  if (random.below(8) == 0) scene->placement.mode = PlacementMode::organic;
  if (random.below(3) == 0) scene->placement.fallback = {scene->items.front().id, scene->items.back().id};
  scene->request.seed = random.next();
  if (random.below(4) == 0) scene->request.explain = Explain::full;
  random_audiences(*scene, Random(~seed));
  random_timed_rules(*scene, Random(~seed / 3));
  return scene;
}

} // namespace takt::test
