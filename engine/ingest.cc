// The write path, top to bottom: once only → resolve identity → delta → conditional commit. What an event means is in
// event_delta.cc, who it belongs to in resolve.cc; here is only the order of things.
#include "engine/ingest.h"

#include "engine/erase.h"
#include "engine/event_delta.h"
#include "engine/ingest_step.h"
#include "engine/resolve.h"

#include <utility>

namespace takt {
namespace {

/// One delta into one record, read again while others write to it. `describe` sees the record it will be applied to.
template <class Describe>
Result<IngestOutcome> commit_delta(Store& store, CustomerId customer, CommitId id, std::vector<DedupeMark> marks, std::string raw, Describe&& describe) {
  for (int attempt = 0; attempt < 64; ++attempt) { // a lane is held: a conflict needs a faulty store, a moved one a merge
    TAKT_TRY(canonical, read_canonical(store, customer));
    if (canonical->id) customer = canonical->id;
    canonical.reset(); // whoever holds a record makes the store copy it
    const Lane lane = store.records().enter(customer);
    TAKT_TRY(record, store.records().read(customer, Deadline{}));
    if (record->sealed_into) continue;
    Delta delta = describe(*record);
    if (delta.empty()) return IngestOutcome::accepted; // a tally or an alias: nothing to keep
    const Version expected = record->version;
    record.reset(); // the store may fold in place
    const Commit commit{customer, expected, id, std::move(delta), marks, std::nullopt, raw};
    switch (store.records().commit({&commit, 1}, Durability::wal, Deadline{}).front()) {
    case CommitOutcome::committed: return IngestOutcome::accepted;
    case CommitOutcome::duplicate: return IngestOutcome::duplicate;
    case CommitOutcome::unavailable: return fail(ErrorCode::unavailable, "the store takes no writes at the moment");
    case CommitOutcome::moved:
      if (store.erasures().is_erased(customer)) return fail(ErrorCode::unavailable, "this customer was erased a moment ago: send it again");
      continue;
    case CommitOutcome::conflict:
    case CommitOutcome::unknown: continue;
    }
  }
  return fail(ErrorCode::unavailable, "too many writers on one customer");
}

/// A decision that an event names and that was made for somebody else.
struct ForeignDecision {
  Decision decision;
  CustomerId owner;
};

Result<std::optional<ForeignDecision>> find_foreign_decision(Store& store, const Event& event, CustomerId sender) {
  const DecisionId id = named_decision(event);
  if (!id || tagged_for(id, sender)) return std::nullopt;
  TAKT_TRY(logged, store.decisions().find(id));
  if (!logged) return std::nullopt;
  TAKT_TRY(owner, read_canonical(store, logged->decision.customer));
  if (!owner->id || owner->id == sender) return std::nullopt;
  return ForeignDecision{std::move(logged->decision), owner->id};
}

/// Its reservation lies in the other's ledger and is confirmed there too (semantics.md "Reservation").
Status confirm_in_other_ledger(Store& store, const World& world, const Event& event, CustomerId owner, const IngestOptions& options) {
  const CommitId id = commit_id_of(event, "confirm");
  TAKT_TRY(outcome, commit_delta(store, owner, id, {mark_of(id, event, options)}, {}, [&](const CustomerRecord& record) { return foreign_marks_of(world, record, event); }));
  static_cast<void>(outcome); // a repeated confirmation is as good as the first
  return {};
}

} // namespace

Status check_event(const Event& event) {
  if (event.message_id.empty()) return fail_at("/messageId", "an event needs a messageId");
  if (event.user_id.empty() && event.anonymous_id.empty()) return fail_at("/userId", "an event needs userId or anonymousId");
  if (event.type == EventType::alias && event.previous_id.empty()) return fail_at("/previousId", "alias needs previousId");
  if (event.occurred_at > event.received_at + limits::future_tolerance) return fail_at("/timestamp", "more than 24 h in the future");
  return {};
}

DedupeMark mark_of(const CommitId& id, const Event& event, const IngestOptions& options) { return {id.bytes, event.received_at + options.dedupe_life, event.received_at}; }

Result<IngestOutcome> ingest(Store& store, const World& world, const Event& event, const IngestOptions& options) {
  TAKT_TRY_VOID(check_event(event));
  if (event.is_bot) return IngestOutcome::accepted; // known bots neither count nor train
  if (is_of_erased(store, event)) return IngestOutcome::accepted; // it was late, and nothing of it is kept
  const CommitId id = commit_id_of(event);
  if (store.records().seen({id.bytes, event.received_at})) return IngestOutcome::duplicate;
  TAKT_TRY(customer, resolve_event(store, event));
  TAKT_TRY(foreign, find_foreign_decision(store, event, customer));
  const Decision* const decision = foreign ? &foreign->decision : nullptr;
  TAKT_TRY(outcome, commit_delta(store, customer, id, {mark_of(id, event, options)}, event.raw, [&](const CustomerRecord& record) { return delta_of(world, record, event, decision); }));
  if (foreign) TAKT_TRY_VOID(confirm_in_other_ledger(store, world, event, foreign->owner, options));
  return outcome;
}

} // namespace takt
