#pragma once
/// What happened to one customer, in the order in which it became known: the record as it stood before, then every journal entry up to an
/// end, each decision with its line of the log. What-if folds this forward, once as it was and once under other rules.
/// Errors: those of the store. Threads: any number, each with its own. Reads only. Cost: the customer's journal once, one look-up per decision;
/// where the range begins late, one snapshot more.
#include "core/policy.h"
#include "store/store.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace takt::what_if {

/// Why a customer has no part in a what-if; `none` has one.
enum class LeftOut : std::uint8_t {
  none,
  no_decisions,            ///< nothing was decided for them in the range: not a gap, nothing to ask
  no_analytics_consent,
  told_elsewhere,          ///< merged into another record within the range: part of that one's past
  bot,
  parted,                  ///< a merge was undone within the range: what each side saw is not told in one journal
  world_not_held,          ///< a decision was made with rules, items or models that are not kept
};
constexpr std::size_t left_out_count = static_cast<std::size_t>(LeftOut::world_not_held) + 1;
std::string_view to_text(LeftOut reason);

struct TimeRange { UtcTime from = UtcTime::min(), to = UtcTime::max(); };  ///< [from, to)

struct PastEntry {
  JournalEntry entry;
  std::optional<DecisionRecord> decision;              ///< made within the range; all else is applied as it was
};

struct CustomerPast {
  LeftOut left_out = LeftOut::none;                    ///< not none: the rest is empty
  CustomerRecord before;                               ///< fold of everything before `entries`
  std::vector<PastEntry> entries;
  std::map<CustomerId, CustomerPast> absorbed;         ///< whom this record took in within the range: each up to its end
};

/// `now`: the record as it is, whose consent counts: who withdrew it since is in no report. Merges are followed: a person is one past.
enum class ReadDecisions : bool { no, yes };             ///< no: entries without their lines of the log, for a quarter of the time
Result<CustomerPast> read_past(Store& store, const CustomerRecord& now, const TimeRange& range, const ConsentPolicy& consent, ReadDecisions decisions);

/// Into an entry that no record holds, in the order of times.
void put_mark(Entry& entry, const Mark& mark);

} // namespace takt::what_if
