#pragma once
/// Short ways to records, journals and decisions for tests. Random ones come from a seed, so a failure names its case.
#include "core/decision.h"
#include "core/delta.h"
#include "core/fold.h"
#include "core/random.h"

#include <initializer_list>
#include <string_view>
#include <vector>

namespace takt::test {

/// "2024-03-05T10:00:00Z"; anything else stops the test program.
UtcTime utc(std::string_view rfc3339);
/// 5 March 2024 (a Tuesday) at hh:mm UTC.
UtcTime clock_at(int hour, int minute, int second = 0);

constexpr Symbol symbol(std::uint32_t value) { return static_cast<Symbol>(value); }

/// Symbols of one item follow from its number: labels are stable across calls and differ between items.
LabelSet labels_of_item(std::uint32_t item, Medium medium = Medium::screen);

DecisionId decision_id(CustomerId customer, UtcTime now, std::uint32_t nonce);
/// Granted at `now`, to be shown within ten minutes, five minutes' grace.
op::Grant grant(DecisionId decision, std::uint16_t slot, UtcTime now, LabelSet labels);
/// Seen elsewhere at `own_time`; `number` makes the id.
op::Elsewhere elsewhere(std::uint64_t number, UtcTime own_time, LabelSet labels);
op::AddMark mark(const ExposureId& id, MarkKind kind, UtcTime at, Symbol event = Symbol::none);
op::Journey journey(JourneyKind kind, std::uint32_t item, UtcTime at);

/// A journal and the record that it folds to.
class JournalBuilder {
public:
  explicit JournalBuilder(CustomerId customer) { record_.id = customer; }
  JournalBuilder& commit(UtcTime now, std::vector<Operation> operations);
  const CustomerRecord& record() const { return record_; }
  const std::vector<JournalEntry>& entries() const { return entries_; }

private:
  CustomerRecord record_;
  std::vector<JournalEntry> entries_;
};

/// A customer's random life: every kind of operation but Seal and Absorb, mostly in time order, some late.
JournalBuilder random_journal(std::uint64_t seed, std::size_t commits, Duration step_max);
/// Two of them, the second sealed and absorbed by the first.
CustomerRecord random_record(std::uint64_t seed, std::size_t commits);
DecisionRecord random_decision(std::uint64_t seed);

} // namespace takt::test
