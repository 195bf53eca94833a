#include "engine/call.h"

#include <algorithm>

namespace takt {
namespace {

bool is_replaced(const Entry& entry, const Ledger& ledger, const DecisionRequest& request, UtcTime now) {
  if (entry.origin != EntryOrigin::granted || !is_live(entry, ledger.labels_of(entry).medium, now)) return false;
  return std::any_of(request.replaces.begin(), request.replaces.end(), [&](DecisionId id) { return id && id.bytes == entry.id.origin; });
}

bool replaces_something(const Person& person, const DecisionRequest& request) {
  if (request.replaces.empty()) return false;
  const Ledger& ledger = person->ledger;
  return std::any_of(ledger.entries.begin(), ledger.entries.end(),
                     [&](const Entry& entry) { return is_replaced(entry, ledger, request, person.now); });
}

/// Without `frequency` the caps see the running session only, from its own first entry on; what is older is not looked at.
void keep_running_session(Ledger& ledger, const Person& person) {
  const UtcTime start = person.time.session.start_for(person.now);
  std::erase_if(ledger.entries, [&](const Entry& entry) { return entry.granted_at < start; });
  ledger.tallies.clear();
  ledger.saturated = ledger.saturated && ledger.complete_since > start; // else what the size bound dropped is older than the session
  ledger.complete_since = std::max(ledger.complete_since, start);
}

/// The ledger as this call sees it; empty where the record's own will do.
Ledger own_ledger(const Person& person, const DecisionRequest& request) {
  const bool replaces = replaces_something(person, request);
  if (!replaces && person.frequency_allowed) return {};
  Ledger ledger = person->ledger;
  if (replaces) {
    for (Entry& entry : ledger.entries) {
      if (!is_replaced(entry, ledger, request, person.now)) continue;
      const Mark released{MarkKind::released, Symbol::none, person.now, person.time.session.ordinal};
      entry.marks.insert(std::upper_bound(entry.marks.begin(), entry.marks.end(), released,
                                          [](const Mark& a, const Mark& b) { return std::pair(a.at, a.kind) < std::pair(b.at, b.kind); }),
                         released);
    }
  }
  if (!person.frequency_allowed) keep_running_session(ledger, person);
  return ledger;
}

std::unordered_set<Symbol> excluded_items(const World& world, const DecisionRequest& request) {
  std::unordered_set<Symbol> excluded;
  for (const ItemId& id : request.exclude) {
    const Symbol named = world.symbols->find(id.text());
    if (named == Symbol::none) continue; // nobody knows it, so nothing can have that name
    const auto index = world.catalogue->find(named);
    excluded.insert(index ? world.catalogue->at(*index).labels.item : named); // an alias excludes its item
  }
  return excluded;
}

} // namespace

Call::Call(const World& the_world, const Person& the_person, const DecisionRequest& the_request)
    : world(the_world), person(the_person), request(the_request), ledger_copy(own_ledger(the_person, the_request)),
      ledger(replaces_something(the_person, the_request) || !the_person.frequency_allowed ? &ledger_copy : &the_person->ledger),
      caps({*ledger, the_world.policy().caps, the_person.time, the_person.now}, {the_world, the_person, the_request}), excluded(excluded_items(the_world, the_request)) {}

ContactId Call::contact_of(std::size_t placement_ordinal) const {
  ContactId contact;
  contact.origin.back() = 1; // no hash and no decision id looks like this, and zero means "none"
  contact.placement = static_cast<std::uint16_t>(placement_ordinal);
  return contact;
}

void Call::take(const CapCandidate& chosen, bool reserved) {
  taken_items.insert(chosen.labels->item);
  taken_groups.insert(chosen.labels->group);
  if (!reserved) return;
  slots.push_back(chosen);
  slots.back().labels = &slot_labels.emplace_back(*chosen.labels);
  caps.add_slot(slots.back());
}

} // namespace takt
