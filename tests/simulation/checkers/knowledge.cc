#include "tests/simulation/checkers/knowledge.h"

#include "engine/stage/stages.h"
#include "features/intent.h"

#include <algorithm>

namespace takt::simulation {
namespace {

void merge(Knowledge& into, Knowledge& from) {
  into.identities.merge(from.identities);
  for (Entry entry : from.ledger.entries) {
    into.ledger.label_sets.push_back(from.ledger.label_sets[entry.labels]);
    entry.labels = static_cast<std::uint32_t>(into.ledger.label_sets.size() - 1);
    into.ledger.entries.push_back(std::move(entry));
  }
  into.cases.insert(into.cases.end(), from.cases.begin(), from.cases.end());
  into.consents.insert(into.consents.end(), from.consents.begin(), from.consents.end());
  into.interests.insert(into.interests.end(), from.interests.begin(), from.interests.end());
  into.orders.merge(from.orders);
  into.bought.insert(into.bought.end(), from.bought.begin(), from.bought.end());
  into.dismissed.insert(into.dismissed.end(), from.dismissed.begin(), from.dismissed.end());
  for (const auto& [kind, count] : from.journey) into.journey[kind] += count;
  into.clock = std::max(into.clock, from.clock);
}

double worth_of(EventName name) {
  switch (name) {
  case EventName::product_viewed:
  case EventName::product_clicked:
  case EventName::promotion_clicked:
  case EventName::message_clicked: return 1;
  case EventName::product_added: return 3;
  case EventName::order_completed: return 5;
  default: return 0;
  }
}

std::optional<JourneyKind> step_of(EventName name) {
  switch (name) {
  case EventName::product_viewed: return JourneyKind::view;
  case EventName::promotion_clicked: return JourneyKind::promotion_click;
  case EventName::message_clicked: return JourneyKind::message_click;
  case EventName::product_added: return JourneyKind::add_to_cart;
  case EventName::order_completed: return JourneyKind::purchase;
  default: return std::nullopt;
  }
}

} // namespace

std::shared_ptr<Knowledge>& Witness::person_of(const std::string& identity) {
  std::shared_ptr<Knowledge>& person = people_[identity];
  if (!person) {
    person = std::make_shared<Knowledge>();
    person->identities.insert(identity);
  }
  return person;
}

Knowledge& Witness::person_of(const DecisionRequest& request) {
  return *person_of(request.user_id.empty() ? "a:" + request.anonymous_id : "u:" + request.user_id);
}

void Witness::take(const demo::Asked& asked) {
  if (!asked.decision || !asked.decision->id) return;
  const Decision& decision = *asked.decision;
  Knowledge& person = person_of(asked.request);
  person.clock = std::max(person.clock, decision.now);
  for (std::size_t ordinal = 0; ordinal < decision.placements.size(); ++ordinal) {
    const PlacementDecision& placement = decision.placements[ordinal];
    const PlacementRules* rules = world_.rulebook->find(placement.placement.text());
    for (const Choice& choice : placement.choices) {
      Entry entry;
      entry.id = {decision.id.bytes, static_cast<std::uint16_t>(ordinal), static_cast<std::uint16_t>(choice.slot)};
      entry.granted_at = decision.now;
      entry.show_by = choice.reserved_until;
      entry.expires_at = choice.reserved_until + rules->confirm_grace;
      person.ledger.label_sets.push_back(labels_of(world_, placement, choice));
      entry.labels = static_cast<std::uint32_t>(person.ledger.label_sets.size() - 1);
      person.ledger.entries.push_back(std::move(entry));
    }
  }
}

void Witness::take(const demo::Told& told) {
  const Event& event = told.event;
  if (!told.outcome || !messages_.insert(event.message_id).second) return;
  if (!event.user_id.empty() && !event.anonymous_id.empty()) {
    const auto user = person_of("u:" + event.user_id), device = person_of("a:" + event.anonymous_id);
    if (user != device) {
      merge(*user, *device);
      for (const std::string& identity : user->identities) people_[identity] = user;
    }
  }
  learn(*person_of(event.user_id.empty() ? "a:" + event.anonymous_id : "u:" + event.user_id), event);
}

void Witness::learn(Knowledge& person, const Event& event) {
  const UtcTime at = std::min(event.occurred_at, event.received_at);
  person.clock = std::max(person.clock, event.received_at);
  if (event.name == EventName::promotion_viewed) mark(person, event, MarkKind::viewed);
  if (event.name == EventName::promotion_clicked || event.name == EventName::message_clicked) mark(person, event, MarkKind::clicked);
  if (event.name == EventName::promotion_dismissed) mark(person, event, MarkKind::dismissed);
  if (event.name == EventName::message_delivered) mark(person, event, MarkKind::delivered);
  if (event.name == EventName::case_opened || event.name == EventName::case_closed) person.cases.push_back({event.case_id, at, event.name == EventName::case_opened});
  for (const ConsentChange& change : event.consents) person.consents.push_back({change.purpose, change.channel, change.granted, at});
  if (event.name == EventName::order_completed) person.orders[event.order_id] = at;
  for (const EventItem& item : event.items) {
    const auto index = world_.catalogue->find(world_.symbols->find(item.id));
    if (!index) continue;
    if (event.name == EventName::order_completed) person.bought.emplace_back(world_.catalogue->at(*index).labels, at);
    if (event.name == EventName::promotion_dismissed) person.dismissed.emplace_back(world_.catalogue->at(*index).labels, at);
  }
  learn_interest(person, event);
}

void Witness::learn_interest(Knowledge& person, const Event& event) {
  const auto step = step_of(event.name);
  if (!step || event.type != EventType::track) return;
  person.journey[*step] += event.items.size();
  const bool may_be_accidental = *step == JourneyKind::view || *step == JourneyKind::promotion_click;
  const double meant = may_be_accidental ? static_cast<double>(static_cast<float>(world_.models->intent.of(event.dwell_ms, event.device))) : 1;
  for (const EventItem& item : event.items) {
    const auto index = world_.catalogue->find(world_.symbols->find(item.id));
    if (!index) continue;
    for (const Symbol prefix : world_.catalogue->at(*index).labels.category) // an offer may stand above the leaves
      person.interests.push_back({prefix, worth_of(event.name) * meant, std::min(event.occurred_at, event.received_at)});
  }
}

void Witness::mark(Knowledge& person, const Event& event, MarkKind kind) {
  for (Entry& entry : person.ledger.entries) {
    if (to_text(DecisionId{entry.id.origin}) != event.decision_id) continue;
    const Symbol item = person.ledger.label_sets[entry.labels].item;
    const bool is_named = event.items.empty() || std::any_of(event.items.begin(), event.items.end(), [&](const EventItem& named) { return world_.symbols->find(named.id) == item; });
    if (!is_named) continue;
    const UtcTime said = std::min(event.occurred_at, event.received_at);
    const UtcTime at = said < entry.granted_at ? entry.granted_at : said; // nothing is seen before it is promised
    entry.marks.push_back({kind, Symbol::none, at, 0});
  }
}

std::vector<const Knowledge*> Witness::everybody() const {
  std::set<const Knowledge*> seen;
  std::vector<const Knowledge*> all;
  for (const auto& [identity, person] : people_)
    if (seen.insert(person.get()).second) all.push_back(person.get());
  return all;
}

void walk(const Evidence& evidence, const std::function<void(const Knowledge& person, const DecisionRequest& request, const Decision& decision)>& look) {
  Witness witness(evidence.world);
  for (const auto& step : evidence.trace) {
    if (const auto* told = std::get_if<demo::Told>(&step)) {
      witness.take(*told);
      continue;
    }
    const auto& asked = std::get<demo::Asked>(step);
    if (asked.decision && asked.decision->id) look(witness.person_of(asked.request), asked.request, *asked.decision);
    witness.take(asked);
  }
}

LabelSet labels_of(const World& world, const PlacementDecision& placement, const Choice& choice) {
  const auto index = world.catalogue->find(world.symbols->find(choice.item.text()));
  TAKT_CHECK(index.has_value(), "a simulated catalogue does not change");
  return labels_at(world.catalogue->at(*index), *world.rulebook->find(placement.placement.text()));
}

std::string name_of(const Decision& decision, const PlacementDecision& placement, const Choice& choice) {
  return to_text(decision.customer) + " at " + format_utc(decision.now) + ", " + placement.placement.text() + " slot " + std::to_string(choice.slot) + " (" +
         choice.item.text() + ")";
}

} // namespace takt::simulation
