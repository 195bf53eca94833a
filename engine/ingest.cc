// The write path, top to bottom: once only → resolve identity → delta → conditional commit. What an event means is in
// event_delta.cc, who it belongs to in resolve.cc; here is only the order of things.
#include "engine/ingest.h"

#include "engine/event_delta.h"
#include "engine/resolve.h"

#include <algorithm>
#include <unordered_map>

namespace takt {
namespace {

DedupeMark mark_of(const CommitId& id, const Event& event, const IngestOptions& options) { return {id.bytes, event.received_at + options.dedupe_life}; }

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
    case CommitOutcome::conflict:
    case CommitOutcome::moved:
    case CommitOutcome::unknown: continue;
    }
  }
  return fail(ErrorCode::unavailable, "too many writers on one customer");
}

/// A decision of somebody else's: its reservation lies in their ledger and is confirmed there too (semantics.md "Reservation").
Status confirm_in_other_ledger(Store& store, const World& world, const Event& event, CustomerId sender, const IngestOptions& options) {
  const DecisionId decision = named_decision(event);
  if (!decision || tagged_for(decision, sender)) return {};
  TAKT_TRY(logged, store.decisions().find(decision));
  if (!logged) return {};
  TAKT_TRY(owner, read_canonical(store, logged->decision.customer));
  if (!owner->id || owner->id == sender) return {};
  const CommitId id = commit_id_of(event, "confirm");
  TAKT_TRY(outcome, commit_delta(store, owner->id, id, {mark_of(id, event, options)}, {}, [&](const CustomerRecord& record) { return foreign_marks_of(world, record, event); }));
  static_cast<void>(outcome); // a repeated confirmation is as good as the first
  return {};
}

Status check_event(const Event& event) {
  if (event.message_id.empty()) return fail_at("/messageId", "an event needs a messageId");
  if (event.user_id.empty() && event.anonymous_id.empty()) return fail_at("/userId", "an event needs userId or anonymousId");
  if (event.type == EventType::alias && event.previous_id.empty()) return fail_at("/previousId", "alias needs previousId");
  if (event.occurred_at > event.received_at + limits::future_tolerance) return fail_at("/timestamp", "more than 24 h in the future");
  return {};
}

} // namespace

Result<IngestOutcome> ingest(Store& store, const World& world, const Event& event, const IngestOptions& options) {
  TAKT_TRY_VOID(check_event(event));
  if (event.is_bot) return IngestOutcome::accepted; // known bots neither count nor train
  const CommitId id = commit_id_of(event);
  if (store.records().seen({id.bytes, event.received_at})) return IngestOutcome::duplicate;
  TAKT_TRY(customer, resolve_event(store, event));
  TAKT_TRY(outcome, commit_delta(store, customer, id, {mark_of(id, event, options)}, event.raw, [&](const CustomerRecord& record) { return delta_of(world, record, event); }));
  TAKT_TRY_VOID(confirm_in_other_ledger(store, world, event, customer, options));
  return outcome;
}

namespace {

/// Commits that share one write to the device's log: more gain little and hold more records in memory.
constexpr std::size_t commits_per_call = 128;

/// Events of one customer waiting for one commit.
struct Group { std::vector<std::size_t> events; };

/// Collects what may share a commit, in order of arrival per customer, and writes it.
class Batch {
public:
  Batch(Store& store, const World& world, std::span<const Event> events, const IngestOptions& options,
        const std::function<void(std::size_t, const Error&)>& rejected)
      : store_(store), world_(world), events_(events), options_(options), rejected_(rejected) {}

  void add(std::size_t index) {
    const Event& event = events_[index];
    if (auto valid = check_event(event); !valid) return reject(index, valid.error());
    if (event.is_bot) {
      ++counts_.accepted;
      return;
    }
    if (may_join_identities(event)) {
      flush(); // what came before must lie in the records that this one may merge
      return take(index);
    }
    auto customer = resolve(event);
    if (!customer) return reject(index, customer.error());
    if (const DecisionId decision = named_decision(event); decision && !tagged_for(decision, *customer)) {
      flush_one(*customer); // two ledgers, two commits
      return take(index);
    }
    groups_[*customer].events.push_back(index);
  }

  void flush() {
    std::vector<CustomerId> customers;
    customers.reserve(groups_.size());
    for (const auto& [customer, group] : groups_) customers.push_back(customer);
    std::sort(customers.begin(), customers.end()); // neighbours in the store, and an order that does not depend on hashing
    for (std::size_t first = 0; first < customers.size(); first += commits_per_call) {
      const std::size_t count = std::min(commits_per_call, customers.size() - first);
      write_all(std::span(customers).subspan(first, count));
    }
    groups_.clear();
    known_.clear();
  }

