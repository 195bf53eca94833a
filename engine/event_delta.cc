#include "engine/event_delta.h"

#include "core/evidence.h"
#include "core/hash.h"
#include "core/limits.h"

#include <algorithm>

namespace takt {
namespace {

/// What an event may leave as it is: of the record, then of the events before it in the same delta.
struct Standing {
  bool is_founded = false;
  ZoneSpan zone{UtcTime::min(), Symbol::none};
  Symbol locale = Symbol::none;
};

Standing standing_of(const CustomerRecord& record) {
  return {record.version != 0, record.zones.empty() ? ZoneSpan{UtcTime::min(), Symbol::none} : record.zones.back(), record.locale};
}

/// One event being described: what every part below reads and the operations they add.
struct Draft {
  const World& world;
  const CustomerRecord& record;
  const Event& event;
  UtcTime at;                 ///< when it happened, never after it was received
  Symbol channel;
  Medium medium;
  Standing& standing;
  Delta& delta;
  const Decision* foreign = nullptr; ///< the decision that the event names, made for somebody else
  template <class Operation>
  void add(Operation operation) { delta.operations.push_back(std::move(operation)); }
};

Draft begin(const World& world, const CustomerRecord& record, const Event& event, Standing& standing, Delta& delta, const Decision* foreign = nullptr) {
  const UtcTime at = std::min(event.occurred_at, event.received_at);
  const std::string_view channel = event.channel.empty() ? std::string_view("web") : std::string_view(event.channel);
  delta.clock = delta.operations.empty() ? event.received_at : std::max(delta.clock, event.received_at);
  return {world, record, event, at, world.symbols->intern(channel), medium_of(channel), standing, delta, foreign};
}

/// Labels of an item at this event: the catalogue's, or what the event itself says of an item that we do not know.
LabelSet labels_of(const Draft& draft, const EventItem& item) {
  SymbolTable& symbols = *draft.world.symbols;
  LabelSet labels;
  const Symbol id = symbols.intern(item.id);
  if (const auto index = draft.world.catalogue->find(id)) {
    labels = draft.world.catalogue->at(*index).labels;
  } else {
    labels.item = labels.group = id;
    labels.kind = symbols.intern("product");
    labels.purpose = symbols.intern("marketing");
    labels.brand = symbols.intern(item.brand);
    if (!item.category.empty()) labels.category = symbols.intern_path(std::vector<std::string>{item.category});
  }
  labels.channel = draft.channel;
  labels.medium = draft.medium;
  labels.placement = symbols.intern(draft.event.placement);
  return labels;
}


/// Which mark an event sets on an exposure; none for events that speak of no exposure.
std::optional<MarkKind> mark_of(EventName name) {
  switch (name) {
  case EventName::promotion_viewed:
  case EventName::product_list_viewed: return MarkKind::viewed;
  case EventName::promotion_clicked:
  case EventName::message_clicked: return MarkKind::clicked;
  case EventName::promotion_dismissed: return MarkKind::dismissed;
  case EventName::message_delivered: return MarkKind::delivered;
  case EventName::contact_made: return MarkKind::contact;
  default: return std::nullopt;
  }
}

/// What (decision, item) means in this record: its reservation, or what was seen of somebody else's; nullptr where there is none.
const Entry* reservation_of(const CustomerRecord& record, DecisionId decision, Symbol item, const std::string& placement, const SymbolTable& symbols) {
  for (auto entry = record.ledger.entries.rbegin(); entry != record.ledger.entries.rend(); ++entry) {
    if (entry->id.origin != decision.bytes || entry->origin == EntryOrigin::ghost) continue;
    const LabelSet& labels = record.ledger.labels_of(*entry);
    if (labels.item == item && (placement.empty() || symbols.name(labels.placement) == placement)) return &*entry;
  }
  return nullptr;
}

/// A mark may not lie before the grant (a slow phone) nor after its receipt (a fast one).
Mark mark_of_entry(MarkKind kind, const Entry& entry, const Draft& draft) {
  const UtcTime received_at = draft.event.received_at;
  const EntryState state = state_of(entry, draft.record.ledger.labels_of(entry).medium, received_at);
  return {.kind = kind, .at = std::clamp(draft.at, entry.granted_at, std::max(entry.granted_at, received_at)),
          .arrived_late = state == EntryState::expired || state == EntryState::released};
}

/// Marks every reservation the event names; items that are not in the decision are left to the caller.
std::vector<const EventItem*> confirm_reservations(Draft& draft, MarkKind kind) {
  std::vector<const EventItem*> elsewhere;
  const DecisionId decision = named_decision(draft.event);
  if (draft.event.items.empty() && decision) { // the whole decision: a mail that was delivered
    for (const Entry& entry : draft.record.ledger.entries)
      if (entry.id.origin == decision.bytes && entry.origin != EntryOrigin::ghost)
        draft.add(op::AddMark{entry.id, mark_of_entry(kind, entry, draft)});
    return elsewhere;
  }
  for (const EventItem& item : draft.event.items) {
    const Entry* entry = decision ? reservation_of(draft.record, decision, draft.world.symbols->find(item.id), draft.event.placement, *draft.world.symbols) : nullptr;
    if (entry) draft.add(op::AddMark{entry->id, mark_of_entry(kind, *entry, draft)});
    else elsewhere.push_back(&item);
  }
  return elsewhere;
}

SymbolList identities_of(const Draft& draft) {
  SymbolList named;
  if (!draft.event.user_id.empty()) named.push_back(draft.world.symbols->intern("u:" + draft.event.user_id));
  if (!draft.event.anonymous_id.empty()) named.push_back(draft.world.symbols->intern("a:" + draft.event.anonymous_id));
  return named;
}

/// An exposure that no decision of this record explains: seen elsewhere, counted all the same.
void add_elsewhere(Draft& draft, LabelSet labels, MarkKind kind, const ExposureId& id) {
  Entry entry;
  entry.id = id;
  entry.origin = EntryOrigin::elsewhere;
  entry.granted_at = entry.show_by = entry.expires_at = draft.at;
  entry.marks = {{kind, Symbol::none, draft.at, 0}};
  entry.identities = identities_of(draft);
  draft.add(op::Elsewhere{std::move(labels), std::move(entry)});
}

void add_elsewhere(Draft& draft, LabelSet labels, MarkKind kind, std::uint16_t number) {
  add_elsewhere(draft, std::move(labels), kind, ExposureId{commit_id_of(draft.event).bytes, 0, number});
}

/// Enters what the event says was seen of somebody else's decision, and takes it from `unexplained`. An event that names no item speaks
/// of all of them.
void add_foreign(Draft& draft, MarkKind kind, std::vector<const EventItem*>& unexplained) {
  if (draft.foreign == nullptr) return;
  Draft seen = draft;
  seen.at = std::clamp(draft.at, draft.foreign->now, std::max(draft.foreign->now, draft.event.received_at)); // as the owner's mark is: one view, one time
  const std::vector<PlacementDecision>& placements = draft.foreign->placements;
  for (std::size_t ordinal = placements.size(); ordinal-- > 0;) { // the last first, as a reservation is looked for: both ledgers must mean the same one
    const std::string& placement = placements[ordinal].placement.text();
    if (!draft.event.placement.empty() && draft.event.placement != placement) continue;
    for (auto choice_at = placements[ordinal].choices.rbegin(); choice_at != placements[ordinal].choices.rend(); ++choice_at) {
      const Choice& choice = *choice_at;
      const ExposureId id{draft.foreign->id.bytes, static_cast<std::uint16_t>(ordinal), static_cast<std::uint16_t>(choice.slot)};
      const auto& entries = draft.record.ledger.entries;
      if (std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.id == id; })) continue; // marked already
      const auto named = std::find_if(unexplained.begin(), unexplained.end(), [&](const EventItem* item) { return item->id == choice.item.text(); });
      if (named == unexplained.end() && !draft.event.items.empty()) continue;
      EventItem whole;
      whole.id = choice.item.text();
      LabelSet labels = labels_of(draft, named == unexplained.end() ? whole : **named);
      labels.placement = draft.world.symbols->intern(placement);
      add_elsewhere(seen, std::move(labels), kind, id);
      std::erase_if(unexplained, [&](const EventItem* item) { return item->id == choice.item.text(); });
    }
  }
}

