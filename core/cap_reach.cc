/// Which rules could block anybody: bounds that cost less than the keys they spare. A rule without a gap blocks a key that holds as
/// many elements as its limit; no key holds more than all label sets together, and those are counted before any key is made.
#include "core/cap_state.h"

#include <algorithm>

namespace takt {

using detail::for_each_rule;
using detail::RuleSet;
using detail::rule_bit;

namespace detail {

/// An entry is an element once, and once more for each later mark at most (shown again, clicked, an event).
std::uint64_t elements_most(const Ledger& ledger) {
  std::uint64_t most = 0;
  for (const Entry& entry : ledger.entries) most += std::max<std::size_t>(entry.marks.size(), 1);
  for (const Tally& tally : ledger.tallies) most += tally.count;
  return most;
}

RuleSet wakeful_rules(std::span<const CapRule> rules, std::uint64_t elements) {
  RuleSet wakeful = 0;
  for (std::size_t i = 0; i < rules.size(); ++i)
    if (const auto fill = fill_of(rules[i]); rules[i].min_gap || (fill && elements >= *fill)) wakeful |= rule_bit(i);
  return wakeful;
}

} // namespace detail

std::uint64_t CapView::State::counted_most(std::size_t rule) const {
  const detail::BoundRule& bound = bound_rules[rule];
  const RuleSet bit = rule_bit(rule);
  std::uint64_t most = 0;
  for (const Tally& tally : ledger.tallies)
    if ((counted.counted_in(tally) & bit) != 0 && tally.last >= bound.begin) most += tally.count;
  for (const UnverifiedItem& item : unverified_items) most += (item.rules & bit) != 0 && item.at >= bound.begin ? 1 : 0;
  if (bound.series == detail::contact_series) {
    for (const ContactItem& item : contact_items) most += (item.rules & bit) != 0 && (!item.shown || item.at >= bound.begin) ? 1 : 0;
    return most;
  }
  const bool with_live = (counted.exposures() & bit) != 0;
  for (const std::uint32_t labels : counted_labels)
    if ((label_rules[labels] & bit) != 0) most += sums.counts[labels * sums.columns + bound.window] + (with_live ? sums.live[labels] : 0);
  return most;
}

/// What a label set has of a rule matters while it is counted, or while its gap lasts. Neither comes back with time (a window only
/// moves on), so that a key without the rest gives the same answers, now and for later. Who counts contacts must know even those
/// outside the window, because a contact is one element; so must nobody else.
void CapView::State::keep_reachable() {
  for_each_rule(RuleSet{awake}, [&](std::size_t rule) {
    if (!rules[rule].min_gap && counted_most(rule) + slots_expected < *detail::fill_of(rules[rule])) awake &= ~rule_bit(rule);
  });
  relevant.assign(label_rules.size(), 0);
  for (const ContactItem& item : contact_items) relevant[item.labels] |= item.rules;
  for (const UnverifiedItem& item : unverified_items) relevant[item.labels] |= item.rules;
  for (const Tally& tally : ledger.tallies) relevant[tally.labels] |= label_rules[tally.labels] & counted.counted_in(tally);
  for_each_rule(awake & ~counted.rules[detail::contact_series], [&](std::size_t rule) {
    const detail::BoundRule& bound = bound_rules[rule];
    const bool with_live = (counted.exposures() & rule_bit(rule)) != 0;
    const auto gap = rules[rule].min_gap;
    for (const std::uint32_t labels : counted_labels) {
      if ((label_rules[labels] & rule_bit(rule)) == 0) continue;
      const bool counts = sums.counts[labels * sums.columns + bound.window] > 0 || (with_live && sums.live[labels] > 0);
      if (counts || (gap && t < sums.latest[labels * sums.begins.size() + bound.series] + *gap)) relevant[labels] |= rule_bit(rule);
    }
  });
}

} // namespace takt