  IngestCounts counts() const { return counts_; }

private:
  /// alias always; a login with a device only where we do not know yet that they belong together.
  bool may_join_identities(const Event& event) {
    if (event.type == EventType::alias) return true;
    if (event.user_id.empty() || event.anonymous_id.empty()) return false;
    const auto user = known_.find("u:" + event.user_id), device = known_.find("a:" + event.anonymous_id);
    if (user != known_.end() && device != known_.end()) return user->second != device->second;
    auto by_user = find_customer(store_, {IdentityKind::user, event.user_id});
    auto by_device = find_customer(store_, {IdentityKind::anonymous, event.anonymous_id});
    if (!by_user || !by_device || !*by_user || *by_user != *by_device) return true;
    known_.emplace("u:" + event.user_id, *by_user);
    known_.emplace("a:" + event.anonymous_id, *by_user);
    return false;
  }

  void flush_one(CustomerId customer) {
    const auto group = groups_.find(customer);
    if (group == groups_.end()) return;
    write_all({&customer, 1});
    groups_.erase(group);
  }

  Result<CustomerId> resolve(const Event& event) {
    std::string name = (event.user_id.empty() ? "a:" : "u:") + (event.user_id.empty() ? event.anonymous_id : event.user_id);
    if (const auto found = known_.find(name); found != known_.end()) return found->second;
    TAKT_TRY(customer, resolve_event(store_, event));
    known_.emplace(std::move(name), customer);
    return customer;
  }

  /// All events of one customer as one commit, many customers in one call; where that cannot be (a duplicate among them, another
  /// writer, a merge meanwhile), one by one.
  void write_all(std::span<const CustomerId> customers) {
    std::vector<Commit> commits;
    std::vector<const std::vector<std::size_t>*> groups;
    for (const CustomerId customer : customers) {
      const std::vector<std::size_t>& indices = groups_.find(customer)->second.events;
      auto commit = joined_commit(customer, indices);
      if (!commit) {
        take_each(indices);
        continue;
      }
      commits.push_back(std::move(*commit));
      groups.push_back(&indices);
    }
    if (commits.empty()) return;
    const std::vector<CommitOutcome> outcomes = store_.records().commit(commits, Durability::wal, Deadline{});
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i] == CommitOutcome::committed) counts_.accepted += groups[i]->size();
      else take_each(*groups[i]);
    }
  }

  /// None where one of the events was taken before, the record cannot be read, or nothing of them is to be kept.
  std::optional<Commit> joined_commit(CustomerId customer, const std::vector<std::size_t>& indices) {
    std::vector<DedupeMark> marks;
    std::string raw;
    for (const std::size_t index : indices) {
      const CommitId id = commit_id_of(events_[index]);
      const bool repeated = std::any_of(marks.begin(), marks.end(), [&](const DedupeMark& mark) { return mark.key == id.bytes; });
      if (repeated || store_.records().seen({id.bytes, events_[index].received_at})) return std::nullopt;
      marks.push_back(mark_of(id, events_[index], options_));
      raw.append(events_[index].raw);
      if (indices.size() > 1) raw.push_back('\n');
    }
    const auto record = store_.records().read(customer, Deadline{});
    if (!record || (*record)->sealed_into) return std::nullopt;
    Delta delta = delta_of_all(**record, indices);
    if (delta.empty()) return std::nullopt;
    const CommitId id = indices.size() == 1 ? commit_id_of(events_[indices.front()]) : commit_id_of(events_[indices.front()], "group");
    return Commit{customer, (*record)->version, id, std::move(delta), std::move(marks), std::nullopt, std::move(raw)};
  }

  Delta delta_of_all(const CustomerRecord& record, const std::vector<std::size_t>& indices) const {
    Delta joined = delta_of(world_, record, events_[indices.front()]);
    for (std::size_t i = 1; i < indices.size(); ++i) {
      Delta next = delta_of(world_, record, events_[indices[i]]);
      joined.clock = std::max(joined.clock, next.clock);
      for (Operation& operation : next.operations) {
        const bool founds_again = std::holds_alternative<op::Found>(operation) || std::holds_alternative<op::Link>(operation);
        if (record.version != 0 || !founds_again) joined.operations.push_back(std::move(operation));
      }
    }
    return joined;
  }

  void take_each(const std::vector<std::size_t>& indices) {
    for (const std::size_t index : indices) take(index);
  }

  void take(std::size_t index) {
    auto outcome = ingest(store_, world_, events_[index], options_);
    if (!outcome) return reject(index, outcome.error());
    ++(*outcome == IngestOutcome::duplicate ? counts_.duplicates : counts_.accepted);
  }

  void reject(std::size_t index, const Error& error) {
    ++counts_.rejected;
    rejected_(index, error);
  }

  Store& store_;
  const World& world_;
  std::span<const Event> events_;
  const IngestOptions& options_;
  const std::function<void(std::size_t, const Error&)>& rejected_;
  std::unordered_map<CustomerId, Group> groups_;
  std::unordered_map<std::string, CustomerId> known_; ///< only since the last flush: a merge may change the answer
  IngestCounts counts_;
};

} // namespace

IngestCounts ingest_batch(Store& store, const World& world, std::span<const Event> events, const IngestOptions& options,
                          const std::function<void(std::size_t, const Error&)>& rejected) {
  Batch batch(store, world, events, options, rejected);
  for (std::size_t index = 0; index < events.size(); ++index) batch.add(index);
  batch.flush();
  return batch.counts();
}

} // namespace takt
