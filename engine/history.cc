#include "engine/history.h"

#include "core/fold.h"
#include "engine/report.h"
#include "engine/stage/stages.h"

#include <algorithm>

namespace takt {
namespace {

constexpr std::size_t differences_named_max = 10;

bool same_choice(const Choice& a, const Choice& b) {
  return a.item == b.item && a.slot == b.slot && a.score == b.score && a.propensity == b.propensity && a.source == b.source && a.terms == b.terms &&
         a.reserved_until == b.reserved_until;
}

DecisionRequest dry_copy(const DecisionRequest& request) {
  DecisionRequest dry = request;
  dry.explain = Explain::full;
  dry.dry_run = true;
  return dry;
}

/// Everything that blocks one item by itself: eligibility and caps, each asked although the other may block too.
std::vector<Reason> blocks_of(const Call& call, const Opening& opening, ItemIndex index) {
  Candidate candidate;
  candidate.index = index;
  candidate.labels = labels_at(call.world.catalogue->at(index), opening.rules);
  std::vector<Reason> reasons;
  Candidates alone;
  alone.alive.push_back(candidate);
  for (const Candidates& result : {drop_ineligible(call, opening, alone), opening.rules.placement.mode == PlacementMode::organic ? alone : apply_caps(call, opening, alone)})
    for (const Dropped& dropped : result.dropped) reasons.insert(reasons.end(), dropped.reasons.begin(), dropped.reasons.end());
  return reasons;
}

WhyAnswer blocked_answer(const Call& call, const Opening& opening, const CatalogueItem& item, std::vector<Reason> reasons) {
  WhyAnswer answer;
  answer.verdict = Verdict::blocked;
  answer.stage = reasons.front().stage;
  answer.blocked_by = std::move(reasons);
  const EligibleAgain again = eligible_again_at(call, opening, item);
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
      answer.blocked_by = choice.reasons;
      return answer;
    }
    answer.outranked_by.push_back(choice.item.text());
  }
  for (const DroppedItem& dropped : placement.dropped)
    if (dropped.item == item && !dropped.blocked_by.empty()) {
      answer.verdict = Verdict::outranked;
      answer.stage = dropped.blocked_by.front().stage;
      answer.blocked_by = dropped.blocked_by;
      return answer;
    }
  answer.outranked_by.clear();
  return answer; // not_retrieved
}

} // namespace

Result<RecordPtr> record_at(Store& store, CustomerId customer, Version version) {
  TAKT_TRY(base, store.journal().snapshot(customer, version));
  auto record = std::make_shared<CustomerRecord>(std::move(base));
  TAKT_TRY_VOID(store.journal().scan(customer, record->version, [&](const JournalEntry& entry) {
    if (entry.version > version) return false;
    apply(*record, entry);
    return true;
  }));
  if (record->version != version) return fail(ErrorCode::not_found, "the journal does not reach back to that version");
  return RecordPtr(std::move(record));
}

Result<Decision> run_again(Store& store, const World& world, const DecisionRecord& logged, const Clock& clock) {
  if (!(logged.decision.versions == world.versions())) return fail(ErrorCode::invalid, "that decision was made with other rules, items or models");
  RecordPtr record = std::make_shared<const CustomerRecord>();
  if (logged.decision.record_version != 0) {
    TAKT_TRY(then, record_at(store, logged.decision.customer, logged.decision.record_version));
    record = std::move(then);
  }
  const Person person = make_person(std::move(record), logged.request, world.policy());
  StageRunner stages(clock);
  return run_stages(world, person, logged.request, stages);
}

bool same_answer(const Decision& a, const Decision& b) {
  if (a.now != b.now || a.placements.size() != b.placements.size()) return false;
  for (std::size_t i = 0; i < a.placements.size(); ++i) {
    const PlacementDecision &x = a.placements[i], &y = b.placements[i];
    if (x.outcome != y.outcome || x.hold != y.hold || x.not_before != y.not_before || x.drops != y.drops) return false;
    if (!std::equal(x.choices.begin(), x.choices.end(), y.choices.begin(), y.choices.end(), same_choice)) return false;
  }
  return true;
}

Result<ReplayCounts> replay_log(Store& store, const World& world, UtcTime from, UtcTime to, const Clock& clock) {
  ReplayCounts counts;
  TAKT_TRY_VOID(store.decisions().scan(from, to, [&](const DecisionRecord& logged) {
    ++counts.decisions;
    auto again = run_again(store, world, logged, clock);
    if (!again) {
      ++(again.error().code == ErrorCode::invalid ? counts.other_versions : counts.missing);
    } else if (same_answer(*again, logged.decision)) {
      ++counts.equal;
    } else {
      ++counts.different;
      if (counts.first_different.size() < differences_named_max) counts.first_different.push_back(logged.decision.id);
    }
    return true;
  }));
  return counts;
}

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

Result<WhyAnswer> why(const World& world, const Person& person, const DecisionRequest& request, const ItemId& item, const Clock& clock) {
  const auto index = world.catalogue->find(world.symbols->find(item.text()));
  if (!index) return WhyAnswer{Verdict::unknown_item, Stage::retrieve, {{Stage::retrieve, ReasonCode::unknown_item, {}, {}, {}, {}, {}, false}}, {}, false, {}, {}};
  const DecisionRequest dry = dry_copy(request);
  const Call call(world, person, dry);
  TAKT_TRY(openings, open_placements(call));
  if (openings.size() != 1) return fail(ErrorCode::invalid, "why asks about one placement");
  std::vector<Reason> reasons = blocks_of(call, openings.front(), *index);
  if (!reasons.empty()) return blocked_answer(call, openings.front(), world.catalogue->at(*index), std::move(reasons));
  StageRunner stages(clock);
  TAKT_TRY(decision, run_stages(world, person, dry, stages));
  return place_in_slate(decision.placements.front(), world.catalogue->at(*index).item.id);
}

Result<WhyAnswer> why_then(Store& store, const World& world, const DecisionRecord& logged, std::string_view placement, const ItemId& item, const Clock& clock) {
  DecisionRequest request = logged.request;
  std::erase_if(request.placements, [&](const PlacementRequest& asked) { return asked.placement.text() != placement; });
  if (request.placements.empty()) return fail(ErrorCode::not_found, "that decision has no such placement");
  RecordPtr record = std::make_shared<const CustomerRecord>();
  if (logged.decision.record_version != 0) {
    TAKT_TRY(then, record_at(store, logged.decision.customer, logged.decision.record_version));
    record = std::move(then);
  }
  const Person person = make_person(std::move(record), request, world.policy());
  TAKT_TRY(answer, why(world, person, request, item, clock));
  for (const PlacementDecision& decided : logged.decision.placements)
    for (const Choice& choice : decided.choices)
      if (decided.placement.text() == placement && choice.item == item) {
        answer.verdict = Verdict::shown;
        answer.terms = choice.terms;
      }
  return answer;
}

} // namespace takt
