#include "core/fold_steps.h"
#include "core/limits.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace takt::fold_steps {

namespace {

auto order_of(const Mark& mark) { return std::tuple(mark.at, mark.kind, mark.event); }

/// Does the mark decide anything that a cap or fatigue reads? Views within 30 m of a counted one and second deliveries do not.
bool counts(const Mark& mark, std::optional<UtcTime> shown, const std::vector<UtcTime>& reshown) {
  switch (mark.kind) {
    case MarkKind::clicked:
    case MarkKind::event:
    case MarkKind::released: return true;
    case MarkKind::viewed: return mark.at == shown || std::binary_search(reshown.begin(), reshown.end(), mark.at);
    case MarkKind::delivered:
    case MarkKind::dismissed:
    case MarkKind::contact: return mark.at == shown;
  }
  return true;
}

/// Makes room on a full entry: first the latest mark that counts nothing; where all count, the oldest after the first show goes to
/// the tallies and the record is saturated from there: over-strict, never over a cap.
void shed_mark(Ledger& ledger, Entry& entry) {
  const Medium medium = ledger.labels_of(entry).medium;
  const std::optional<UtcTime> shown = shown_at(entry, medium);
  const std::vector<UtcTime> reshown = reshown_at(entry, medium);
  const auto idle = std::find_if(entry.marks.rbegin(), entry.marks.rend(), [&](const Mark& mark) { return !counts(mark, shown, reshown); });
  if (idle != entry.marks.rend()) {
    entry.marks.erase(std::prev(idle.base()));
    return;
  }
  const auto oldest =
      std::find_if(entry.marks.begin(), entry.marks.end(), [&](const Mark& mark) { return mark.kind != MarkKind::released && mark.at != shown; });
  if (oldest == entry.marks.end()) { // 64 names at one instant: nobody measures that
    entry.marks.pop_back();
    return;
  }
  const bool unverified = entry.origin == EntryOrigin::unverified;
  if (entry.origin != EntryOrigin::ghost)
    count_into_tallies(ledger, {entry.labels, oldest->kind, 1, oldest->at, oldest->at, oldest->event, unverified});
  ledger.saturated = true;
  ledger.complete_since = std::max(ledger.complete_since, oldest->at + Duration{1});
  entry.marks.erase(oldest);
}

void insert_mark(Ledger& ledger, Entry& entry, const Mark& mark) {
  const auto after = [&](const Mark& other) { return order_of(other) <= order_of(mark); };
  const auto place = std::find_if(entry.marks.rbegin(), entry.marks.rend(), after).base(); // from the back: marks mostly come in order
  if (place != entry.marks.begin() && order_of(*std::prev(place)) == order_of(mark)) return; // a mark that is there twice is there once
  entry.marks.insert(place, mark);
  if (entry.marks.size() > limits::marks_per_entry_max) shed_mark(ledger, entry);
}

} // namespace

void unite_entry(Ledger& ledger, Entry entry) {
  Entry* known = find_entry(ledger, entry.id);
  if (known == nullptr) {
    const MarkList marks = std::exchange(entry.marks, {});
    make_room(ledger.entries);
    ledger.entries.push_back(std::move(entry));
    for (const Mark& mark : marks) insert_mark(ledger, ledger.entries.back(), mark);
    return;
  }
  // The same exposure known from two sides: what was granted here says more than what was seen elsewhere.
  if (known->is_elsewhere() && !entry.is_elsewhere()) {
    std::swap(*known, entry);
    for (const Mark& mark : std::exchange(known->marks, {})) insert_mark(ledger, *known, mark);
  } else if (known->origin == EntryOrigin::unverified && entry.origin == EntryOrigin::elsewhere) {
    known->origin = EntryOrigin::elsewhere;
  }
  for (const Mark& mark : entry.marks) insert_mark(ledger, *known, mark);
  for (const Symbol identity : entry.identities)
    if (std::find(known->identities.begin(), known->identities.end(), identity) == known->identities.end()) known->identities.push_back(identity);
}

void put_entry(CustomerRecord& record, const LabelSet& labels, Entry entry) {
  entry.labels = intern_labels(record.ledger, labels);
  entry.session = session_at(record, entry.granted_at);
  for (Mark& mark : entry.marks) mark.session = session_at(record, mark.at);
  unite_entry(record.ledger, std::move(entry));
}

void add_mark(CustomerRecord& record, const ExposureId& id, Mark mark) {
  Entry* entry = find_entry(record.ledger, id);
  if (entry == nullptr) return; // folded into tallies since: ingest had answered for it
  mark.session = session_at(record, mark.at);
  insert_mark(record.ledger, *entry, mark);
}

void release(CustomerRecord& record, DecisionId decision, UtcTime at) {
  Ledger& ledger = record.ledger;
  for (Entry& entry : ledger.entries) {
    if (entry.id.origin != decision.bytes || !is_live(entry, ledger.labels_of(entry).medium, at)) continue;
    insert_mark(ledger, entry, {MarkKind::released, Symbol::none, at, session_at(record, at)});
  }
}

} // namespace takt::fold_steps
