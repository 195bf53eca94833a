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

/// Of all rules together: as much as two of the strongest ones (contract.md: a single factor is 0.2 to 5).
constexpr double boost_min = 0.04, boost_max = 25;
/// Multiplies `terms.lever` and `boost`, within these bounds, with one Reason per rule.
void apply_boosts(std::span<const MerchandisingRule* const> rules, Candidate& candidate);
/// The score that it would have without boosts.
double unboosted_score(const Candidate& candidate);

} // namespace takt
