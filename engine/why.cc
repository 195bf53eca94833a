#include "engine/why.h"

#include "core/check.h"
#include "engine/history.h"
#include "engine/report.h"
#include "engine/reserve.h"
#include "engine/resolve.h"
#include "engine/stage/merchandising.h"
#include "engine/stage/stages.h"
#include "engine/taste.h"
#include "engine/totals.h"

#include <algorithm>

namespace takt {
namespace {

DecisionRequest dry_copy(const DecisionRequest& request) {
  DecisionRequest dry = request;
  dry.explain = Explain::full;
  dry.dry_run = true;
  return dry;
}

Candidate bare_candidate(const Call& call, const Opening& opening, ItemIndex index) {
  Candidate candidate;
  candidate.index = index;
  candidate.labels = labels_at(call.world.catalogue->at(index), opening.rules);
  return candidate;
}

/// Everything that blocks the item by itself: eligibility and caps, each asked although the other may block too.
std::vector<Reason> blocks_of(const Call& call, const Opening& opening, ItemIndex index) {
  Candidates alone;
  alone.alive.push_back(bare_candidate(call, opening, index));
  std::vector<Reason> reasons;
  for (const Candidates& result : {drop_ineligible(call, opening, alone), apply_caps(call, opening, alone)})
    for (const Dropped& dropped : result.dropped) reasons.insert(reasons.end(), dropped.reasons.begin(), dropped.reasons.end());
  return reasons;
}

/// What it is worth here, as the stages see it: found by the source that finds it in a decision, where one does.
Candidate scored(Call& call, const Opening& opening, ItemIndex index) {
  const CustomerFeatures features = customer_features(*call.world.models, call.person);
  Candidates items = retrieve_items(call, opening, features, {}, false);
  std::erase_if(items.alive, [&](const Candidate& candidate) { return candidate.index != index; });
  if (items.alive.empty()) items.alive.push_back(bare_candidate(call, opening, index));
  items.dropped.clear();
  items = apply_fatigue(call, opening, score_items(call, opening, features, std::move(items)));
  apply_boosts(merchandising_now(call, opening), items.alive.front());
  return std::move(items.alive.front());
}

WhyAnswer blocked_answer(const Call& call, const Opening& opening, ItemIndex item, std::vector<Reason> reasons) {
  WhyAnswer answer;
  answer.verdict = Verdict::blocked;
  answer.stage = reasons.front().stage;
  answer.blocked_by = std::move(reasons);
  const EligibleAgain again = eligible_again_at(call, opening, call.world.catalogue->at(item));
  answer.eligible_again = again.at;
  answer.provisional = again.provisional;
  return answer;
}

/// Nothing blocks the item by itself: what became of it in the whole pipeline?
WhyAnswer place_in_slate(const PlacementDecision& placement, const ItemId& item) {
  WhyAnswer answer;
  for (const Choice& choice : placement.choices) {
    if (choice.item == item) {
      answer.verdict = Verdict::would_show;
      answer.stage = Stage::compose;
      answer.terms = choice.terms;
      answer.propensity = choice.propensity;
      answer.reasons = choice.reasons;
      answer.outranked_by.clear();
      return answer;
    }
    answer.outranked_by.push_back({choice.item.text(), choice.slot, choice.score});
  }
  for (const DroppedItem& dropped : placement.dropped)
    if (dropped.item == item && !dropped.blocked_by.empty()) {
      answer.verdict = Verdict::outranked;
      answer.stage = dropped.blocked_by.front().stage;
      answer.blocked_by = dropped.blocked_by;
      return answer;
    }
  answer.blocked_by.push_back({Stage::retrieve, ReasonCode::not_retrieved, {}, {}, {}, {}, {}, false});
  return answer;
}

/// The first placements of the call have filled their slots.
void take_slots(Call& call, std::span<const Opening> openings, std::span<const PlacementDecision> taken) {
  for (std::size_t i = 0; i < taken.size(); ++i)
    for (const Choice& choice : taken[i].choices)
      if (const auto index = call.world.catalogue->find(call.world.symbols->find(choice.item.text())))
        call.take(openings[i].asked(labels_at(call.world.catalogue->at(*index), openings[i].rules)), openings[i].rules.placement.mode == PlacementMode::promote);
}

/// One placement of a call whose earlier ones have taken what `taken` says.
Result<WhyAnswer> why_at(const World& world, const Person& person, const DecisionRequest& dry, std::size_t ordinal, std::span<const PlacementDecision> taken, ItemIndex index,
                         const Clock& clock) {
  Call call(world, person, dry);
  TAKT_TRY(openings, open_placements(call));
  const Opening& opening = openings.at(ordinal);
  take_slots(call, openings, taken);
  std::vector<Reason> reasons = blocks_of(call, opening, index);
  WhyAnswer answer;
  if (!reasons.empty()) {
    answer = blocked_answer(call, opening, index, std::move(reasons));
  } else {
    StageRunner stages(clock);
    TAKT_TRY(decision, run_stages(world, person, dry, stages));
    answer = place_in_slate(decision.placements.at(ordinal), world.catalogue->at(index).item.id);
  }
  if (answer.terms) return answer;
  Candidate worth = scored(call, opening, index);
  answer.terms = worth.terms;
  answer.reasons = std::move(worth.reasons);
  return answer;
}

WhyAnswer unknown_item() {
  WhyAnswer answer;
  answer.verdict = Verdict::unknown_item;
  answer.blocked_by.push_back({Stage::retrieve, ReasonCode::unknown_item, {}, {}, {}, {}, {}, false});
  return answer;
}

} // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
  case Verdict::shown: return "shown";
  case Verdict::would_show: return "would_show";
  case Verdict::blocked: return "blocked";
  case Verdict::outranked: return "outranked";
  case Verdict::not_retrieved: return "not_retrieved";
  case Verdict::unknown_item: return "unknown_item";
  }
  return "unknown_item";
}

