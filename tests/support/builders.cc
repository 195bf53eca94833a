#include "tests/support/builders.h"

#include "core/check.h"
#include "core/hash.h"

#include <algorithm>
#include <string>
#include <utility>

namespace takt::test {

UtcTime utc(std::string_view rfc3339) {
  const auto parsed = parse_utc(rfc3339);
  TAKT_CHECK(parsed.has_value(), "a test names a time that is none");
  return *parsed;
}

UtcTime clock_at(int hour, int minute, int second) { return utc("2024-03-05T00:00:00Z") + hours(hour) + minutes(minute) + seconds(second); }

LabelSet labels_of_item(std::uint32_t item, Medium medium) {
  LabelSet labels;
  labels.item = symbol(1000 + item);
  labels.kind = symbol(1 + item % 2);
  labels.group = item % 3 == 0 ? labels.item : symbol(5000 + item / 3);
  labels.brand = symbol(10 + item % 7);
  labels.campaign = item % 5 == 0 ? symbol(20 + item % 4) : Symbol::none;
  labels.purpose = symbol(30);
  labels.channel = symbol(40 + static_cast<std::uint32_t>(medium));
  labels.placement = symbol(50 + item % 3);
  labels.medium = medium;
  labels.category = {symbol(60 + item % 4), symbol(70 + item % 12)};
  if (item % 4 == 1) labels.tags = {symbol(90), symbol(91 + item % 3)};
  return labels;
}

DecisionId decision_id(CustomerId customer, UtcTime now, std::uint32_t nonce) { return make_decision_id(now, customer, nonce); }

op::Grant grant(DecisionId decision, std::uint16_t slot, UtcTime now, LabelSet labels) {
  op::Grant grant;
  grant.labels = std::move(labels);
  grant.entry.id = {decision.bytes, 0, slot};
  grant.entry.granted_at = now;
  grant.entry.show_by = now + minutes(10);
  grant.entry.expires_at = now + minutes(15);
  return grant;
}

op::Elsewhere elsewhere(std::uint64_t number, UtcTime own_time, LabelSet labels) {
  op::Elsewhere seen;
  seen.labels = std::move(labels);
  seen.entry.id = {hash128("elsewhere " + std::to_string(number)), 0, 1};
  seen.entry.origin = EntryOrigin::elsewhere;
  seen.entry.granted_at = own_time;
  return seen;
}

op::AddMark mark(const ExposureId& id, MarkKind kind, UtcTime at, Symbol event) { return {id, {kind, event, at, 0}}; }

op::Journey journey(JourneyKind kind, std::uint32_t item, UtcTime at) {
  const LabelSet labels = labels_of_item(item);
  op::Journey journey;
  journey.event.at = at;
  journey.event.kind = kind;
  journey.event.item = labels.item;
  journey.event.group = labels.group;
  journey.event.brand = labels.brand;
  journey.event.category = labels.category.back();
  journey.category = labels.category;
  journey.tags = labels.tags;
  return journey;
}

JournalBuilder& JournalBuilder::commit(UtcTime now, std::vector<Operation> operations) {
  JournalEntry entry;
  entry.version = record_.version + 1;
  entry.commit.bytes = hash128(std::to_string(record_.id.value) + "/" + std::to_string(entry.version));
  entry.delta = {now, std::move(operations)};
  entry.raw = R"({"type":"track"})";
  apply(record_, entry);
  entries_.push_back(std::move(entry));
  return *this;
}

namespace {

/// What random lives are made of.
class Life {
public:
  Life(Random& random, const CustomerRecord& record) : random_(random), record_(record) {}

  std::vector<Operation> next(UtcTime now) {
    const UtcTime late = random_.below(4) == 0 ? now - minutes(static_cast<std::int64_t>(random_.below(3000))) : now;
    switch (random_.below(12)) {
      case 0:
      case 1: return decision(now);
      case 2:
      case 3: return {confirmation(late)};
      case 4: return {elsewhere(random_.next(), late, item_labels())};
      case 5:
      case 6: return {op::Activity{late}, interest(late)};
      case 7: return person(late);
      case 8: return {purchase(late)};
      case 9: return {case_switch(late)};
      case 10: return {dismissal(late), op::Request{{random_.below(20), random_.next(), {}, now + hours(2)}}};
      default: return {consent(late), zone(late)};
    }
  }

private:
  std::uint32_t number(std::uint64_t bound) { return static_cast<std::uint32_t>(random_.below(bound)); }
  LabelSet item_labels() { return labels_of_item(number(40), static_cast<Medium>(random_.below(3))); }

