#include "core/hash.h"
#include "engine/history.h"
#include "tests/simulation/checkers/knowledge.h"

#include <cmath>

namespace takt::simulation {
namespace {

constexpr std::size_t every_nth = 7;     ///< decisions that are run again
constexpr int redraws = 64;
/// Of a count that is binomial: one in two million decisions strays further by chance.
constexpr double deviations_max = 5;

class StandingClock final : public Clock {
public:
  UtcTime utc_now() const override { return {}; }
  SteadyTime steady_now() const override { return {}; }
};

void check_numbers(const Decision& decision, Findings& findings) {
  for (const PlacementDecision& placement : decision.placements) {
    for (const Choice& choice : placement.choices)
      if (!(choice.propensity > 0 && choice.propensity <= 1)) findings.push_back(name_of(decision, placement, choice) + " has propensity " + std::to_string(choice.propensity));
    if (placement.hold && !(placement.hold->propensity > 0 && placement.hold->propensity <= 1)) findings.push_back("a hold of " + to_text(decision.id) + " has no probability");
  }
}

/// Draws the first slot again and again: each item must come as often as it says, and all of them together are one.
void redraw(const Evidence& evidence, const DecisionRequest& request, const Decision& decision, Findings& findings) {
  const auto record = record_at(evidence.store, decision.customer, decision.record_version);
  if (!record) {
    findings.push_back("the record that " + to_text(decision.id) + " read is gone");
    return;
  }
  DecisionRequest again = request;
  again.now = decision.now;
  again.dry_run = true;
  const Person person = make_person(*record, again, evidence.world.policy(), *evidence.world.symbols);
  struct Seen { double propensity = 0; int count = 0; };
  std::map<std::string, Seen> seen;
  const StandingClock clock;
  for (int draw = 0; draw < redraws; ++draw) {
    again.seed = mix64(request.seed, static_cast<std::uint64_t>(draw) + 1) | 1;
    StageRunner stages(clock, Deadline{});
    const auto drawn = run_stages(evidence.world, person, again, stages);
    if (!drawn) continue;
    const PlacementDecision& placement = drawn->placements.front();
    const bool is_held = placement.choices.empty();
    if (is_held && (!placement.hold || placement.hold->kind != HoldKind::chosen)) return; // nothing to draw from
    const std::string name = is_held ? "hold" : placement.choices.front().item.text();
    const double propensity = is_held ? placement.hold->propensity : placement.choices.front().propensity;
    Seen& one = seen[name];
    if (one.count > 0 && one.propensity != propensity) findings.push_back(to_text(decision.id) + ": " + name + " has two propensities");
    one.propensity = propensity;
    ++one.count;
  }
  double sum = 0;
  for (const auto& [name, one] : seen) {
    sum += one.propensity;
    const double expected = redraws * one.propensity, deviation = std::sqrt(redraws * one.propensity * (1 - one.propensity));
    if (std::abs(one.count - expected) > deviations_max * deviation + 3) // 3: items that are rare come once, or not
      findings.push_back(to_text(decision.id) + ": " + name + " came " + std::to_string(one.count) + " times, its propensity says " + std::to_string(expected));
  }
  if (sum > 1 + 1e-9) findings.push_back("the first slot of " + to_text(decision.id) + " is filled with probability " + std::to_string(sum));
}

} // namespace

Findings check_propensities(const Evidence& evidence) {
  Findings findings;
  const StandingClock clock;
  std::size_t number = 0;
  for (const auto& step : evidence.trace) {
    const auto* asked = std::get_if<demo::Asked>(&step);
    if (!asked || !asked->decision || !asked->decision->id) continue;
    check_numbers(*asked->decision, findings);
    if (++number % every_nth != 0) continue;
    const auto again = run_again(evidence.store, evidence.world, {asked->request, *asked->decision}, clock);
    if (!again) findings.push_back(to_text(asked->decision->id) + " cannot be run again: " + again.error().message);
    else if (const std::string difference = difference_between(*asked->decision, *again); !difference.empty()) findings.push_back(to_text(asked->decision->id) + " comes out otherwise: " + difference);
    redraw(evidence, asked->request, *asked->decision, findings);
  }
  return findings;
}

std::vector<NamedChecker> all_checkers() {
  return {{"caps", check_caps}, {"gates", check_gates}, {"quiet", check_quiet_hours}, {"consent", check_consent}, {"rests", check_rests}, {"decisions", check_decisions}, {"events", check_events},
          {"records", check_records}, {"time", check_time}, {"propensities", check_propensities}, {"rebuild", check_rebuild}};
}

Findings check_everything(const Evidence& evidence) {
  Findings all;
  for (const NamedChecker& checker : all_checkers())
    for (const std::string& finding : checker.check(evidence)) all.push_back(std::string(checker.name) + ": " + finding);
  return all;
}

} // namespace takt::simulation
