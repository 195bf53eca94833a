#include "engine/reserve.h"

#include "core/hash.h"
#include "core/limits.h"
#include "engine/named_audiences.h"
#include "engine/report.h"
#include "engine/resolve.h"
#include "engine/stage/stages.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace takt {
namespace {

std::string pointer_of(std::size_t placement, std::string_view field) { return "/placements/" + std::to_string(placement) + std::string(field); }

/// The instant until which an answer may be repeated: the first reservation that ends; a hold stands as long as one would have.
UtcTime repeatable_until(const World& world, const Decision& decision) {
  UtcTime until = UtcTime::max();
  for (const PlacementDecision& placement : decision.placements) {
    const PlacementRules* rules = world.rulebook->find(placement.placement.text());
    const Duration ttl = rules ? rules->placement.reservation_ttl : minutes(10);
    if (placement.choices.empty()) until = std::min(until, decision.now + ttl);
    for (const Choice& choice : placement.choices) until = std::min(until, choice.reserved_until);
  }
  return until;
}

/// May this item still be shown there? Gates, consent, dismissals, stock and dates, judged now; caps hold since it is reserved.
bool items_still_pass(const World& world, const Person& person, const DecisionRequest& request, const Decision& decision) {
  const Call call(world, person, request);
  const auto openings = open_placements(call);
  if (!openings || openings->size() != decision.placements.size()) return false;
  for (std::size_t i = 0; i < openings->size(); ++i) {
    Candidates shown;
    for (const Choice& choice : decision.placements[i].choices) {
      const auto index = world.catalogue->find(world.symbols->find(choice.item.text()));
      if (!index) return false;
      Candidate candidate;
      candidate.index = *index;
      candidate.labels = labels_at(world.catalogue->at(*index), (*openings)[i].rules);
      shown.alive.push_back(std::move(candidate));
    }
    if (!drop_ineligible(call, (*openings)[i], std::move(shown)).dropped.empty()) return false;
  }
  return true;
}

bool is_screen_call(const World& world, const DecisionRequest& request) {
  return std::any_of(request.placements.begin(), request.placements.end(), [&](const PlacementRequest& asked) {
    const PlacementRules* rules = world.rulebook->find(asked.placement.text());
    return rules && rules->medium == Medium::screen;
  });
}

SymbolList identities_named(const DecisionRequest& request, SymbolTable& symbols) {
  SymbolList named;
  if (!request.user_id.empty()) named.push_back(symbols.intern("u:" + request.user_id));
  if (!request.anonymous_id.empty()) named.push_back(symbols.intern("a:" + request.anonymous_id));
  return named;
}

/// The rules of a placement whose slots are reserved; nullptr for one that only orders.
const PlacementRules* reserving_rules(const World& world, const PlacementDecision& answered) {
  const PlacementRules* rules = world.rulebook->find(answered.placement.text());
  return rules && rules->placement.mode != PlacementMode::organic ? rules : nullptr;
}

/// The reservations of one placement, one entry per slot.
void grant_slots(const World& world, const PlacementRules& rules, const DecisionRequest& request, const Decision& decision,
                 std::size_t ordinal, Delta& delta) {
  for (const Choice& choice : decision.placements[ordinal].choices) {
    const auto index = world.catalogue->find(world.symbols->find(choice.item.text()));
    TAKT_CHECK(index.has_value(), "a chosen item is in the catalogue it was chosen from");
    Entry entry;
    entry.id = {decision.id.bytes, static_cast<std::uint16_t>(ordinal), static_cast<std::uint16_t>(choice.slot)};
    entry.origin = EntryOrigin::granted;
    entry.granted_at = decision.now;
    entry.show_by = choice.reserved_until;
    entry.expires_at = choice.reserved_until + rules.confirm_grace;
    entry.identities = identities_named(request, *world.symbols);
    delta.operations.push_back(op::Grant{labels_at(world.catalogue->at(*index), rules), std::move(entry)});
  }
}

/// What the log keeps: the answer without the long list of explain=full, which replay makes again. The decision is lent, not copied: it
/// comes back as it was.
std::string log_bytes(const DecisionRequest& request, Decision& decision) {
  std::vector<std::vector<DroppedItem>> left_out;
  for (PlacementDecision& placement : decision.placements) left_out.push_back(std::exchange(placement.dropped, {}));
  DecisionRecord record{request, std::move(decision)};
  std::string bytes = encode_decision(record);
  decision = std::move(record.decision);
  for (std::size_t i = 0; i < left_out.size(); ++i) decision.placements[i].dropped = std::move(left_out[i]);
  return bytes;
}

} // namespace

