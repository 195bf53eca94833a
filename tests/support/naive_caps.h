#pragma once
/// The cap definitions written down once more, one naive function each, to test core/cap* against. Shares core's plain
/// values and none of its functions: own states, selectors, keys, windows. Slow on purpose: every question walks everything.
#include "core/cap.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace takt::tests {

struct NaiveBlock {
  std::string rule;
  BlockKind kind = BlockKind::limit;
  std::vector<Symbol> key;
  std::uint32_t observed = 0;
  auto operator<=>(const NaiveBlock&) const = default;
};

struct NaiveCaps {
  const Ledger& ledger;
  std::span<const CapRule> rules;
  PersonTime time;

  /// Every blocking rule, key and kind, ascending.
  std::vector<NaiveBlock> blocks(const CapCandidate& candidate, std::span<const CapCandidate> slots, UtcTime t) const;
  bool is_free(const CapCandidate& candidate, UtcTime t) const { return blocks(candidate, {}, t).empty(); }
  /// The largest n(t) - limit of a rule that binds the candidate, over its keys; none where no limit binds it.
  std::optional<int> worst_excess(const CapCandidate& candidate, UtcTime t) const;
  /// Every instant after t at which something may change, and more; ascending, up to 400 d.
  std::vector<UtcTime> edges(UtcTime t) const;
  std::optional<UtcTime> eligible_again(const CapCandidate& candidate, UtcTime t) const;
  bool is_provisional(const CapCandidate& candidate, UtcTime t) const;
};

/// Do the labels fall under the key? (tests of true display times use it too)
bool naive_matches(const CapRule& rule, std::span<const Symbol> key, const LabelSet& labels);
bool naive_selects(const Selector& selector, const LabelSet& labels);
std::vector<std::vector<Symbol>> naive_keys(const CapRule& rule, const LabelSet& labels);

} // namespace takt::tests
