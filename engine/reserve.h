#pragma once
/// The path around the stages: request checks, the visitor, repeated requests, and the one conditional write of a decision
/// (semantics.md RESERVE). Threads: any.
#include "engine/call.h"
#include "engine/decide.h"

#include <optional>

namespace takt {

/// Who asks, as far as decide may know: it never links identities; user id wins.
struct Visitor {
  CustomerId id;                                     ///< 0: nobody we could remember (no id at all, or a dry run of a stranger)
  std::optional<Identity> found_as;                  ///< set: a new record, founded with this identity in the same commit
};

/// What a request id is kept as: it is unique per key and customer.
std::uint64_t request_key(const DecisionRequest& request);

/// 404 unknown placement, 422 repeated placement, limits, lists too long. Before anything is read.
Status check_request(const World& world, const DecisionRequest& request);
/// The smallest deadline of the placements asked for, from now on.
Deadline deadline_of(const World& world, const DecisionRequest& request, const Clock& clock);
/// `after`: what the earlier pages of the chain showed is excluded. Errors: not_found, invalid (older than 30 minutes).
Result<DecisionRequest> with_earlier_pages(Store& store, const DecisionRequest& request);

Result<Visitor> find_visitor(Store& store, const DecisionRequest& request);
Result<RecordPtr> read_visitor(Store& store, const Visitor& visitor, Deadline deadline);
Status follow_merge(Store& store, Visitor& visitor, const CustomerRecord& sealed);

/// A request_id that was answered: the stored answer while it is valid, else what the new decision supersedes.
/// Errors: mismatch (same id, other body).
struct EarlierAnswer { std::optional<Decision> answer; DecisionId supersedes; };
Result<EarlierAnswer> answered_before(Store& store, const World& world, const Person& person, const DecisionRequest& request);

/// The reservations of a decision that has its id, one entry per slot; none where the placement reserves nothing (organic).
void add_grants(const World& world, const DecisionRequest& request, const Decision& decision, Delta& delta);
/// Gives the decision its id and reservations, and makes the commit that holds all of it: entries, request mark, log record.
Commit reserve(const World& world, const Visitor& visitor, const Person& person, const DecisionRequest& request, Decision& decision);
/// Commits, retrying an unknown outcome under the same id until the deadline.
CommitOutcome write(Store& store, const Commit& commit, Durability durability, Deadline deadline, const Clock& clock);

/// Nothing that a rule could block: hold everywhere, and why.
Decision degraded_answer(const World& world, const DecisionRequest& request, ReasonCode code);

} // namespace takt
