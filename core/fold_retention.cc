#include "core/fold_steps.h"
#include "core/limits.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace takt::fold_steps {

namespace {

/// A sweep reads the whole ledger, so entries may stay this much longer than the horizon: at most one sweep per customer and day.
constexpr Duration sweep_slack = days(1);
/// Room made at once when the ledger is full: one sweep per so many exposures.
constexpr std::size_t overflow_chunk = limits::ledger_entries_max / 16;

auto key_of(const Tally& tally) { return std::tuple(tally.labels, tally.counted, tally.event, tally.unverified); }

UtcTime last_relevant(const Entry& entry) { // marks ascend, so the last one is the latest
  return entry.marks.empty() ? entry.expires_at : std::max(entry.expires_at, entry.marks.back().at);
}

/// Everything that a lifetime count reads of an entry: impressions with re-shown ones, grants, contacts, clicks, named events.
void count_entry(Ledger& ledger, const Entry& entry, bool as_if_shown) {
  if (entry.origin == EntryOrigin::ghost) return; // invisible to real rules
  const Medium medium = ledger.labels_of(entry).medium;
  const auto count = [&](MarkKind kind, Symbol event, UtcTime at) {
    count_into_tallies(ledger, {entry.labels, kind, 1, at, at, event, entry.origin == EntryOrigin::unverified});
  };
  std::optional<UtcTime> shown = shown_at(entry, medium);
  if (!shown && as_if_shown) shown = entry.granted_at;
  if (shown) {
    count(MarkKind::viewed, Symbol::none, *shown);
    count(MarkKind::contact, Symbol::none, *shown);
    for (const UtcTime at : reshown_at(entry, medium)) count(MarkKind::viewed, Symbol::none, at);
  }
  if (entry.origin == EntryOrigin::granted) count(MarkKind::event, Symbol::none, entry.granted_at);
  for (const Mark& mark : entry.marks)
    if (mark.kind == MarkKind::clicked || mark.kind == MarkKind::event) count(mark.kind, mark.event, mark.at);
}

/// Label sets that nothing refers to leave; the others keep their order, so tallies stay sorted.
void compact_labels(Ledger& ledger) {
  constexpr std::uint32_t unused = 0xffff'ffff;
  std::vector<std::uint32_t> moved(ledger.label_sets.size(), unused);
  for (const Entry& entry : ledger.entries) moved[entry.labels] = 0;
  for (const Tally& tally : ledger.tallies) moved[tally.labels] = 0;
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    if (moved[i] == unused) continue;
    moved[i] = next;
    if (next != i) ledger.label_sets[next] = std::move(ledger.label_sets[i]);
    ++next;
  }
  ledger.label_sets.resize(next);
  for (Entry& entry : ledger.entries) entry.labels = moved[entry.labels];
  for (Tally& tally : ledger.tallies) tally.labels = moved[tally.labels];
}

/// Tallies grow with every item ever shown. Beyond the bound the label sets seen longest ago are forgotten, and the record says so.
void bound_tallies(Ledger& ledger) {
  if (ledger.label_sets.size() <= limits::label_sets_max) return;
  std::vector<UtcTime> last(ledger.label_sets.size(), UtcTime::min());
  for (const Tally& tally : ledger.tallies) last[tally.labels] = std::max(last[tally.labels], tally.last);
  for (const Entry& entry : ledger.entries) last[entry.labels] = UtcTime::max(); // in use
  std::vector<std::uint32_t> by_age(last.size());
  std::iota(by_age.begin(), by_age.end(), 0U);
  std::stable_sort(by_age.begin(), by_age.end(), [&](std::uint32_t a, std::uint32_t b) { return last[a] < last[b]; });
  std::vector<bool> forgotten(last.size(), false);
  for (std::size_t i = 0; i < last.size() - limits::label_sets_max && last[by_age[i]] != UtcTime::max(); ++i) forgotten[by_age[i]] = true;
  std::erase_if(ledger.tallies, [&](const Tally& tally) { return forgotten[tally.labels]; });
  ledger.saturated = true;
  compact_labels(ledger);
}

/// Folds the entries that `leaves` chooses; order of the others is kept.
template <class Leaves>
void sweep(Ledger& ledger, UtcTime clock, Leaves leaves) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ledger.entries.size(); ++i) {
    Entry& entry = ledger.entries[i];
    if (leaves(i)) {
      count_entry(ledger, entry, is_live(entry, ledger.labels_of(entry).medium, clock));
    } else {
      if (kept != i) ledger.entries[kept] = std::move(entry);
      ++kept;
    }
  }
  ledger.entries.resize(kept);
  compact_labels(ledger);
  bound_tallies(ledger);
}

void sweep_horizon(Ledger& ledger, UtcTime clock) {
  const UtcTime horizon = clock - limits::ledger_horizon;
  sweep(ledger, clock, [&](std::size_t i) { return last_relevant(ledger.entries[i]) < horizon; });
  ledger.complete_since = std::max(ledger.complete_since, horizon);
}

/// The size bound: the oldest leave although their time has not come. A live one counts as shown, else a flood would free caps.
void sweep_overflow(Ledger& ledger, UtcTime clock) {
  const std::size_t size = ledger.entries.size();
  const std::size_t surplus = size - (limits::ledger_entries_max - overflow_chunk);
  std::vector<std::size_t> by_age(size);
  std::iota(by_age.begin(), by_age.end(), std::size_t{0});
  std::stable_sort(by_age.begin(), by_age.end(),
                   [&](std::size_t a, std::size_t b) { return last_relevant(ledger.entries[a]) < last_relevant(ledger.entries[b]); });
  std::vector<bool> leaving(size, false);
  for (std::size_t i = 0; i < surplus; ++i) leaving[by_age[i]] = true;
  ledger.complete_since = std::max(ledger.complete_since, last_relevant(ledger.entries[by_age[surplus - 1]]) + Duration{1});
  ledger.saturated = true;
  sweep(ledger, clock, [&](std::size_t i) { return leaving[i]; });
}

} // namespace

void count_into_tallies(Ledger& ledger, const Tally& one) {
  const auto place = std::lower_bound(ledger.tallies.begin(), ledger.tallies.end(), one,
                                      [](const Tally& a, const Tally& b) { return key_of(a) < key_of(b); });
  if (place == ledger.tallies.end() || key_of(*place) != key_of(one)) {
    ledger.tallies.insert(place, one);
    return;
  }
  place->count += one.count;
  place->first = std::min(place->first, one.first);
  place->last = std::max(place->last, one.last);
}

void retain(CustomerRecord& record, Version version) {
  Ledger& ledger = record.ledger;
  if (ledger.entries.empty()) return;
  // Two probes instead of a scan: the first entry, and one that moves on with the version, so that no old entry hides for long
  // behind a young one. Both follow from record and version, so every replay sweeps at the same place.
  const UtcTime due = record.clock - limits::ledger_horizon - sweep_slack;
  const Entry& probe = ledger.entries[static_cast<std::size_t>(version % ledger.entries.size())];
  const bool full = ledger.entries.size() > limits::ledger_entries_max;
  if (full || last_relevant(ledger.entries.front()) < due || last_relevant(probe) < due) sweep_horizon(ledger, record.clock);
  if (ledger.entries.size() > limits::ledger_entries_max) sweep_overflow(ledger, record.clock);
}

} // namespace takt::fold_steps
