#pragma once
/// Caps over more than one customer in the plainest words: every record is read, every entry looked at. The judge of store/counting_store.h.
#include "core/total_cap.h"
#include "store/budgets.h"
#include "store/store.h"

#include <cstdint>
#include <map>
#include <span>
#include <utility>

namespace takt::test {

/// (place of the rule, key) → n(t) of semantics.md COUNT, summed over everybody; no zeros. Calendar windows: days of UTC only.
using SumOfAll = std::map<std::pair<std::size_t, TotalKey>, std::uint64_t>;
SumOfAll naive_totals(Store& store, std::span<const CapRule> rules, UtcTime t);
/// What the counters say.
SumOfAll counted_totals(const BudgetTotals& totals, UtcTime t);

} // namespace takt::test
