#include "engine/report.h"

#include "core/limits.h"
#include "features/feature_row.h"
#include "engine/stage/merchandising.h"
#include "engine/stage/rule_audiences.h"
#include "engine/stage/stages.h"
#include "engine/stage/timed_rules.h"

#include <algorithm>

namespace takt {
namespace {

/// What a reservation stands for ends at the placement's TTL, or when the item's own dates or quiet hours known now would block it
/// (semantics.md ENTRY): a mail granted two minutes to nine is not sent at ten past.
UtcTime show_by(const Call& call, const Opening& opening, const Item& item, const LabelSet& labels) {
  const UtcTime now = call.person.now;
  UtcTime until = now + opening.rules.placement.reservation_ttl;
  if (item.ends_at) until = std::min(until, *item.ends_at);
  if (opening.rules.placement.mode == PlacementMode::organic) return until;
  const Policy& policy = call.world.policy();
  const RulePrograms& audiences = call.world.rulebook->rule_audiences;
  const std::vector<HeldZone>& zones = call.person.time.zones;
  const auto shorten = [&](std::optional<UtcTime> begins) { if (begins) until = std::min(until, *begins); };
  for (std::size_t i = 0; i < policy.quiet_hours.size(); ++i) {
    const QuietPolicy& quiet = policy.quiet_hours[i];
    if (quiet_binds(quiet, labels))
      shorten(next_for_audience(call, opening, audiences.quiet_hours, i, until, [&](UtcTime t) { return quiet_holds(quiet, zones, t); },
                                [&](UtcTime from) { return quiet_next(quiet, zones, from, true); }));
  }
  // Rules that begin by their schedule while somebody holds the reservation. A cap is asked with the ledger as known: what this call reserves
  // must not block itself.
  const auto next_of = [](const Schedule& schedule, UtcTime from) { return schedule.from && *schedule.from > from ? schedule.from : std::nullopt; };
  for (std::size_t i = 0; i < policy.gates.size(); ++i) {
    const GatePolicy& gate = policy.gates[i];
    if (gate_binds(gate, labels) && next_of(gate.schedule, now))
      shorten(next_for_audience(call, opening, audiences.gates, i, until, [&](UtcTime t) { return gate_holds(gate, *call.person, t); },
                                [&](UtcTime from) { return next_of(gate.schedule, from); }));
  }
  for (std::size_t i = 0; i < policy.caps.size(); ++i) {
    const CapRule& rule = policy.caps[i];
    const auto begins = next_of(rule.schedule, now);
    if (!begins || *begins >= until) continue;
    const CapView view(*call.ledger, {&rule, 1}, call.person.time, *begins);
    if (view.blocks({&labels, opening.contact}) || (!call.person.is_countable && uncounted_binds(rule, labels)))
      shorten(next_for_audience(call, opening, audiences.caps, i, until, [&](UtcTime t) { return rule.schedule.holds(t); }, [&](UtcTime from) { return next_of(rule.schedule, from); }));
  }
  for (std::size_t i = 0; i < policy.post_purchase.size(); ++i) {
    const PausePolicy& pause = policy.post_purchase[i];
    if (!next_of(pause.schedule, now)) continue;
    const Duration length = pause_length(pause, call.world.models->repurchase.get(), labels).length;
    const auto end = pause_end(pause, *call.person, pause_key(pause, labels), length);
    if (end)
      shorten(next_for_audience(call, opening, audiences.post_purchase, i, until, [&](UtcTime t) { return pause.schedule.holds(t) && t < *end; },
                                [&](UtcTime from) { return next_of(pause.schedule, from); }));
  }
  for (std::size_t i = 0; i < policy.pauses.size(); ++i) {
    const SalesPause& pause = policy.pauses[i];
    if (pause_binds(pause, labels) && next_of(pause.schedule, now))
      shorten(next_for_audience(call, opening, audiences.pauses, i, until, [&](UtcTime t) { return pause_holds(pause, t); },
                                [&](UtcTime from) { return next_of(pause.schedule, from); }));
  }
  for (std::size_t i = 0; i < policy.merchandising.size(); ++i) {
    const MerchandisingRule& rule = policy.merchandising[i];
    if (hides(rule, labels) && next_of(rule.schedule, now))
      shorten(next_for_audience(call, opening, audiences.merchandising, i, until, [&](UtcTime t) { return rule.schedule.holds(t); },
                                [&](UtcTime from) { return next_of(rule.schedule, from); }));
  }
  return until;
}

Choice choice_of(const Call& call, const Opening& opening, SlateChoice chosen) {
  const Item& item = call.world.catalogue->at(chosen.candidate.index).item;
  Choice choice;
  choice.item = item.id;
  choice.slot = chosen.slot;
  choice.score = chosen.candidate.score;
  choice.propensity = chosen.propensity;
  choice.usable_for_evaluation = chosen.usable_for_evaluation;
  choice.source = chosen.candidate.source;
  choice.reserved_until = show_by(call, opening, item, chosen.candidate.labels);
  choice.terms = chosen.candidate.terms;
  choice.because = chosen.candidate.because;
  choice.because_item = std::string(call.world.symbols->name(chosen.candidate.because_item));
  choice.reasons = std::move(chosen.candidate.reasons);
  return choice;
}

/// The rows of what is shown, in the order of the slots, then of the sample.
LoggedFeatures logged_features(const Call& call, const Slate& slate) {
  LoggedFeatures logged;
  const std::vector<float>& values = slate.scored.values;
  if (values.empty()) return logged;
  const FeatureSchema& schema = feature_schema();
  logged.schema = schema.fingerprint;
  logged.shared.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(schema.shared_count));
  logged.own.reserve((slate.choices.size() + slate.scored.sampled.size()) * (schema.columns.size() - schema.shared_count));
  const std::size_t custom_width = call.world.custom ? call.world.custom->features().size() : 0;
  if (custom_width > 0) logged.custom_columns.assign(call.world.custom->prints().begin(), call.world.custom->prints().end());
  std::vector<std::uint32_t> rows;
  const auto add = [&](ItemIndex index, std::uint32_t row) {
    if (row == not_scored || std::find(rows.begin(), rows.end(), row) != rows.end()) return;
    rows.push_back(row);
    logged.items.push_back(call.world.catalogue->at(index).item.id);
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * schema.columns.size());
    logged.own.insert(logged.own.end(), begin + static_cast<std::ptrdiff_t>(schema.shared_count), begin + static_cast<std::ptrdiff_t>(schema.columns.size()));
    const auto custom = std::span(slate.scored.custom).subspan(row * custom_width, custom_width);
    logged.custom.insert(logged.custom.end(), custom.begin(), custom.end());
  };
  for (const SlateChoice& choice : slate.choices) add(choice.candidate.index, choice.candidate.row);
  for (const ScoredRows::Sample& sample : slate.scored.sampled) add(sample.index, sample.row);
  return logged;
}