/// The sender's own events about something we have decided ("Coupon Redeemed", with the decision): marks that a cap may count. Whoever names no
/// decision of ours speaks of no exposure; the journey keeps it.
void describe_named_event(Draft& draft) {
  const DecisionId decision = named_decision(draft.event);
  if (draft.event.type != EventType::track || draft.event.name != EventName::other || draft.event.name_text.empty() || !decision) return;
  const std::size_t before = draft.delta.operations.size();
  static_cast<void>(confirm_reservations(draft, MarkKind::event));
  const Symbol name = draft.world.symbols->intern(draft.event.name_text);
  for (std::size_t i = before; i < draft.delta.operations.size(); ++i) std::get<op::AddMark>(draft.delta.operations[i]).mark.event = name;
}

void describe_exposures(Draft& draft) {
  describe_named_event(draft);
  const auto kind = mark_of(draft.event.name);
  if (!kind) return;
  const std::size_t before = draft.delta.operations.size();
  const bool is_list = draft.event.name == EventName::product_list_viewed;
  if (is_list && draft.event.decision_id.empty()) return; // an ordinary listing is interest, not an exposure of ours
  std::uint16_t number = 0;
  std::vector<const EventItem*> unexplained = confirm_reservations(draft, *kind);
  if (!unexplained.empty() || draft.event.items.empty()) add_foreign(draft, *kind, unexplained);
  for (const EventItem* item : unexplained)
    if (!is_list) add_elsewhere(draft, labels_of(draft, *item), *kind, ++number);
  const bool is_contact = draft.event.name == EventName::message_delivered || draft.event.name == EventName::contact_made;
  if (is_contact && draft.event.items.empty() && draft.delta.operations.size() == before) { // a contact that names no item is pressure too
    LabelSet labels;
    labels.purpose = draft.world.symbols->intern("marketing");
    labels.channel = draft.channel;
    labels.medium = draft.medium;
    add_elsewhere(draft, std::move(labels), *kind, 1);
  }
}

