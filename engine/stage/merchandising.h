#pragma once
/// What people put forward, back or away by hand: the merchandising rules that hold at this opening now. Not for organic placements.
/// A pin is a candidate like any other until compose: consent, stock, caps and gates may drop it. The first rule that names a slot, or an
/// item, has it. Boosts of several rules multiply. Threads: one decision. Cost: nothing without rules; else rules × candidates.
/// Source: contract.md §5 "merchandising".
#include "engine/call.h"
#include "engine/candidate.h"

#include <span>
#include <vector>

namespace takt {

using MerchandisingRules = std::vector<const MerchandisingRule*>;
/// Those of the policy whose schedule and audience hold; empty where nothing is merchandised.
MerchandisingRules merchandising_now(const Call& call, const Opening& opening);

/// The first rule that hides it; null: none does.
const MerchandisingRule* hidden_by(std::span<const MerchandisingRule* const> rules, const LabelSet& labels);
bool hides(const MerchandisingRule& rule, const LabelSet& labels);

struct PinNow {
  const MerchandisingRule* rule = nullptr;
  ItemIndex item = 0;
  std::uint32_t slot = 1;
};
/// Pins of items that the catalogue has, into slots that are asked for; each slot and item once, in the order of the rules.
std::vector<PinNow> pins_now(const Call& call, const Opening& opening);
/// Gives the candidates that are pinned their slot and the reason for it.
void place_pins(std::span<const PinNow> pins, Candidates& items);

/// Multiplies `terms.lever` and `boost`, with one Reason per rule.
void apply_boosts(std::span<const MerchandisingRule* const> rules, Candidate& candidate);
/// The score that it would have without boosts.
double unboosted_score(const Candidate& candidate);

} // namespace takt