bool blocked_in_time(const Dropped& dropped) {
  return std::any_of(dropped.reasons.begin(), dropped.reasons.end(), [](const Reason& reason) { return reason.stage == Stage::eligibility || reason.stage == Stage::caps; });
}

DroppedItem explain_drop(const Call& call, const Opening& opening, const Dropped& dropped) {
  DroppedItem explained;
  const CatalogueItem& item = call.world.catalogue->at(dropped.index);
  explained.item = item.item.id;
  explained.blocked_by = dropped.reasons;
  if (!blocked_in_time(dropped) || opening.rules.placement.mode == PlacementMode::organic) return explained;
  const EligibleAgain again = eligible_again_at(call, opening, item);
  explained.eligible_again = again.at;
  explained.provisional = again.provisional;
  return explained;
}

} // namespace

Decision begin_decision(const Call& call) {
  Decision decision;
  decision.customer = call.person.record->id;
  decision.record_version = call.person.record->version;
  decision.now = call.person.now;
  decision.versions = call.world.versions();
  const SessionState& session = call.person.time.session;
  const bool begins_new = !session.last_activity || call.person.now - *session.last_activity >= limits::session_silence;
  decision.session_id = call.request.context.session_id.empty() ? "s-" + std::to_string(session.ordinal + (begins_new ? 1 : 0)) : call.request.context.session_id;
  return decision;
}