void describe_releases(Draft& draft) {
  const bool frees = draft.event.name == EventName::message_bounced || draft.event.name == EventName::message_dropped;
  if (const DecisionId decision = named_decision(draft.event); frees && decision) draft.add(op::Release{decision, draft.event.received_at});
}

std::optional<JourneyKind> journey_kind_of(const Event& event) {
  if (event.type == EventType::page) return JourneyKind::page;
  if (event.type == EventType::screen) return JourneyKind::screen;
  if (event.type != EventType::track) return std::nullopt;
  switch (event.name) {
  case EventName::product_viewed: return JourneyKind::view;
  case EventName::product_clicked: return JourneyKind::click;
  case EventName::promotion_clicked: return JourneyKind::promotion_click;
  case EventName::product_added: return JourneyKind::add_to_cart;
  case EventName::product_removed: return JourneyKind::remove_from_cart;
  case EventName::product_list_viewed: return JourneyKind::list_view;
  case EventName::products_searched: return JourneyKind::search;
  case EventName::order_completed: return JourneyKind::purchase;
  case EventName::order_refunded: return JourneyKind::refund;
  case EventName::message_opened: return JourneyKind::message_open;
  case EventName::message_clicked: return JourneyKind::message_click;
  case EventName::contact_made: return JourneyKind::contact;
  case EventName::feedback_given: return JourneyKind::feedback;
  case EventName::other: return JourneyKind::other;
  default: return std::nullopt; // exposures, consent and facts live in the ledger and in their own lists
  }
}