std::uint64_t request_key(const DecisionRequest& request) { return hash64(request.key_name + '\x1f' + request.request_id); }

Status check_request(const World& world, const DecisionRequest& request) {
  if (request.placements.empty()) return fail_at("/placements", "name at least one placement");
  if (request.placements.size() > limits::placements_per_call_max) return fail_at("/placements", "too many placements in one call");
  if (request.exclude.size() > limits::exclude_max) return fail_at("/exclude", "too many excluded items");
  if (request.filter)
    for (const std::string& id : named_audiences(*request.filter))
      if (!world.rulebook->audiences || !world.rulebook->audiences->find(id)) return fail_at("/filter", "there is no audience '" + id + "'");
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < request.placements.size(); ++i) {
    const PlacementRequest& asked = request.placements[i];
    const PlacementRules* rules = world.rulebook->find(asked.placement.text());
    if (!rules) return fail(ErrorCode::not_found, "placement '" + asked.placement.text() + "' does not exist");
    if (!seen.insert(asked.placement.text()).second) return fail_at(pointer_of(i, "/placement"), "the placement is there twice");
    if (asked.limit && (*asked.limit == 0 || *asked.limit > rules->placement.slots))
      return fail_at(pointer_of(i, "/limit"), "limit must be 1 to " + std::to_string(rules->placement.slots) + ", the slots of the placement");
    if (asked.candidates && asked.candidates->size() > limits::caller_candidates_max) return fail_at(pointer_of(i, "/candidates"), "too many candidates");
  }
  return {};
}

Deadline deadline_of(const World& world, const DecisionRequest& request, const Clock& clock) {
  Duration shortest = Duration::max();
  for (const PlacementRequest& asked : request.placements)
    if (const PlacementRules* rules = world.rulebook->find(asked.placement.text())) shortest = std::min(shortest, rules->placement.deadline);
  return shortest == Duration::max() ? Deadline{} : Deadline{clock.steady_now() + shortest};
}

Result<DecisionRequest> with_earlier_pages(Store& store, const DecisionRequest& request) {
  DecisionRequest effective = request;
  DecisionId page = request.after;
  if (page && time_of(page) + minutes(30) < request.now) return fail_at("/after", "a page can be continued for 30 minutes");
  while (page && effective.exclude.size() < limits::exclude_max) {
    TAKT_TRY(logged, store.decisions().find(page));
    if (!logged) return fail(ErrorCode::not_found, "no such decision: " + to_text(page));
    for (const PlacementDecision& placement : logged->decision.placements)
      for (const Choice& choice : placement.choices) effective.exclude.push_back(choice.item);
    page = logged->request.after;
  }
  return effective;
}

Result<Visitor> find_visitor(Store& store, const DecisionRequest& request) {
  if (request.customer) return Visitor{request.customer, std::nullopt};
  Identity identity{IdentityKind::user, request.user_id};
  if (identity.value.empty()) identity = {IdentityKind::anonymous, request.anonymous_id};
  if (identity.value.empty() && !request.context.session_id.empty()) identity.value = "session:" + request.context.session_id;
  if (identity.value.empty()) return Visitor{};
  TAKT_TRY(known, find_customer(store, identity));
  if (known || request.dry_run) return Visitor{known, identity};
  TAKT_TRY(founded, find_or_found(store, identity));
  return Visitor{founded, identity};
}

Result<RecordPtr> read_visitor(Store& store, const Visitor& visitor, Deadline deadline) {
  if (visitor.id) return store.records().read(visitor.id, deadline);
  return std::make_shared<const CustomerRecord>();
}

Status follow_merge(Store& store, Visitor& visitor, const CustomerRecord& sealed) {
  TAKT_TRY(canonical, read_canonical(store, sealed.sealed_into));
  visitor.id = canonical->id ? canonical->id : sealed.sealed_into;
  return {};
}

Result<EarlierAnswer> answered_before(Store& store, const World& world, const Person& person, const DecisionRequest& request) {
  if (request.request_id.empty() || request.dry_run) return EarlierAnswer{};
  const std::uint64_t key = request_key(request);
  const auto& marks = person.record->requests;
  const auto mark = std::find_if(marks.rbegin(), marks.rend(), [&](const RequestMark& made) { return made.request == key && made.until > person.now; });
  if (mark == marks.rend()) return EarlierAnswer{};
  if (mark->body != request.body_hash) return fail(ErrorCode::mismatch, "this request_id was used with another customer, placements, candidates, exclude or filter");
  TAKT_TRY(logged, store.decisions().find(mark->decision));
  if (!logged) return EarlierAnswer{std::nullopt, mark->decision};
  if (person.now >= repeatable_until(world, logged->decision) || !items_still_pass(world, person, request, logged->decision))
    return EarlierAnswer{std::nullopt, mark->decision};
  logged->decision.replayed = true;
  return EarlierAnswer{std::move(logged->decision), {}};
}

