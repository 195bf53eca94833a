// Many events at once: those of one person share a commit, many commits share a call. Every event has the outcome that ingest() alone
// would give it; where sharing could change one, it is taken alone.
#include "engine/erase.h"
#include "engine/event_delta.h"
#include "engine/ingest.h"
#include "engine/ingest_step.h"
#include "engine/resolve.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace takt {
namespace {

/// Commits that share one call: more gain little and hold more records in memory.
constexpr std::size_t commits_per_call = 128;
/// Events that share one commit: a journal entry stays something that a person can read.
constexpr std::size_t events_per_commit_max = 64;

/// Collects what may share a commit, in order of arrival per customer, and writes it.
class Batch {
public:
  Batch(Store& store, const World& world, std::span<const Event> events, const IngestOptions& options,
        const std::function<void(std::size_t, const Error&)>& rejected)
      : store_(store), world_(world), events_(events), options_(options), rejected_(rejected) {}

  void add(std::size_t index) {
    const Event& event = events_[index];
    if (auto valid = check_event(event); !valid) return reject(index, valid.error());
    if (event.is_bot || is_of_erased(store_, event)) {
      ++counts_.accepted;
      return;
    }
    auto customer = customer_of(event);
    if (!customer) return reject(index, customer.error());
    if (*customer) return waiting_.push_back({*customer, index});
    flush(); // what came before must lie in the records that this one may merge
    take(index);
  }

  void flush() {
    sort();
    if (follow_merges()) sort();
    for (auto first = waiting_.begin(); first != waiting_.end();) {
      auto last = std::next(first);
      while (last != waiting_.end() && last - first < static_cast<std::ptrdiff_t>(events_per_commit_max) && belong_together(*first, *last)) ++last;
      prepare({first, last});
      first = last;
    }
    write();
    waiting_.clear();
  }

  IngestCounts counts() const { return counts_; }

private:
  struct Waiting {
    CustomerId customer;
    std::size_t index;
  };
  using Group = std::span<const Waiting>; ///< of one customer

  /// Neighbours in the store, and an order that does not depend on hashing; of one customer the order of arrival.
  void sort() {
    std::sort(waiting_.begin(), waiting_.end(), [](const Waiting& a, const Waiting& b) { return std::pair(a.customer, a.index) < std::pair(b.customer, b.index); });
  }

  /// Of one customer, and named alike: un-merge gives an entry of the journal to whom its request named.
  bool belong_together(const Waiting& a, const Waiting& b) const {
    const Event &one = events_[a.index], &other = events_[b.index];
    return a.customer == b.customer && one.user_id == other.user_id && one.anonymous_id == other.anonymous_id;
  }

  /// Identities may still point to a record that was absorbed: its events are the other one's, each in its place. True: there are some.
  bool follow_merges() {
    bool any = false;
    CustomerId linked, canonical;
    for (Waiting& waiting : waiting_) {
      if (waiting.customer != linked) {
        linked = canonical = waiting.customer;
        if (const auto record = read_canonical(store_, linked); record && (*record)->id) canonical = (*record)->id;
      }
      any = any || canonical != waiting.customer;
      waiting.customer = canonical;
    }
    return any;
  }

  /// Whom the event's identities point to; 0 where it may join people who are not known to belong together: alias always, a login
  /// with a device of somebody else.
  Result<CustomerId> customer_of(const Event& event) {
    if (event.type == EventType::alias) return CustomerId{};
    const Identity user{IdentityKind::user, event.user_id}, device{IdentityKind::anonymous, event.anonymous_id};
    if (user.value.empty() || device.value.empty()) {
      TAKT_TRY(linked, store_.identities().find(user.value.empty() ? device : user));
      return linked ? Result<CustomerId>(linked) : resolve_event(store_, event);
    }
    TAKT_TRY(by_user, store_.identities().find(user));
    TAKT_TRY(by_device, store_.identities().find(device));
    if (!by_user || !by_device) return CustomerId{};
    if (by_user == by_device) return by_user;
    TAKT_TRY(canonical_user, find_customer(store_, user));
    TAKT_TRY(canonical_device, find_customer(store_, device));
    return canonical_user == canonical_device ? canonical_user : CustomerId{};
  }

  /// All events of a group as one commit, many groups in one call; where that cannot be (a duplicate among them, another writer, a
  /// merge meanwhile), one by one.
  void prepare(Group group) {
    if (commits_.size() == commits_per_call || (!commits_.empty() && commits_.back().customer == group.front().customer)) write();
    auto commit = joined_commit(group);
    if (!commit) return take_each(group);
    commits_.push_back(std::move(*commit));
    groups_.push_back(group);
  }

  void write() {
    const std::vector<CommitOutcome> outcomes = store_.records().commit(commits_, Durability::wal, Deadline{});
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i] == CommitOutcome::committed) counts_.accepted += groups_[i].size();
      else take_each(groups_[i]);
    }
    commits_.clear();
    groups_.clear();
  }

  /// None where an event is there twice or speaks of two ledgers, the record cannot be read, or nothing of them is to be kept.
  std::optional<Commit> joined_commit(Group group) {
    const CustomerId customer = group.front().customer;
    Commit commit;
    commit.customer = customer;
    std::vector<const Event*> events;
    for (const Waiting& waiting : group) {
      const Event& event = events_[waiting.index];
      if (const DecisionId decision = named_decision(event); decision && !tagged_for(decision, customer)) return std::nullopt;
      const CommitId id = commit_id_of(event);
      const bool repeated = std::any_of(commit.marks.begin(), commit.marks.end(), [&](const DedupeMark& mark) { return mark.key == id.bytes; });
      if (repeated) return std::nullopt;
      commit.marks.push_back(mark_of(id, event, options_));
      commit.raw.append(event.raw);
      if (group.size() > 1) commit.raw.push_back('\n');
      events.push_back(&event);
    }
    const auto record = store_.records().read(customer, Deadline{});
    if (!record || (*record)->sealed_into) return std::nullopt;
    commit.delta = delta_of(world_, **record, events);
    if (commit.delta.empty()) return std::nullopt;
    commit.expected = (*record)->version;
    commit.id = group.size() == 1 ? CommitId{commit.marks.front().key} : commit_id_of(*events.front(), "group");
    return commit;
  }

  void take_each(Group group) {
    for (const Waiting& waiting : group) take(waiting.index);
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
  std::vector<Waiting> waiting_;
  std::vector<Commit> commits_;
  std::vector<Group> groups_;      ///< of commits_, one each
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
