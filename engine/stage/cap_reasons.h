#pragma once
/// What the caps say about one candidate, as Reasons; and what a blocking rule wants of the whole placement (`on_exceed`).
/// Shared by apply_caps (before ranking) and compose (the slate's own caps). Threads: one decision.
/// Source: semantics.md BLOCK, "Matching"; contract.md §5 `on_exceed`.
#include "engine/call.h"
#include "engine/stage/rule_audiences.h"

#include <map>
#include <span>
#include <utility>
#include <vector>

namespace takt {

/// One Reason per blocking rule and kind; several full keys of one rule (tags) are reported by the fullest. Empty = free.
std::vector<Reason> cap_reasons(const Call& call, const CapCandidate& candidate, Stage stage);

/// Fills `eligible_again` of cap reasons, each for its rule alone. Candidates that share a rule's key share the answer.
class CapEnds {
public:
  CapEnds(const Call& call, const Opening& opening) : call_(call), opening_(opening), audiences_(call, opening) {}
  void fill(const CapCandidate& candidate, std::vector<Reason>& reasons);

private:
  using Key = std::pair<const CapRule*, std::vector<Symbol>>;
  const CapView& view_of(const CapRule& rule);
  const Call& call_;
  const Opening& opening_;
  CapAudiences audiences_;
  std::map<const CapRule*, CapView> views_;   ///< one rule each, this call's slots included
  std::map<Key, EligibleAgain> known_;
};

/// nullptr where no rule of the policy has that id.
const CapRule* find_cap(const Policy& policy, std::string_view id);

/// Some rule may end a whole placement.
bool may_stop(const Policy& policy);
/// Some of `dropped` met a rule that ends the whole placement: the strictest of them, in the order nothing, defer, fallback.
/// Only rules per all, channel or placement can; nullptr = the next best item may be shown.
const CapRule* stopping_rule(const Policy& policy, std::span<const Dropped> dropped);
/// Whom a stopping rule ends the placement for: everybody whom it does not exempt.
bool stops(const CapRule& rule, const LabelSet& labels);

} // namespace takt
