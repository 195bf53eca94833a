// One decision, top to bottom. First the ten stages, without any I/O; then the path around them: who asks, what do we know,
// has this been answered before, reserve and log. The parts live in stage/, reserve.cc and report.cc.
#include "engine/decide.h"

#include "core/limits.h"
#include "engine/report.h"
#include "engine/reserve.h"
#include "engine/resolve.h"
#include "engine/stage/stages.h"
#include "engine/taste.h"
#include "engine/totals.h"

namespace takt {

/// What should this person see here, now, or nothing? Stage 1 (profile) is the argument, stage 10 (log) the caller's.
Result<Decision> run_stages(const World& world, const Person& person, const DecisionRequest& request, StageRunner& stages) {
  Call call(world, person, request);
  Decision decision = begin_decision(call);
  const CustomerFeatures features = stages.run(Stage::features, [&] { return customer_features(*world.models, person); });

  TAKT_TRY(openings, open_placements(call));
  for (const Opening& opening : openings) {
    stages.next_placement();
    Candidates items = gather(call, opening, stages, [&](std::span<const ItemIndex> without, bool popular_only) {
      Candidates found = stages.run_source(Stage::retrieve, [&] { return retrieve_items(call, opening, features, without, popular_only); });
      found = stages.run(Stage::eligibility, std::move(found), [&](Candidates in) { return drop_ineligible(call, opening, std::move(in)); });
      return stages.run(Stage::caps, std::move(found), [&](Candidates in) { return apply_caps(call, opening, std::move(in)); });
    });
    items = stages.run(Stage::score, std::move(items), [&](Candidates in) { return score_items(call, opening, features, std::move(in)); });
    items = stages.run(Stage::fatigue, std::move(items), [&](Candidates in) { return apply_fatigue(call, opening, std::move(in)); });

    // From here on the list is ordered; and after compose() nothing changes the slate:
    // the logged propensities are true only for what is shown.
    Ranked ranked = stages.run(Stage::arbitrate, std::move(items), [&](Candidates in) { return arbitrate(call, opening, std::move(in)); });
    Slate slate = stages.run(Stage::compose, std::move(ranked), [&](Ranked in) { return compose(call, opening, features, std::move(in)); });
    slate = keep_rows(call, opening, features, std::move(slate));
    slate = add_fallback(call, opening, std::move(slate));
    decision.placements.push_back(report(call, opening, std::move(slate), stages.take_timings()));
  }
  decision.totals = call.caps.totals().seen();
  decision.degraded = std::move(call.degraded);
  return decision;
}

Result<Decision> decide(Store& store, const World& world, const DecisionRequest& asked, const Clock& clock, const DecideOptions& options) {
  const Deadline deadline = deadline_of(world, asked, clock);
  TAKT_TRY_VOID(check_request(world, asked));
  TAKT_TRY(request, with_earlier_pages(store, asked));
  auto found = find_visitor(store, request);
  if (!found) return degraded_answer(world, request, ReasonCode::store_unavailable);
  Visitor& visitor = *found;
  const NothingLeft nothing_left(world.policy());

  for (int attempt = 0; attempt < limits::commit_attempts_max; ++attempt) {
    // The lane only avoids conflicts; what keeps caps exact is that the commit below is conditional on the version read here.
    const Lane lane = visitor.id ? store.records().enter(visitor.id) : Lane{};
    StageRunner stages(clock, deadline);
    auto record = stages.run(Stage::profile, [&] { return read_visitor(store, visitor, deadline); });
    if (!record) return degraded_answer(world, request, ReasonCode::store_unavailable);
    if ((*record)->sealed_into) {
      if (!follow_merge(store, visitor, **record)) return degraded_answer(world, request, ReasonCode::store_unavailable);
      continue;
    }
    Person person = make_person(std::move(*record), request, world.policy(), *world.symbols);
    if (visitor.id || request.dry_run) person.totals = world.rulebook->totals.get();
    else person.totals = &nothing_left;
    auto earlier = answered_before(store, world, person, request);
    if (!earlier && earlier.error().code == ErrorCode::mismatch) return tl::unexpected(std::move(earlier.error())); // the caller's mistake, not the store's
    if (!earlier) return degraded_answer(world, request, ReasonCode::store_unavailable);
    if (earlier->answer) return std::move(*earlier->answer);
    if (earlier->supersedes) request.replaces.push_back(earlier->supersedes); // what it still reserves is free for the new one

    TAKT_TRY(decision, run_stages(world, person, request, stages));
    if (request.dry_run || !visitor.id) return decision; // nobody we could remember: nothing to reserve
    decision.supersedes = earlier->supersedes;
    const Commit commit = reserve(world, visitor, person, request, decision);
    TokenLease tokens(world, person, request, decision, commit);
    if (!tokens.is_granted()) continue; // somebody else took the last ones meanwhile: rerun, which sees that
    person.record.reset(); // the store may fold in place
    switch (stages.run(Stage::log, [&] { return write(store, commit, options.durability, deadline, clock); })) {
    case CommitOutcome::committed:
    case CommitOutcome::duplicate: return decision;
    case CommitOutcome::conflict: continue; // rerun: same seed, later now
    case CommitOutcome::moved: continue;
    case CommitOutcome::unknown: tokens.keep_until_over(); [[fallthrough]];
    case CommitOutcome::unavailable: return degraded_answer(world, request, ReasonCode::store_unavailable);
    }
  }
  return degraded_answer(world, request, ReasonCode::contention);
}

} // namespace takt
