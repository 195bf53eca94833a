// What the engine promises about each grant: caps, gates, consent, rest after a purchase or a dismissal.
#include "tests/simulation/checkers/knowledge.h"
#include "tests/support/naive_caps.h"

#include <algorithm>

namespace takt::simulation {
namespace {

/// Each slot that was granted, with its labels.
void for_each_choice(const World& world, const Decision& decision,
                     const std::function<void(std::size_t ordinal, const PlacementDecision&, const Choice&, const LabelSet&)>& look) {
  for (std::size_t ordinal = 0; ordinal < decision.placements.size(); ++ordinal)
    for (const Choice& choice : decision.placements[ordinal].choices) look(ordinal, decision.placements[ordinal], choice, labels_of(world, decision.placements[ordinal], choice));
}

bool case_is_open(const Knowledge& person, const std::string& case_id, Duration life, UtcTime t) {
  const CaseSwitch* latest = nullptr;
  for (const CaseSwitch& change : person.cases)
    if (change.case_id == case_id && change.at <= t && (!latest || change.at > latest->at || (change.at == latest->at && change.on))) latest = &change;
  return latest && latest->on && t < latest->at + life;
}

bool gate_holds(const GatePolicy& gate, const Knowledge& person, UtcTime t) {
  return std::any_of(person.cases.begin(), person.cases.end(), [&](const CaseSwitch& change) {
    return case_is_open(person, change.case_id, gate.ttl, t) || (!change.on && change.at <= t && t < change.at + gate.cool_off);
  });
}

/// The newest answer for this channel or all of them; who says both at once means no.
std::optional<bool> answer_of(const Knowledge& person, Purpose purpose, std::string_view channel) {
  const ConsentAnswer* newest = nullptr;
  for (const ConsentAnswer& answer : person.consents) {
    if (answer.purpose != purpose || !(answer.channel.empty() || answer.channel == channel)) continue;
    if (!newest || answer.at > newest->at || (answer.at == newest->at && !answer.granted)) newest = &answer;
  }
  return newest ? std::optional(newest->granted) : std::nullopt;
}

} // namespace

Findings check_caps(const Evidence& evidence) {
  Findings findings;
  walk(evidence, [&](const Knowledge& person, const DecisionRequest&, const Decision& decision) {
    const tests::NaiveCaps caps{person.ledger, evidence.world.policy().caps, {}};
    std::vector<LabelSet> labels;
    labels.reserve(100); // candidates point into it
    std::vector<CapCandidate> earlier;
    for_each_choice(evidence.world, decision, [&](std::size_t ordinal, const PlacementDecision& placement, const Choice& choice, const LabelSet& set) {
      labels.push_back(set);
      const CapCandidate candidate{&labels.back(), {decision.id.bytes, static_cast<std::uint16_t>(ordinal)}};
      if (evidence.world.rulebook->find(placement.placement.text())->placement.mode == PlacementMode::promote)
        for (const tests::NaiveBlock& block : caps.blocks(candidate, earlier, decision.now))
          findings.push_back(name_of(decision, placement, choice) + " breaks " + block.rule + " at a count of " + std::to_string(block.observed));
      earlier.push_back(candidate);
    });
  });
  return findings;
}

/// Every quiet hour of the simulated months is Berlin's; the hands of a clock are asked, not the engine's interval.
Findings check_quiet_hours(const Evidence& evidence) {
  Findings findings;
  walk(evidence, [&](const Knowledge&, const DecisionRequest&, const Decision& decision) {
    for_each_choice(evidence.world, decision, [&](std::size_t, const PlacementDecision& placement, const Choice& choice, const LabelSet& set) {
      for (const QuietPolicy& quiet : evidence.world.policy().quiet_hours) {
        if (!quiet.zone || !tests::naive_selects(quiet.match, set)) continue;
        const auto seconds_of_day = [&](UtcTime t) { return ((ms_of(t) + quiet.zone->offset_at(t).count()) / 1000) % 86'400; };
        const std::int64_t from = quiet.interval.from.count() / 1000, to = quiet.interval.to.count() / 1000, now = seconds_of_day(decision.now);
        const bool is_night = now >= from || now < to; // they all go over midnight
        if (is_night) findings.push_back(name_of(decision, placement, choice) + " breaks the silence of " + quiet.id);
        else if (seconds_of_day(choice.reserved_until - Duration{1}) >= from) findings.push_back(name_of(decision, placement, choice) + " is reserved into the silence of " + quiet.id);
      }
    });
  });
  return findings;
}

Findings check_gates(const Evidence& evidence) {
  Findings findings;
  walk(evidence, [&](const Knowledge& person, const DecisionRequest&, const Decision& decision) {
    for_each_choice(evidence.world, decision, [&](std::size_t, const PlacementDecision& placement, const Choice& choice, const LabelSet& set) {
      for (const GatePolicy& gate : evidence.world.policy().gates) {
        const bool is_bound = tests::naive_selects(gate.match, set) && !tests::naive_selects(gate.allow, set);
        if (is_bound && gate_holds(gate, person, decision.now)) findings.push_back(name_of(decision, placement, choice) + " goes through gate " + gate.id);
      }
    });
  });
  return findings;
}

Findings check_consent(const Evidence& evidence) {
  Findings findings;
  const SymbolTable& symbols = *evidence.world.symbols;
  walk(evidence, [&](const Knowledge& person, const DecisionRequest&, const Decision& decision) {
    for_each_choice(evidence.world, decision, [&](std::size_t, const PlacementDecision& placement, const Choice& choice, const LabelSet& set) {
      if (symbols.name(set.purpose) != "marketing") return;
      bool is_required = false;
      for (const ConsentRequirement& requirement : evidence.world.policy().consent.require)
        is_required = is_required || (requirement.purpose == Purpose::marketing && std::count(requirement.channels.begin(), requirement.channels.end(), set.channel) > 0);
      const auto answer = answer_of(person, Purpose::marketing, symbols.name(set.channel));
      if (!answer.value_or(!is_required)) findings.push_back(name_of(decision, placement, choice) + " was refused");
    });
  });
  return findings;
}

Findings check_rests(const Evidence& evidence) {
  Findings findings;
  walk(evidence, [&](const Knowledge& person, const DecisionRequest&, const Decision& decision) {
    for_each_choice(evidence.world, decision, [&](std::size_t, const PlacementDecision& placement, const Choice& choice, const LabelSet& set) {
      for (const auto& [labels, at] : person.dismissed)
        if (labels.group == set.group) findings.push_back(name_of(decision, placement, choice) + " was dismissed at " + format_utc(at));
      for (const PausePolicy& pause : evidence.world.policy().post_purchase) {
        if (pause.per != Per::group || !tests::naive_selects(pause.match, set)) continue;
        for (const auto& [labels, at] : person.bought)
          if (labels.group == set.group && decision.now < at + pause.pause) findings.push_back(name_of(decision, placement, choice) + " was bought at " + format_utc(at));
      }
    });
  });
  return findings;
}

} // namespace takt::simulation