Result<Person> read_person(Store& store, const World& world, const DecisionRequest& request) {
  DecisionRequest dry = dry_copy(request);   // nobody is founded by being asked about
  TAKT_TRY(visitor, find_visitor(store, dry));
  TAKT_TRY(record, read_visitor(store, visitor, Deadline{}));
  if (record->sealed_into) {
    TAKT_TRY(canonical, read_canonical(store, record->sealed_into));
    record = std::move(canonical);
  }
  Person person = make_person(std::move(record), request, world.policy(), *world.symbols);
  person.totals = world.rulebook->totals.get();
  return person;
}

Result<WhyAnswer> why(const World& world, const Person& person, const DecisionRequest& request, const ItemId& item, const Clock& clock) {
  if (request.placements.size() != 1) return fail(ErrorCode::invalid, "why asks about one placement");
  const auto index = world.catalogue->find(world.symbols->find(item.text()));
  if (!index) return unknown_item();
  return why_at(world, person, dry_copy(request), 0, {}, *index, clock);
}

Result<std::vector<std::vector<Reason>>> blocks_by_item(const World& world, const Person& person, const DecisionRequest& request, std::size_t placement,
                                                        std::span<const ItemId> items, std::span<const PlacementDecision> taken) {
  Call call(world, person, request);
  TAKT_TRY(openings, open_placements(call));
  TAKT_CHECK(placement < openings.size() && taken.size() <= openings.size(), "a call has an opening per placement asked for");
  take_slots(call, openings, taken);
  std::vector<std::vector<Reason>> reasons;
  for (const ItemId& item : items) {
    const auto index = world.catalogue->find(world.symbols->find(item.text()));
    if (index) reasons.push_back(blocks_of(call, openings[placement], *index));
    else reasons.push_back({{Stage::retrieve, ReasonCode::unknown_item, {}, {}, {}, {}, {}, false}});
  }
  return reasons;
}

Result<WhyAnswer> why_then(Store& store, const World& world, const DecisionRecord& logged, std::string_view placement, const ItemId& item, const Clock& clock) {
  const auto& asked = logged.request.placements;
  const auto found = std::find_if(asked.begin(), asked.end(), [&](const PlacementRequest& one) { return one.placement.text() == placement; });
  if (found == asked.end()) return fail(ErrorCode::not_found, "that decision did not answer this placement");
  const auto index = world.catalogue->find(world.symbols->find(item.text()));
  if (!index) return unknown_item();
  TAKT_TRY(record, record_of_then(store, logged.decision));
  Person person = make_person(std::move(record), logged.request, world.policy(), *world.symbols);
  const LoggedTotals totals(world.policy(), logged.decision.totals);
  person.totals = &totals;
  const auto ordinal = static_cast<std::size_t>(found - asked.begin());
  const std::span<const PlacementDecision> decided(logged.decision.placements);
  TAKT_TRY(answer, why_at(world, person, dry_copy(logged.request), ordinal, decided.first(ordinal), *index, clock));
  for (const Choice& choice : logged.decision.placements.at(ordinal).choices) // what the log says was shown, was
    if (choice.item == world.catalogue->at(*index).item.id) {
      answer.verdict = Verdict::shown;
      answer.stage = Stage::compose;
      answer.terms = choice.terms;
      answer.propensity = choice.propensity;
      answer.reasons = choice.reasons;
      answer.blocked_by.clear();
      answer.outranked_by.clear();
    }
  return answer;
}

} // namespace takt