Result<std::vector<Opening>> open_placements(const Call& call) {
  std::vector<Opening> openings;
  openings.reserve(call.request.placements.size());
  for (std::size_t i = 0; i < call.request.placements.size(); ++i) {
    const PlacementRequest& asked = call.request.placements[i];
    const PlacementRules* rules = call.world.rulebook->find(asked.placement.text());
    if (!rules) return fail(ErrorCode::not_found, "placement '" + asked.placement.text() + "' does not exist");
    Opening& opening = openings.emplace_back(Opening{asked, *rules, i, asked.limit.value_or(rules->placement.slots), call.contact_of(i)});
    opening.spared = spared_caps(call, opening);
    opening.spared_totals = spared_total_caps(call, opening);
  }
  return openings;
}

Candidates gather(const Call& call, const Opening& opening, StageRunner& stages, const Pass& pass) {
  Candidates items = pass({}, false);
  for (const bool popular_only : {false, true}) {
    if (opening.request.candidates || items.alive.size() >= std::size_t{2} * opening.limit) break;
    std::vector<ItemIndex> known;
    known.reserve(items.alive.size() + items.dropped.size());
    for (const Candidate& candidate : items.alive) known.push_back(candidate.index);
    for (const Dropped& dropped : items.dropped) known.push_back(dropped.index);
    if (known.size() >= call.world.catalogue->size()) break; // everything there is was looked at
    std::sort(known.begin(), known.end());
    stages.next_placement(); // back to retrieve
    Candidates more = pass(known, popular_only);
    std::move(more.alive.begin(), more.alive.end(), std::back_inserter(items.alive));
    std::move(more.dropped.begin(), more.dropped.end(), std::back_inserter(items.dropped));
  }
  return items;
}

PlacementDecision report(const Call& call, const Opening& opening, Slate slate, std::vector<StageTiming> timings) {
  PlacementDecision answer;
  answer.placement = opening.request.placement;
  answer.outcome = slate.outcome;
  answer.hold = slate.hold;
  answer.reasons = std::move(slate.reasons);
  answer.funnel = std::move(timings);
  answer.unknown_candidates = std::move(slate.unknown);
  if (slate.merchandising_cost > 0) answer.merchandising_cost = slate.merchandising_cost;
  if (slate.diversity_cost > 0) answer.diversity_cost = slate.diversity_cost;
  answer.features = logged_features(call, slate);
  for (SlateChoice& chosen : slate.choices) answer.choices.push_back(choice_of(call, opening, std::move(chosen)));
  for (const Dropped& dropped : slate.dropped) ++answer.drops[dropped.reasons.front().code];
  if (call.request.explain == Explain::full || slate.outcome == Outcome::defer) {
    for (const Dropped& dropped : slate.dropped) answer.dropped.push_back(explain_drop(call, opening, dropped));
    std::sort(answer.dropped.begin(), answer.dropped.end(), [](const DroppedItem& a, const DroppedItem& b) { return a.item < b.item; });
  }
  if (slate.outcome == Outcome::defer) {
    for (const DroppedItem& dropped : answer.dropped) // the first instant at which anything could be shown here again
      if (dropped.eligible_again && (!answer.not_before || *dropped.eligible_again < *answer.not_before)) answer.not_before = dropped.eligible_again;
    if (call.request.explain != Explain::full) answer.dropped.clear();
  }
  return answer;
}

} // namespace takt