void describe_journey(Draft& draft) {
  const auto kind = journey_kind_of(draft.event);
  if (!kind) return;
  JourneyEvent step;
  step.at = draft.at;
  step.kind = *kind;
  step.channel = draft.channel;
  step.device = draft.event.device;
  step.dwell_ms = draft.event.dwell_ms;
  step.weight = may_be_accidental(*kind) ? static_cast<float>(draft.world.models->intent.of(draft.event.dwell_ms, draft.event.device)) : 1.0F;
  const bool without_items = draft.event.items.empty() || *kind == JourneyKind::list_view;
  // Conditions ask for the sender's own names; what a known event is, its kind says.
  if (without_items || *kind == JourneyKind::other || *kind == JourneyKind::feedback) step.name = draft.world.symbols->intern(draft.event.name_text);
  if (without_items) {
    draft.add(op::Journey{step, {}, {}});
    return;
  }
  for (const EventItem& item : draft.event.items) {
    const LabelSet labels = labels_of(draft, item);
    step.item = labels.item;
    step.group = labels.group;
    step.brand = labels.brand;
    step.category = labels.category.empty() ? Symbol::none : labels.category.back();
    draft.add(op::Journey{step, labels.category, labels.tags});
  }
}

void describe_order(Draft& draft) {
  const bool is_order = draft.event.name == EventName::order_completed, is_refund = draft.event.name == EventName::order_refunded;
  if (!is_order && !is_refund) return;
  std::vector<OrderLine> lines;
  for (const EventItem& item : draft.event.items) {
    const LabelSet labels = labels_of(draft, item);
    lines.push_back({labels.item, labels.group, labels.category, item.quantity, item.price_micros.value_or(0)});
  }
  const std::string order_id = draft.event.order_id.empty() ? "message:" + draft.event.message_id : draft.event.order_id;
  const Symbol order = draft.world.symbols->intern(order_id);
  if (is_order) draft.add(op::PutOrder{{order, draft.at, std::move(lines)}});
  else draft.add(op::Refund{order, draft.at, std::move(lines)});
}

void describe_facts(Draft& draft) {
  const Event& event = draft.event;
  // Labels of switches only: what no record refers to, no erasure finds.
  const auto switch_fact = [&](std::string_view name, std::string_view key, bool on, std::optional<UtcTime> expires_at) {
    SymbolTable& symbols = *draft.world.symbols;
    draft.add(op::SwitchFact{symbols.intern(name), symbols.intern(key), symbols.intern(event.source), {draft.at, on, expires_at}});
  };
  switch (event.name) {
  case EventName::case_opened: return switch_fact("case_open", event.case_id, true, std::nullopt);
  case EventName::case_closed: return switch_fact("case_open", event.case_id, false, std::nullopt);
  case EventName::fact_set: return switch_fact(event.fact_name, event.fact_key, true, event.fact_expires_at);
  case EventName::fact_cleared: return switch_fact(event.fact_name, event.fact_key, false, std::nullopt);
  default: return;
  }
}

Dismissal::Scope dismissal_scope(std::string_view text) {
  if (text == "category") return Dismissal::Scope::category;
  if (text == "kind") return Dismissal::Scope::kind;
  if (text == "all") return Dismissal::Scope::all;
  if (text == "item") return Dismissal::Scope::item;
  return Dismissal::Scope::group; // "group", and the default: no variant of a dismissed product either (contract.md §5)
}