  std::vector<Operation> decision(UtcTime now) {
    const DecisionId id = decision_id(record_.id, now, number(1U << 31));
    std::vector<Operation> operations{op::Activity{now}};
    if (random_.below(5) == 0 && !record_.ledger.entries.empty())
      operations.push_back(op::Release{{record_.ledger.entries.back().id.origin}, now});
    for (std::uint16_t slot = 1; slot <= 1 + random_.below(3); ++slot) {
      op::Grant one = grant(id, slot, now, item_labels());
      one.entry.identities = {symbol(300), symbol(301)};
      if (random_.below(20) == 0) one.entry.origin = EntryOrigin::ghost;
      operations.push_back(std::move(one));
    }
    return operations;
  }

  Operation confirmation(UtcTime at) {
    if (record_.ledger.entries.empty()) return op::Activity{at};
    const auto& entries = record_.ledger.entries;
    const Entry& entry = entries[entries.size() - 1 - random_.below(std::min<std::size_t>(entries.size(), 6))];
    const auto kind = static_cast<MarkKind>(random_.below(7));
    return mark(entry.id, kind, std::max(at, entry.granted_at), kind == MarkKind::event ? symbol(400 + number(3)) : Symbol::none);
  }

  Operation interest(UtcTime at) {
    op::Journey one = journey(static_cast<JourneyKind>(random_.below(16)), number(40), at);
    if (random_.below(3) == 0) one.event.dwell_ms = number(60'000);
    one.event.device = static_cast<Device>(random_.below(device_count));
    if (random_.below(3) == 0) one.event.weight = static_cast<float>(random_.uniform());
    if (random_.below(5) == 0) one.event.name = symbol(410);
    return one;
  }

  std::vector<Operation> person(UtcTime at) {
    const Identity identity{static_cast<IdentityKind>(random_.below(2)), "who-" + std::to_string(random_.below(9))};
    std::vector<Operation> operations{op::SetTrait{{"trait-" + std::to_string(random_.below(6)), std::to_string(random_.below(100)), at}},
                                      op::SetLocale{symbol(500 + number(2))}, op::SetAccountGroup{symbol(510)}};
    if (random_.below(4) == 0) {
      operations.push_back(op::Unlink{identity});
    } else {
      operations.push_back(op::Link{identity, at});
    }
    return operations;
  }

  Operation purchase(UtcTime at) {
    const Symbol id = symbol(600 + number(8));
    std::vector<OrderLine> lines;
    for (std::uint32_t i = 0; i <= number(3); ++i) {
      const LabelSet labels = labels_of_item(i * 7 + 1);
      lines.push_back({labels.item, labels.group, labels.category, static_cast<std::int32_t>(1 + number(3)), 19'990'000});
    }
    if (random_.below(3) == 0) return op::Refund{id, at, random_.below(2) == 0 ? lines : std::vector<OrderLine>{}};
    return op::PutOrder{{id, at, lines}};
  }

  Operation case_switch(UtcTime at) {
    Fact::Switch change{at, random_.below(2) == 0, std::nullopt};
    if (change.on) change.expires_at = at + days(30);
    return op::SwitchFact{symbol(700), symbol(710 + number(3)), symbol(720), change};
  }

  Operation dismissal(UtcTime at) {
    Dismissal one;
    one.id = {hash128(std::to_string(random_.below(30))), 0, 1};
    one.scope = static_cast<Dismissal::Scope>(random_.below(5));
    one.label = symbol(1000 + number(40));
    one.at = at;
    if (random_.below(2) == 0) one.until = at + days(90);
    return op::Dismiss{one};
  }

  Operation consent(UtcTime at) {
    return op::SetConsent{{static_cast<Purpose>(random_.below(5)), random_.below(2) == 0 ? Symbol::none : symbol(40 + number(3)), random_.below(2) == 0, at}};
  }
  Operation zone(UtcTime at) { return op::SetZone{{at, symbol(800 + number(3))}}; }

  Random& random_;
  const CustomerRecord& record_;
};

Reason random_reason(Random& random, UtcTime now) {
  Reason reason;
  reason.stage = static_cast<Stage>(random.below(stages_count));
  reason.code = static_cast<ReasonCode>(random.below(reason_codes_count));
  if (random.below(2) == 0) reason.rule = "rule-" + std::to_string(random.below(5));
  if (random.below(2) == 0) reason.observed = static_cast<std::uint32_t>(random.below(9));
  if (random.below(2) == 0) reason.limit = 3;
  if (random.below(3) == 0) reason.factor = random.uniform();
  if (random.below(2) == 0) reason.eligible_again = now + minutes(static_cast<std::int64_t>(random.below(100'000)));
  reason.provisional = random.below(2) == 0;
  return reason;
}

ItemId item_id(Random& random) { return *ItemId::parse("sku-" + std::to_string(random.below(1000))); }

Occurrence random_occurrence(Random& random) {
  Occurrence occurrence;
  occurrence.book = static_cast<Occurrence::Book>(random.below(2));
  occurrence.event = random.below(2) == 0 ? "Order Completed" : "Wishlist Opened";
  if (random.below(2) == 0) occurrence.match.brands = {"Acme", "Own"};
  if (random.below(2) == 0) occurrence.match.categories = {{"Shoes", "Pumps"}, {"Bags"}};
  if (random.below(2) == 0) occurrence.match.placements = {"home.hero"};
  if (random.below(2) == 0) occurrence.within = days(30);
  occurrence.at_least = static_cast<std::uint32_t>(random.below(4));
  if (random.below(2) == 0) occurrence.at_most = static_cast<std::uint32_t>(random.below(9));
  return occurrence;
}

Condition random_condition(Random& random, int depth) {
  Condition condition;
  condition.kind = depth == 0 ? Condition::Kind::compare : static_cast<Condition::Kind>(random.below(6));
  if (condition.kind == Condition::Kind::occurrence) condition.occurrence = random_occurrence(random);
  if (condition.kind == Condition::Kind::audience) condition.field = "regulars";
  if (condition.kind == Condition::Kind::occurrence || condition.kind == Condition::Kind::audience) return condition;
  if (condition.kind != Condition::Kind::compare) {
    for (std::uint64_t i = 0; i <= random.below(3); ++i) condition.children.push_back(random_condition(random, depth - 1));
    return condition;
  }
  condition.field = "item.price.amount";
  condition.op = static_cast<ConditionOp>(random.below(11));
  const Operand operands[] = {std::monostate{}, true, random.normal(), std::string("Pink"), std::vector<std::string>{"Shoes", "Pumps"},
                              FieldRef{"anchor.price.amount"}};
  condition.value = operands[random.below(6)];
  return condition;
}

Choice random_choice(Random& random, std::uint32_t slot, UtcTime now) {
  Choice choice;
  choice.item = item_id(random);
  choice.slot = slot;
  choice.propensity = random.uniform();
  choice.usable_for_evaluation = random.below(4) != 0;
  choice.source = static_cast<Source>(random.below(sources_count));
  choice.reserved_until = now + minutes(10);
  choice.terms = {random.uniform(), random.uniform(), random.uniform(), 1.1, 0.9, 0.002, 0.001, random.uniform()};
  choice.score = choice.terms.score();
  choice.because = static_cast<Because>(random.below(11));
  choice.because_item = item_id(random).text();
  choice.reasons = {random_reason(random, now)};
  return choice;
}

/// Rows as they come: many zeros, some ones, some as in the row before.
LoggedFeatures random_features(Random& random, const PlacementDecision& placement) {
  LoggedFeatures features;
  features.schema = random.next();
  const auto value = [&](float before) {
    const float options[] = {0, 0, 1, before, static_cast<float>(random.normal())};
    return options[random.below(5)];
  };
  for (std::uint64_t c = 0, count = random.below(9); c < count; ++c) features.shared.push_back(value(0));
  for (const Choice& choice : placement.choices) features.items.push_back(choice.item);
  features.items.push_back(*ItemId::parse("sampled"));
  const std::size_t width = 1 + random.below(9);
  for (std::size_t i = 0; i < features.items.size() * width; ++i) features.own.push_back(value(i < width ? 0 : features.own[i - width]));
  for (std::uint64_t c = random.below(8); c > 4; --c) features.custom_columns.push_back(random.next());
  for (std::size_t i = 0; i < features.items.size() * features.custom_columns.size(); ++i) features.custom.push_back(value(0));
  return features;
}

PlacementDecision random_placement(Random& random, UtcTime now) {
  PlacementDecision placement;
  placement.placement = *PlacementId::parse("home.hero");
  placement.outcome = static_cast<Outcome>(random.below(4));
  if (random.below(2) == 0) placement.not_before = now + hours(3);
  if (random.below(2) == 0) placement.hold = Hold{2, static_cast<HoldKind>(random.below(4)), random.uniform()};
  for (std::uint32_t slot = 1; slot <= random.below(4); ++slot) placement.choices.push_back(random_choice(random, slot, now));
  placement.reasons = {random_reason(random, now), random_reason(random, now)};
  for (std::size_t stage = 0; stage < stages_count; ++stage)
    placement.funnel.push_back({static_cast<Stage>(stage), static_cast<std::uint32_t>(random.below(400)), 7, static_cast<std::int64_t>(random.below(90'000))});
  for (int i = 0; i < 4; ++i) ++placement.drops[static_cast<ReasonCode>(random.below(reason_codes_count))];
  placement.dropped = {{item_id(random), {random_reason(random, now)}, now + days(2), true}, {item_id(random), {}, std::nullopt, false}};
  placement.unknown_candidates = {"nobody-knows"};
  placement.diversity_cost = 0.0625;
  if (random.below(2) == 0) placement.merchandising_cost = 0.25;
  if (random.below(3) != 0) placement.features = random_features(random, placement);
  return placement;
}

} // namespace

JournalBuilder random_journal(std::uint64_t seed, std::size_t commits, Duration step_max) {
  Random random(seed);
  JournalBuilder builder(CustomerId{random.next() | 1});
  UtcTime now = utc("2024-01-01T00:00:00Z");
  builder.commit(now, {op::Found{now, random.below(10) == 0}});
  for (std::size_t i = 1; i < commits; ++i) {
    now += Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(step_max.count())))};
    builder.commit(now, Life(random, builder.record()).next(now));
  }
  return builder;
}

CustomerRecord random_record(std::uint64_t seed, std::size_t commits) {
  JournalBuilder survivor = random_journal(seed, commits, hours(12));
  JournalBuilder sealed = random_journal(~seed, commits / 2 + 1, hours(12));
  const UtcTime now = std::max(survivor.record().clock, sealed.record().clock);
  sealed.commit(now, {op::Seal{survivor.record().id, now}});
  survivor.commit(now, {op::Absorb{sealed.record(), now}});
  return survivor.record();
}

DecisionRecord random_decision(std::uint64_t seed) {
  Random random(seed);
  DecisionRecord record;
  DecisionRequest& request = record.request;
  request.now = utc("2024-03-05T10:00:00.250Z") + seconds(static_cast<std::int64_t>(random.below(1'000'000)));
  request.request_id = "r-" + std::to_string(random.below(100));
  request.user_id = "u1";
  request.anonymous_id = random.below(2) == 0 ? "a1" : "";
  request.customer = {random.next()};
  PlacementRequest placement;
  placement.placement = *PlacementId::parse("home.hero");
  if (random.below(2) == 0) placement.limit = 3;
  placement.anchor_items = {item_id(random)};
  if (random.below(2) == 0) placement.candidates = {{item_id(random), 7.1}, {item_id(random), std::nullopt}};
  request.placements = {placement, placement};
  request.context = {"web", "mobile", "de-DE", "Europe/Berlin", "s-1", "/", {{Purpose::marketing, true}, {Purpose::profile, false}}};
  request.exclude = {item_id(random)};
  if (random.below(3) != 0) request.filter = random_condition(random, 4);
  request.after = decision_id(request.customer, request.now, 1);
  request.replaces = {decision_id(request.customer, request.now, 2)};
  request.explain = static_cast<Explain>(random.below(3));
  request.dry_run = random.below(2) == 0;
  request.seed = random.next();
  request.body_hash = random.next();
  request.key_name = "shop";
  Decision& decision = record.decision;
  decision.id = decision_id(request.customer, request.now, 3);
  if (random.below(2) == 0) decision.supersedes = decision_id(request.customer, request.now, 4);
  decision.customer = request.customer;
  decision.record_version = random.below(10'000);
  decision.session_id = "s-1";
  decision.now = request.now + Duration{3};
  decision.versions = {12, random.next(), 40'000, 7, "model-3", "index-3"};
  decision.placements = {random_placement(random, request.now), random_placement(random, request.now)};
  for (std::uint64_t i = random.below(3); i > 0; --i) {
    TotalSeen& seen = decision.totals.emplace_back();
    seen.rule = "in-all-" + std::to_string(i);
    for (std::uint64_t part = random.below(6); part > 0; --part) seen.key.push_back(static_cast<Symbol>(random.below(1'000'000)));
    seen.count = static_cast<std::uint32_t>(random.next());
    seen.taken = static_cast<std::uint32_t>(random.below(4));
    seen.needed = static_cast<std::uint32_t>(random.below(4));
    if (random.below(2) == 0) seen.free_at = request.now + Duration{static_cast<std::int64_t>(random.below(1'000'000'000))};
    seen.provisional = random.below(2) == 0;
  }
  decision.degraded = {{Stage::score, ReasonCode::deadline_skipped}};
  decision.replayed = random.below(2) == 0;
  return record;
}

} // namespace takt::test
