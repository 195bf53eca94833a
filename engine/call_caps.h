#pragma once
/// Every cap that a call meets, of the customer alone and of many together, behind the questions of a CapView.
/// Threads: one decision. Cost: a CapView's, and engine/totals.h where the policy has such caps.
#include "core/cap.h"
#include "engine/totals.h"

#include <utility>
#include <vector>

namespace takt {

class CallCaps {
public:
  CallCaps(CapView own, TotalsView totals) : own_(std::move(own)), totals_(std::move(totals)) {}

  bool gains_from_expecting(std::size_t candidates) const { return own_.gains_from_expecting(candidates); }
  void expect(const LabelSet& candidate) const { own_.expect(candidate); }
  void add_slot(const CapCandidate& chosen) {
    own_.add_slot(chosen);
    totals_.add_slot(chosen);
  }
  bool blocks(const CapCandidate& candidate) const { return own_.blocks(candidate) || totals_.blocks(candidate); }
  bool newly_blocked(const CapCandidate& candidate) const { return own_.newly_blocked(candidate) || totals_.blocks(candidate); }
  std::vector<CapBlock> check(const CapCandidate& candidate) const {
    std::vector<CapBlock> found = own_.check(candidate);
    totals_.check(candidate, found);
    return found;
  }
  /// Caps of many come as obstacles (stages.h): their ends are not the ledger's.
  EligibleAgain eligible_again(const CapCandidate& candidate, std::span<const Obstacle* const> obstacles, const RuleAudience* audiences = nullptr) const {
    return own_.eligible_again(candidate, obstacles, audiences);
  }
  const TotalsView& totals() const { return totals_; }

private:
  CapView own_;
  TotalsView totals_;
};

} // namespace takt
