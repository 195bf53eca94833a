#pragma once
/// Caps over more than one customer (semantics.md "Total caps"): what one customer's ledger adds to them, and how a decision asks for the sum.
///
/// n(t) of such a rule is the sum of the n(t) that the same rule would have for each customer: of everybody, or of those who belong to one group
/// now. So the sum can always be found again from the records, and whoever keeps it (store/budgets.h) only follows what changes.
/// Windows are `lifetime`, or calendar periods of a fixed zone: others begin at another instant for each customer.
/// Threads: pure functions and values. Cost of `total_elements`: selectors per label set, then one look per entry.
#include "core/cap.h"

#include <optional>
#include <span>
#include <vector>

namespace takt {

/// Parts of a key, in the order of `per`; first of all the group of customers where the rule's scope is the group.
using TotalKey = SymbolList;

/// So many elements of P with one time, or elements of V until it is over. Says nothing of "now": an expired reservation is one that is not counted any more.
struct TotalElement {
  std::uint32_t rule = 0;                ///< place among the rules that were asked for
  bool live = false;
  std::uint32_t times = 1;
  UtcTime at{};                          ///< shown (granted, clicked, …) at; live: until
  TotalKey key;
  auto operator<=>(const TotalElement&) const = default;
};

/// What the ledger of one customer adds to each rule, by rule, key and time. `group`: the customer's; none: rules per group do not see the customer.
std::vector<TotalElement> total_elements(const Ledger& ledger, Symbol group, std::span<const CapRule> rules);

/// Of a rule what decides its count and nothing else: rules with equal ones have equal counts, whatever their limits.
CapRule counting_part(const CapRule& rule);

/// Does a grant with these labels enter the count while it is neither shown nor over? (Clicks and events do not.)
bool counts_grant(const CapRule& rule, const LabelSet& labels);
/// May the rule block a candidate with these labels at t, as far as the rule says itself?
bool may_block(const CapRule& rule, const LabelSet& labels, UtcTime t);

/// n(t) of one key, and when it is below the limit again if nothing more happens.
struct TotalCount {
  std::uint32_t count = 0;
  std::optional<UtcTime> free_at;        ///< where count >= limit; none: no end is known
  bool provisional = false;              ///< free then because a reservation expires: if it is shown instead, not before the next period, or never
};

/// What a decision is told of the counts: the live ones, or those that a logged decision was told.
class TotalCounts {
public:
  virtual ~TotalCounts() = default;
  /// `rule`: by its place in Policy::total_caps. t: the clock of whoever keeps the count, not the customer's, which may be ahead of it: then
  /// others' reservations would seem to have expired.
  virtual TotalCount count(std::size_t rule, const TotalKey& key, UtcTime t) const = 0;
  /// Is what the call itself released already out of it?
  virtual bool is_without_released() const = 0;
};

} // namespace takt
