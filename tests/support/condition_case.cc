// Random people and random conditions about them.
#include "core/check.h"
#include "tests/support/engine_builders.h"
#include "tests/support/naive_condition.h"

#include <algorithm>

namespace takt::test {
namespace {

using Texts = std::vector<std::string>;
const Texts brands{"Acme", "Own", "Zed"}, kinds{"product", "offer"}, zones{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham"};
const std::vector<Texts> paths{{"Shoes"}, {"Shoes", "Pumps"}, {"Shoes", "Pumps", "Pink"}, {"Bags"}};

template <class T>
const T& pick(Random& random, const std::vector<T>& from) { return from[random.below(from.size())]; }
UtcTime past(Random& random) { return noon - hours(static_cast<std::int64_t>(random.below(24 * 60))); }

Item random_item(Random& random, std::string_view id) {
  Item item;
  item.id = item_id(id);
  item.kind = pick(random, kinds);
  if (random.below(3) != 0) item.brand = pick(random, brands);
  if (random.below(3) != 0) item.category = pick(random, paths);
  if (random.below(2) == 0) item.tags = {"sale"};
  if (random.below(2) == 0) item.tags.push_back("new");
  if (random.below(2) == 0) item.stock = static_cast<std::int64_t>(random.below(4));
  item.active = random.below(2) == 0;
  if (random.below(2) == 0) item.attributes_json["size"] = random.below(2) == 0 ? "40" : "\"41\"";
  return item;
}

void fill_ledger(Random& random, SymbolTable& symbols, Ledger& ledger) {
  for (std::uint64_t i = random.below(12); i > 0; --i) {
    LabelSet labels;
    labels.item = labels.group = symbols.intern("sku-" + std::to_string(random.below(3)));
    labels.kind = symbols.intern(pick(random, kinds));
    labels.channel = symbols.intern("web");
    labels.category = symbols.intern_path(pick(random, paths));
    Entry entry;
    entry.id.slot = static_cast<std::uint16_t>(i);
    entry.labels = intern_labels(ledger, labels);
    entry.origin = static_cast<EntryOrigin>(random.below(4));
    entry.granted_at = past(random);
    entry.show_by = entry.expires_at = entry.granted_at + minutes(10);
    for (std::uint64_t mark = random.below(3); mark > 0; --mark)
      entry.marks.push_back({MarkKind::viewed, Symbol::none, entry.granted_at + hours(static_cast<std::int64_t>(4 - mark)), 0});
    if (entry.is_elsewhere() && entry.marks.empty()) entry.marks.push_back({MarkKind::viewed, Symbol::none, entry.granted_at, 0});
    ledger.entries.push_back(std::move(entry));
  }
}

void fill_journey(Random& random, SymbolTable& symbols, CustomerRecord& record) {
  for (std::uint64_t i = random.below(15); i > 0; --i) {
    JourneyEvent event;
    event.kind = random.below(3) == 0 ? JourneyKind::other : JourneyKind::view;
    event.at = past(random);
    event.item = event.group = symbols.intern("sku-" + std::to_string(random.below(3)));
    event.brand = symbols.intern(pick(random, brands));
    event.channel = symbols.intern(random.below(2) == 0 ? "web" : "app");
    if (random.below(2) == 0) event.category = symbols.intern_path(pick(random, paths)).back();
    if (event.kind == JourneyKind::other) event.name = symbols.intern("Wishlist Opened");
    record.journey.push_back(event);
  }
  for (std::uint64_t i = random.below(6); i > 0; --i) {
    Order order;
    order.order_id = symbols.intern("o-" + std::to_string(i));
    order.at = past(random);
    for (std::uint64_t line = random.below(3); line > 0; --line) {
      OrderLine& made = order.lines.emplace_back();
      made.item = made.group = symbols.intern("sku-" + std::to_string(random.below(3)));
      made.category = symbols.intern_path(pick(random, paths));
      made.quantity = static_cast<std::int32_t>(random.below(3));
    }
    if (!order.lines.empty()) record.orders.push_back(std::move(order));
  }
}

} // namespace

ConditionCase::ConditionCase(std::uint64_t seed) {
  Random random(seed);
  record.id = CustomerId{7};
  record.version = 1;
  record.clock = noon;
  record.founded_at = noon - days(90);
  record.identities = {{{IdentityKind::user, random.below(2) == 0 ? "u1" : "u2"}, noon}};
  if (random.below(2) == 0) record.locale = symbols.intern("de-DE");
  if (random.below(2) == 0) record.traits.push_back({"points", std::to_string(random.below(5)), noon});
  if (random.below(2) == 0) record.traits.push_back({"tier", random.below(2) == 0 ? "\"gold\"" : "true", noon});
  if (random.below(2) == 0) record.consents.push_back({Purpose::marketing, random.below(2) == 0 ? symbols.intern("email") : Symbol::none, random.below(2) == 0, noon});
  if (random.below(2) == 0) record.zones.push_back({noon - days(10), symbols.intern(pick(random, zones))});
  if (random.below(2) == 0) record.last_activity = past(random);
  if (record.last_activity) record.sessions = {{3, *record.last_activity - hours(5)}, {4, *record.last_activity}};
  for (std::uint64_t i = random.below(3); i > 0; --i) {
    Fact& fact = record.facts.emplace_back();
    fact.name = symbols.intern("vip");
    fact.key = symbols.intern("case-" + std::to_string(i));
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      const UtcTime at = past(random);
      fact.switches.push_back({at, random.below(3) != 0, random.below(2) == 0 ? std::optional(at + days(static_cast<std::int64_t>(random.below(90)))) : std::nullopt});
    }
    std::stable_sort(fact.switches.begin(), fact.switches.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  }
  for (std::uint64_t i = random.below(3); i > 0; --i) {
    gates.emplace_back();
    gates.back().fact = symbols.intern(random.below(3) == 0 ? "unheard" : "vip");
    gates.back().ttl = days(static_cast<std::int64_t>(1 + random.below(60)));
  }
  fill_journey(random, symbols, record);
  fill_ledger(random, symbols, record.ledger);
  if (random.below(2) == 0) consent.require = {{Purpose::marketing, {symbols.intern("email")}}};
  if (random.below(2) == 0) context.timezone = pick(random, zones);
  if (random.below(2) == 0) context.device = "mobile";
  profile_allowed = random.below(8) != 0;
  frequency_allowed = random.below(8) != 0;
  with_context = random.below(8) != 0;
  catalogue = Catalogue::build({random_item(random, "sku-0"), random_item(random, "sku-1")}, symbols, 1);
  audiences = {{"listed", "", std::nullopt, {"user:u1"}}, {"asked", "", std::nullopt, {}}};
  audiences[1].condition = random_condition(random, 2, false);
  auto built = AudienceSet::build(audiences, symbols);
  TAKT_CHECK(built.has_value(), "no circle: the first is a list");
  set = std::move(*built);
}

ConditionInputs ConditionCase::inputs() const {
  ConditionInputs all;
  all.record = &record;
  all.symbols = &symbols;
  all.consent = &consent;
  all.context = with_context ? &context : nullptr;
  all.channel = symbols.intern("web");
  all.audiences = set.get();
  all.gates = gates;
  all.profile_allowed = profile_allowed;
  all.frequency_allowed = frequency_allowed;
  all.item = &catalogue->at(0);
  all.anchor = &catalogue->at(1);
  return all;
}

Condition ConditionCase::random_condition(Random& random, int depth, bool may_name_items) const {
  Condition condition;
  condition.kind = depth == 0 ? static_cast<Condition::Kind>(3 + random.below(2)) : static_cast<Condition::Kind>(random.below(6));
  switch (condition.kind) {
  case Condition::Kind::all:
  case Condition::Kind::any:
    for (std::uint64_t i = 1 + random.below(3); i > 0; --i) condition.children.push_back(random_condition(random, depth - 1, may_name_items));
    return condition;
  case Condition::Kind::negation: condition.children.push_back(random_condition(random, depth - 1, may_name_items)); return condition;
  case Condition::Kind::audience: condition.field = may_name_items ? pick(random, Texts{"asked", "listed", "unheard"}) : "listed"; return condition;
  case Condition::Kind::compare: break;
  case Condition::Kind::occurrence: {
    Occurrence& asked = condition.occurrence.emplace();
    asked.book = static_cast<Occurrence::Book>(random.below(2));
    asked.event = pick(random, Texts{"Order Completed", "Product Viewed", "Wishlist Opened", "Never Heard Of"});
    if (random.below(2) == 0) asked.match.categories = {pick(random, paths)};
    if (random.below(3) == 0) asked.match.items = {"sku-1", "sku-9"};
    if (random.below(3) == 0 && asked.book == Occurrence::Book::seen) asked.match.kinds = {pick(random, kinds)};
    if (random.below(3) == 0 && asked.book == Occurrence::Book::journey && asked.event != "Order Completed") asked.match.brands = {pick(random, brands)};
    if (random.below(3) != 0) asked.within = hours(static_cast<std::int64_t>(1 + random.below(24 * 60)));
    asked.at_least = static_cast<std::uint32_t>(random.below(4));
    if (asked.at_least == 0 || random.below(3) == 0) asked.at_most = asked.at_least + static_cast<std::uint32_t>(random.below(3));
    return condition;
  }
  }
  const Texts of_people{"customer.traits.points", "customer.traits.tier", "customer.locale", "customer.consent.marketing.email", "customer.sessions",
                        "customer.days_since_last_activity", "fact.vip", "fact.unheard", "context.channel", "context.device", "context.hour", "context.weekday"};
  const Texts of_items{"item.brand", "item.kind", "item.tags", "item.category", "item.stock", "item.active", "item.attributes.size", "anchor.brand", "anchor.category", "anchor.stock"};
  const auto field = [&] { return may_name_items && random.below(2) == 0 ? pick(random, of_items) : pick(random, of_people); };
  condition.field = field();
  condition.op = static_cast<ConditionOp>(random.below(11));
  const std::vector<Operand> operands{true, false, static_cast<double>(random.below(24)), static_cast<double>(random.below(5)), std::string("gold"), std::string("Acme"), std::string("web"),
                                      std::string("2"), std::string("tue"), Texts{"Acme", "sale", "mobile", "3"}, Texts{"Shoes", "Pumps"}, Texts{"Shoes"}, FieldRef{field()}, std::monostate{}};
  condition.value = pick(random, operands);
  return condition;
}

} // namespace takt::test