void add_grants(const World& world, const DecisionRequest& request, const Decision& decision, Delta& delta) {
  for (std::size_t i = 0; i < decision.placements.size(); ++i)
    if (const PlacementRules* rules = reserving_rules(world, decision.placements[i])) grant_slots(world, *rules, request, decision, i, delta);
}

Commit reserve(const World& world, const Visitor& visitor, const Person& person, const DecisionRequest& request, Decision& decision) {
  const Version version = person.record->version;
  // The id is also the commit's: another question with the same seed at the same instant must not pass for a repetition of this one.
  const std::uint64_t question = mix64(request_key(request), request.body_hash);
  decision.id = make_decision_id(person.now, visitor.id, static_cast<std::uint32_t>(mix64(mix64(version + 1, request.seed), question)));
  decision.customer = visitor.id;
  Commit commit{visitor.id, version, {decision.id.bytes}, {}, {}, std::nullopt, {}};
  commit.delta.clock = person.now;
  auto& operations = commit.delta.operations;
  if (version == 0) {
    operations.push_back(op::Found{person.now, false});
    if (visitor.found_as) operations.push_back(op::Link{*visitor.found_as, person.now});
  }
  if (is_screen_call(world, request)) operations.push_back(op::Activity{person.now});
  for (const DecisionId replaced : request.replaces) operations.push_back(op::Release{replaced, person.now});
  add_grants(world, request, decision, commit.delta);
  Duration longest{};
  for (const PlacementDecision& answered : decision.placements)
    if (const PlacementRules* rules = reserving_rules(world, answered)) longest = std::max(longest, rules->placement.reservation_ttl + rules->confirm_grace);
  if (!request.request_id.empty())
    operations.push_back(op::Request{{request_key(request), request.body_hash, decision.id, person.now + std::max(limits::request_mark_life, longest)}});
  commit.decision = log_bytes(request, decision);
  return commit;
}

CommitOutcome write(Store& store, const Commit& commit, Durability durability, Deadline deadline, const Clock& clock) {
  for (;;) {
    const CommitOutcome outcome = store.records().commit({&commit, 1}, durability, deadline).front();
    if (outcome != CommitOutcome::unknown || clock.steady_now() >= deadline.at) return outcome;
  }
}

Decision degraded_answer(const World& world, const DecisionRequest& request, ReasonCode code) {
  Decision decision;
  decision.now = request.now;
  decision.versions = world.versions();
  decision.degraded.push_back({code == ReasonCode::contention ? Stage::log : Stage::profile, code});
  for (const PlacementRequest& asked : request.placements) {
    PlacementDecision placement;
    placement.placement = asked.placement;
    placement.outcome = Outcome::hold;
    placement.hold = Hold{1, HoldKind::degraded, 1.0};
    placement.reasons.push_back({Stage::profile, code, {}, {}, {}, {}, {}, false});
    decision.placements.push_back(std::move(placement));
  }
  return decision;
}

Result<std::uint32_t> release_decision(Store& store, DecisionId decision, UtcTime now) {
  TAKT_TRY(logged, store.decisions().find(decision));
  if (!logged) return fail(ErrorCode::not_found, "no such decision: " + to_text(decision));
  for (int attempt = 0; attempt < limits::commit_attempts_max * 4; ++attempt) {
    TAKT_TRY(canonical, read_canonical(store, logged->decision.customer));
    const Lane lane = store.records().enter(canonical->id);
    TAKT_TRY(record, store.records().read(canonical->id, Deadline{}));
    const UtcTime at = std::max(now, record->clock);
    std::uint32_t freed = 0;
    for (const Entry& entry : record->ledger.entries)
      if (entry.id.origin == decision.bytes && is_live(entry, record->ledger.labels_of(entry).medium, at)) ++freed;
    if (freed == 0) return freed;
    Commit commit{record->id, record->version, {hash128("release\x1f" + to_text(decision) + std::to_string(record->version))}, {}, {}, std::nullopt, {}};
    commit.delta.clock = at;
    commit.delta.operations.push_back(op::Release{decision, at});
    const CommitOutcome outcome = store.records().commit({&commit, 1}, Durability::wal, Deadline{}).front();
    if (outcome == CommitOutcome::committed || outcome == CommitOutcome::duplicate) return freed;
    if (outcome == CommitOutcome::unavailable) break;
  }
  return fail(ErrorCode::unavailable, "the store takes no writes at the moment");
}

} // namespace takt
