#include "engine/stage/merchandising.h"

#include "engine/stage/rule_audiences.h"
#include "engine/stage/stages.h"

#include <algorithm>

namespace takt {

MerchandisingRules merchandising_now(const Call& call, const Opening& opening) {
  MerchandisingRules now;
  const std::vector<MerchandisingRule>& rules = call.world.policy().merchandising;
  if (rules.empty() || opening.rules.placement.mode == PlacementMode::organic) return now;
  AudiencesNow audiences(call, opening);
  for (std::size_t i = 0; i < rules.size(); ++i)
    if (rules[i].schedule.holds(call.person.now) && audiences.holds(call.world.rulebook->rule_audiences.merchandising, i)) now.push_back(&rules[i]);
  return now;
}

bool hides(const MerchandisingRule& rule, const LabelSet& labels) { return rule.hide && rule.binds(labels) && rule.hide->selects(labels); }

std::vector<PinNow> pins_now(const Call& call, const Opening& opening) {
  std::vector<PinNow> pins;
  for (const MerchandisingRule* rule : merchandising_now(call, opening))
    for (const MerchandisingRule::Pin& pin : rule->pins) {
      const auto index = call.world.catalogue->find(pin.item);
      if (!index || pin.slot > opening.limit || !rule->binds(labels_at(call.world.catalogue->at(*index), opening.rules))) continue;
      const auto taken = [&](const PinNow& other) { return other.slot == pin.slot || other.item == *index; };
      if (std::none_of(pins.begin(), pins.end(), taken)) pins.push_back({rule, *index, pin.slot});
    }
  return pins;
}

void place_pins(std::span<const PinNow> pins, Candidates& items) {
  if (pins.empty()) return;
  for (Candidate& candidate : items.alive) {
    const auto pin = std::find_if(pins.begin(), pins.end(), [&](const PinNow& one) { return one.item == candidate.index; });
    if (pin == pins.end()) continue;
    candidate.pinned_slot = pin->slot;
    candidate.because = Because::picked;
    candidate.because_item = Symbol::none;
    Reason reason;
    reason.stage = Stage::retrieve;
    reason.code = ReasonCode::pinned;
    reason.rule = pin->rule->id;
    candidate.reasons.push_back(std::move(reason));
  }
}

void apply_boosts(std::span<const MerchandisingRule* const> rules, Candidate& candidate) {
  for (const MerchandisingRule* rule : rules) {
    if (rule->boosts.empty() || !rule->binds(candidate.labels)) continue;
    double factor = 1;
    for (const MerchandisingRule::Boost& boost : rule->boosts)
      if (boost.match.selects(candidate.labels)) factor *= boost.factor;
    if (factor == 1) continue;
    const double before = candidate.boost;
    candidate.boost = std::clamp(before * factor, boost_min, boost_max);
    const double applied = candidate.boost / before; // at a bound less than was asked for, and told as it is
    candidate.terms.lever *= applied;
    Reason reason;
    reason.stage = Stage::arbitrate;
    reason.code = ReasonCode::boosted;
    reason.rule = rule->id;
    reason.factor = applied;
    candidate.reasons.push_back(std::move(reason));
  }
}

double unboosted_score(const Candidate& candidate) {
  if (candidate.boost == 1) return candidate.score;
  ScoreTerms terms = candidate.terms;
  terms.lever /= candidate.boost;
  return terms.score();
}

} // namespace takt