void describe_dismissals(Draft& draft) {
  if (draft.event.name != EventName::promotion_dismissed) return;
  std::uint16_t number = 0;
  for (const EventItem& item : draft.event.items) {
    const LabelSet labels = labels_of(draft, item);
    Dismissal dismissal;
    dismissal.id = {commit_id_of(draft.event).bytes, 0, ++number};
    dismissal.scope = dismissal_scope(draft.event.dismiss_scope);
    dismissal.at = draft.at;
    dismissal.until = draft.event.dismiss_until;
    switch (dismissal.scope) {
    case Dismissal::Scope::item: dismissal.label = labels.item; break;
    case Dismissal::Scope::group: dismissal.label = labels.group; break;
    case Dismissal::Scope::category: dismissal.label = labels.category.empty() ? Symbol::none : labels.category.back(); break;
    case Dismissal::Scope::kind: dismissal.label = labels.kind; break;
    case Dismissal::Scope::all: break;
    }
    draft.add(op::Dismiss{dismissal});
  }
}

void describe_person(Draft& draft) {
  SymbolTable& symbols = *draft.world.symbols;
  for (const ConsentChange& change : draft.event.consents)
    draft.add(op::SetConsent{{change.purpose, symbols.intern(change.channel), change.granted, draft.at}});
  for (const EventTrait& trait : draft.event.traits) draft.add(op::SetTrait{{trait.name, trait.value_json, draft.at}});
  Standing& standing = draft.standing;
  if (const Symbol zone = symbols.intern(draft.event.zone); zone != Symbol::none && zone != standing.zone.zone) {
    draft.add(op::SetZone{{draft.at, zone}});
    if (draft.at >= standing.zone.from) standing.zone = {draft.at, zone}; // a late report leaves the newest as it is
  }
  if (const Symbol locale = symbols.intern(draft.event.locale); locale != Symbol::none && locale != standing.locale) {
    draft.add(op::SetLocale{locale});
    standing.locale = locale;
  }
  if (!draft.event.group_id.empty()) draft.add(op::SetAccountGroup{symbols.intern(draft.event.group_id)});
}

void describe(Draft draft) {
  const Event& event = draft.event;
  if (!draft.standing.is_founded) {
    draft.standing.is_founded = true;
    draft.add(op::Found{event.received_at, false});
    if (!event.user_id.empty()) draft.add(op::Link{{IdentityKind::user, event.user_id}, event.received_at});
    else draft.add(op::Link{{IdentityKind::anonymous, event.anonymous_id}, event.received_at});
  }
  if (event.active && draft.medium == Medium::screen && event.type != EventType::alias) draft.add(op::Activity{draft.at}); // before any mark: it may begin the session they belong to
  describe_exposures(draft);
  describe_releases(draft);
  describe_dismissals(draft);
  describe_journey(draft);
  describe_order(draft);
  describe_facts(draft);
  describe_person(draft);
}

} // namespace

CommitId commit_id_of(const Event& event, std::string_view part) {
  std::string key;
  key.reserve(event.source.size() + event.message_id.size() + part.size() + 2);
  key.append(event.source).push_back('\x1f');
  key.append(event.message_id);
  if (!part.empty()) key.append(1, '\x1f').append(part);
  return {hash128(key)};
}

DecisionId named_decision(const Event& event) {
  if (event.decision_id.empty()) return {};
  return parse_decision_id(event.decision_id).value_or(DecisionId{});
}

Delta delta_of(const World& world, const CustomerRecord& record, std::span<const Event* const> events) {
  Delta delta;
  delta.operations.reserve(events.size() * 3); // an activity, a step of the journey or an exposure, and one to spare: operations are large
  Standing standing = standing_of(record);
  for (const Event* event : events) describe(begin(world, record, *event, standing, delta));
  return delta;
}

Delta delta_of(const World& world, const CustomerRecord& record, const Event& event, const Decision* foreign) {
  Delta delta;
  Standing standing = standing_of(record);
  describe(begin(world, record, event, standing, delta, foreign));
  return delta;
}

Delta foreign_marks_of(const World& world, const CustomerRecord& record, const Event& event) {
  Delta delta;
  Standing standing = standing_of(record);
  Draft draft = begin(world, record, event, standing, delta);
  if (const auto kind = mark_of(event.name)) confirm_reservations(draft, *kind);
  describe_releases(draft);
  return delta;
}

} // namespace takt
