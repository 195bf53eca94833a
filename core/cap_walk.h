#pragma once
/// What one ledger entry contributes to which rules: the one place that knows COUNTED of semantics.md §1 entry by entry.
/// Used by the counters (cap_count.cc) and by the exact histories (cap.cc). Private to core/cap*.
#include "core/cap_key.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace takt::detail {

/// Rules of one series see the same times of an entry; they differ in window, key and selectors only.
using Series = std::size_t;
constexpr Series impression_series = 0, delivered_series = 1, contact_series = 2, decision_series = 3, click_series = 4;
constexpr Series first_event_series = 5;      ///< one per named event from here on

/// The rules by what they count.
struct CountedRules {
  std::vector<RuleSet> rules = std::vector<RuleSet>(first_event_series, 0);   ///< per series
  std::vector<Symbol> events;                                                 ///< names, from first_event_series on
  RuleSet unverified = 0;                                                     ///< those that count unverified exposures too
  explicit CountedRules(std::span<const CapRule> bound);
  RuleSet exposures() const { return rules[impression_series] | rules[delivered_series] | rules[contact_series]; }
  /// The rules that a tally counts for; a message's impression is its delivery.
  RuleSet counted_in(const Tally& tally) const;
  Series series_of(const CapRule& rule) const;
};

template <class Sink>
void walk_marks(const Entry& entry, MarkKind kind, Symbol event, Series series, RuleSet rules, Sink&& sink) {
  std::optional<UtcTime> last;                // distinct times: marks ascend, so equal ones are neighbours
  for (const Mark& mark : entry.marks) {
    if (mark.kind != kind || mark.event != event || last == mark.at) continue;
    last = mark.at;
    sink.shown(series, rules, mark.at);
  }
}

/// shown_at without the call, for what nearly every entry is: seen on a screen, first of all.
inline std::optional<UtcTime> shown_first(const Entry& entry, Medium medium) {
  if (entry.origin == EntryOrigin::granted && medium == Medium::screen && !entry.marks.empty() && entry.marks.front().kind == MarkKind::viewed) return entry.marks.front().at;
  return shown_at(entry, medium);
}

template <class Sink>
void walk_exposures(const Entry& entry, Medium medium, const CountedRules& counted, RuleSet rules, UtcTime t, Sink&& sink) {
  const RuleSet impression = rules & counted.rules[impression_series];
  const RuleSet delivered = rules & counted.rules[delivered_series];
  const RuleSet contact = rules & counted.rules[contact_series];
  const auto shown = shown_first(entry, medium);
  if (!shown) {
    if (is_live(entry, medium, t)) sink.live(impression | delivered | contact);
    return;
  }
  if (impression != 0) {
    sink.shown(impression_series, impression, *shown);
    if (medium == Medium::screen && entry.marks.size() > 1)
      for (const UtcTime again : reshown_at(entry, medium)) sink.shown(impression_series, impression, again);
  }
  const auto is_delivery = [](const Mark& mark) { return mark.kind == MarkKind::delivered; };
  if (delivered != 0 && std::any_of(entry.marks.begin(), entry.marks.end(), is_delivery)) sink.shown(delivered_series, delivered, *shown);
  // Re-shown entries have the contact of the first, which is earlier: nothing to add.
  if (contact != 0) sink.shown(contact_series, contact, *shown);
}

/// Calls sink.shown(series, rules, time) for every element of P and sink.live(rules) for one of V. `rules` are those that
/// count the entry's labels. The contact series gets one call per entry: the sink reduces them per contact.
template <class Sink>
void walk_entry(const Entry& entry, Medium medium, const CountedRules& counted, RuleSet rules, UtcTime t, Sink&& sink) {
  if (entry.origin == EntryOrigin::ghost) return;
  if (entry.origin == EntryOrigin::unverified) rules &= counted.unverified;
  if ((rules & counted.exposures()) != 0) walk_exposures(entry, medium, counted, rules, t, sink);
  const RuleSet decision = rules & counted.rules[decision_series];
  if (decision != 0 && entry.origin == EntryOrigin::granted) sink.shown(decision_series, decision, entry.granted_at);
  if (entry.marks.empty()) return;
  const RuleSet click = rules & counted.rules[click_series];
  if (click != 0) walk_marks(entry, MarkKind::clicked, Symbol::none, click_series, click, sink);
  for (std::size_t i = 0; i < counted.events.size(); ++i) {
    const Series series = first_event_series + i;
    if ((rules & counted.rules[series]) != 0) walk_marks(entry, MarkKind::event, counted.events[i], series, rules & counted.rules[series], sink);
  }
}

} // namespace takt::detail
