#pragma once
/// Small ledgers by hand, for tests of core/cap.h and core/ledger.h. Times are minutes or milliseconds after `epoch`.
#include "core/cap.h"

#include <optional>
#include <vector>

namespace takt::tests {

constexpr UtcTime epoch = utc_from_ms(1'709'632'800'000);   ///< 5 March 2024, 10:00 UTC
constexpr UtcTime at(std::int64_t minute, std::int64_t ms = 0) { return epoch + minutes(minute) + Duration{ms}; }
constexpr Symbol sym(std::uint32_t number) { return static_cast<Symbol>(number); }
constexpr Symbol web = sym(1), email = sym(2), phone = sym(3), hero = sym(4);

inline ContactId contact(std::uint8_t decision, std::uint16_t placement = 0) {
  ContactId id;
  id.origin[0] = decision;
  id.placement = placement;
  return id;
}

/// A product on the web; change what the test is about.
inline LabelSet product(std::uint32_t item) {
  LabelSet labels;
  labels.item = sym(1000 + item);
  labels.group = labels.item;
  labels.kind = sym(10);
  labels.channel = web;
  labels.placement = hero;
  return labels;
}
inline LabelSet mail(std::uint32_t item) {
  LabelSet labels = product(item);
  labels.channel = email;
  labels.medium = Medium::message;
  return labels;
}

struct LedgerBuilder {
  Ledger ledger;
  std::uint16_t slot = 0;
  /// Granted at g with a TTL of 10 minutes and a grace of 5.
  Entry& grant(const LabelSet& labels, std::uint8_t decision, UtcTime g) {
    Entry entry;
    entry.id = {contact(decision).origin, 0, ++slot};
    entry.labels = intern_labels(ledger, labels);
    entry.granted_at = g;
    entry.show_by = g + minutes(10);
    entry.expires_at = g + minutes(15);
    ledger.entries.push_back(entry);
    return ledger.entries.back();
  }
  Entry& shown(const LabelSet& labels, std::uint8_t decision, UtcTime g, UtcTime shown_time) {
    Entry& entry = grant(labels, decision, g);
    entry.marks.push_back({labels.medium == Medium::screen ? MarkKind::viewed : MarkKind::delivered, Symbol::none, shown_time, 0});
    return entry;
  }
  Entry& elsewhere(const LabelSet& labels, std::uint8_t message, UtcTime time, EntryOrigin origin = EntryOrigin::elsewhere) {
    Entry& entry = grant(labels, message, time);
    entry.origin = origin;
    entry.show_by = entry.expires_at = time;
    return entry;
  }
};

inline CapRule cap(Counts counts, Per per, std::optional<Duration> rolling, std::optional<std::uint32_t> limit) {
  CapRule rule;
  rule.id = "r";
  rule.counts = counts;
  rule.per = {per};
  if (rolling) rule.window = {WindowKind::rolling, *rolling};
  rule.limit = limit;
  return rule;
}

} // namespace takt::tests
