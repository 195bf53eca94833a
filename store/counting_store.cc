#include "store/counting_store.h"

#include "core/check.h"
#include "core/fold.h"
#include "core/limits.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <variant>

namespace takt {
namespace {

/// These leave ledger and group alone; whatever else there is, or will be, is looked at.
bool is_of_ledger(const Operation& operation) {
  return std::visit(
      []<class Kind>(const Kind&) {
        const auto is_one_of = []<class... Kinds>(std::variant<Kinds...>*) { return (std::is_same_v<Kind, Kinds> || ...); };
        using Harmless = std::variant<op::Found, op::Link, op::Unlink, op::Activity, op::Journey, op::SetTrait, op::SetConsent, op::SetZone, op::SetLocale, op::PutOrder, op::Refund,
                                      op::SwitchFact, op::Dismiss, op::Request, op::Seal>;
        return !is_one_of(static_cast<Harmless*>(nullptr));
      },
      operation);
}

bool has_absorbed(const CustomerRecord& record, CustomerId other) {
  return std::any_of(record.merges.begin(), record.merges.end(), [&](const MergeLink& link) { return link.absorbed == other; });
}

std::vector<TotalElement> elements_of(const CustomerRecord& record, std::span<const CapRule> rules) { return total_elements(record.ledger, record.account_group, rules); }

constexpr Version newest = std::numeric_limits<Version>::max();

bool same_count(const CapRule& rule, const BudgetCounter& counter) { return counting_part(rule) == counter.counted(); }

} // namespace

Result<RecordPtr> CountingRecords::read(CustomerId customer, Deadline deadline) { return owner_.inner_->records().read(customer, deadline); }
std::vector<CommitOutcome> CountingRecords::commit(std::span<const Commit> commits, Durability durability, Deadline deadline) {
  return owner_.commit(commits, durability, deadline);
}
Status CountingRecords::sync() { return owner_.inner_->records().sync(); }
bool CountingRecords::seen(const DedupeMark& mark) { return owner_.inner_->records().seen(mark); }
Lane CountingRecords::enter(CustomerId customer) { return owner_.inner_->records().enter(customer); }
Status CountingRecords::for_each_customer(const std::function<bool(CustomerId)>& visit) { return owner_.inner_->records().for_each_customer(visit); }

CountingStore::CountingStore(std::unique_ptr<Store> inner) : inner_(std::move(inner)) { TAKT_CHECK(inner_ != nullptr, "a store is in front of another"); }
CountingStore::~CountingStore() = default;

void CountingStore::Counted::add(std::shared_ptr<BudgetCounter> counter) {
  rules.push_back(counter->counted());
  counters.push_back(std::move(counter));
}

std::shared_lock<std::shared_mutex> CountingStore::enter() {
  const std::lock_guard gate(gate_);
  return std::shared_lock(phase_);
}

std::unique_lock<std::shared_mutex> CountingStore::enter_alone() {
  const std::lock_guard gate(gate_);         // who comes now waits here, so those inside get fewer
  return std::unique_lock(phase_);
}

// ---- following commits

std::vector<CommitOutcome> CountingStore::commit(std::span<const Commit> commits, Durability durability, Deadline deadline) {
  const std::shared_lock phase = enter();
  if (counted_.empty() && scan_ == nullptr) return inner_->records().commit(commits, durability, deadline);
  std::vector<std::unique_lock<std::mutex>> stripes;
  if (scan_ != nullptr) stripes = lock_stripes(commits);
  std::vector<Change> changes;
  changes.reserve(commits.size());
  for (const Commit& commit : commits) changes.push_back(look_before(commit));
  std::vector<CommitOutcome> outcomes = inner_->records().commit(commits, durability, deadline);
  for (std::size_t i = 0; i < commits.size(); ++i)
    if (must_follow(commits[i], outcomes[i])) follow(commits[i], std::move(changes[i]));
  return outcomes;
}

/// In ascending order, and those of absorbed records too: what a scan counts of them must not change meanwhile.
std::vector<std::unique_lock<std::mutex>> CountingStore::lock_stripes(std::span<const Commit> commits) {
  std::set<std::size_t> places;
  for (const Commit& commit : commits) {
    places.insert(commit.customer.value % stripes_count);
    for (const Operation& operation : commit.delta.operations)
      if (const auto* absorb = std::get_if<op::Absorb>(&operation)) places.insert(absorb->record.id.value % stripes_count);
  }
  std::vector<std::unique_lock<std::mutex>> locks;
  for (const std::size_t place : places) locks.emplace_back(stripes_[place]);
  return locks;
}

CountingStore::Change CountingStore::look_before(const Commit& commit) {
  Change change;
  change.is_of_ledger = std::any_of(commit.delta.operations.begin(), commit.delta.operations.end(), is_of_ledger);
  const auto record = inner_->records().read(commit.customer, Deadline{}); // let go of before the commit, which may fold in place
  if (record && (*record)->version == commit.expected) change.is_known = describe(**record, commit, change).has_value();
  return change;
}

Status CountingStore::describe(const CustomerRecord& record, const Commit& commit, Change& change) {
  change.was_sealed = static_cast<bool>(record.sealed_into);
  change.entries = record.ledger.entries.size();
  change.tallies = record.ledger.tallies.size();
  if (!change.is_of_ledger) return {};
  change.before = elements_of(record, counted_.rules);
  if (scan_ != nullptr) change.before_scan = elements_of(record, scan_->counted.rules);
  change.taken_in.clear();
  for (const Operation& operation : commit.delta.operations) {
    const auto* absorb = std::get_if<op::Absorb>(&operation);
    if (absorb == nullptr || has_absorbed(record, absorb->record.id)) continue;
    TAKT_TRY(sealed, fold(absorb->record.id, newest));
    if (sealed.sealed_into) change.taken_in.push_back(std::move(sealed)); // else it stands for itself, whatever a stale read made somebody do
  }
  return {};
}

Result<bool> CountingStore::is_written(const Commit& commit) {
  bool is_ours = false;
  TAKT_TRY_VOID(inner_->journal().scan(commit.customer, commit.expected, [&](const JournalEntry& entry) {
    is_ours = entry.version == commit.expected + 1 && entry.commit == commit.id;
    return false;
  }));
  return is_ours;
}

void CountingStore::Latest::add(const Commit& commit) {
  if (!kept_.insert({commit.id, commit.expected}).second) return;
  order_.push_back({commit.id, commit.expected});
  if (order_.size() <= kept_max) return;
  kept_.erase(order_.front());
  order_.pop_front();
}

/// Once per written commit. Where the answer was "unknown" the journal says whether it is there, now or when a repetition is called a duplicate.
bool CountingStore::must_follow(const Commit& commit, CommitOutcome outcome) {
  const std::lock_guard lock(outcomes_mutex_);
  const bool is_in_doubt = outcome == CommitOutcome::unknown || (outcome == CommitOutcome::duplicate && unknown_.contains(commit));
  if (outcome != CommitOutcome::committed) {
    if (!is_in_doubt || followed_.contains(commit)) return false;
    const auto written = is_written(commit);
    if (!written) give_up();
    if (!written || !*written) {
      unknown_.add(commit);
      return false;
    }
  }
  unknown_.remove(commit);
  followed_.add(commit);
  return true;
}

void CountingStore::follow(const Commit& commit, Change change) {
  if (!follow_record(commit, change)) give_up(); // it is written, and nobody can say what it changed
}

Status CountingStore::follow_record(const Commit& commit, Change& change) {
  const Version version = commit.expected + 1;
  const auto describe_then = [&]() -> Status {
    TAKT_TRY(then, fold(commit.customer, commit.expected));
    return describe(then, commit, change);
  };
  if (!change.is_known) TAKT_TRY_VOID(describe_then());
  RecordPtr record;
  if (auto now = inner_->records().read(commit.customer, Deadline{}); now && (*now)->version == version) {
    record = std::move(*now);
  } else { // somebody else has written since
    TAKT_TRY(folded, fold(commit.customer, version));
    record = std::make_shared<const CustomerRecord>(std::move(folded));
  }
  if (!change.is_of_ledger) { // old entries that were swept into tallies may count otherwise: rarely, and then all of it is looked at
    const bool is_same = record->ledger.entries.size() == change.entries && record->ledger.tallies.size() == change.tallies;
    if (is_same && (!change.was_sealed || record->sealed_into)) {
      budgets_->settle(commit.id, counted_.counters, {}, {});
      return {};
    }
    change.is_of_ledger = true;
    TAKT_TRY_VOID(describe_then());
  }
  count(commit, change, *record);
  return {};
}

/// A sealed record counts until another has absorbed it, so sealing changes nothing; one that is opened again counts anew.
void CountingStore::count(const Commit& commit, const Change& change, const CustomerRecord& record) {
  const bool is_reopened = change.was_sealed && !record.sealed_into;
  std::vector<TotalElement> before;
  if (!is_reopened) before = change.before;
  for (const CustomerRecord& other : change.taken_in) {
    const std::vector<TotalElement> gone = elements_of(other, counted_.rules);
    before.insert(before.end(), gone.begin(), gone.end());
  }
  budgets_->settle(commit.id, counted_.counters, before, elements_of(record, counted_.rules));
  if (scan_ == nullptr) return;
  const Counted& scanned = scan_->counted;
  for (const CustomerRecord& other : change.taken_in)
    if (scan_->counts(other.id)) Budgets::add(scanned.counters, elements_of(other, scanned.rules), -1);
  if (!scan_->counts(commit.customer)) return;
  Budgets::add(scanned.counters, elements_of(record, scanned.rules), 1);
  if (!is_reopened) Budgets::add(scanned.counters, change.before_scan, -1);
}

Result<CustomerRecord> CountingStore::fold(CustomerId customer, Version at_most) {
  TAKT_TRY(record, inner_->journal().snapshot(customer, at_most));
  TAKT_TRY_VOID(inner_->journal().scan(customer, record.version, [&](const JournalEntry& entry) {
    if (entry.version > at_most) return false;
    apply(record, entry);
    return true;
  }));
  return record;
}

void CountingStore::give_up() {
  for (const auto& counter : counted_.counters) counter->give_up();
  if (scan_ == nullptr) return;
  for (const auto& counter : scan_->counted.counters) counter->give_up();
}

// ---- counting what is there

bool CountingStore::Scan::counts(CustomerId customer) {
  const std::lock_guard lock(mutex);
  if (customer.value <= frontier && !late.contains(customer)) return true;
  late.insert(customer);
  return false;
}

void CountingStore::Scan::note(CustomerId customer) {
  const std::lock_guard lock(mutex);
  frontier = std::max(frontier, customer.value);
  late.erase(customer);
}

/// A record that was sealed and not absorbed yet stands for itself: a merge that a crash cut in two.
Result<bool> CountingStore::is_absorbed(const CustomerRecord& sealed) {
  TAKT_TRY(into, fold(sealed.sealed_into, newest));
  return has_absorbed(into, sealed.id) || into.merges.size() >= limits::merges_max; // so many merges are not all remembered
}

Status CountingStore::scan_one(Scan& scan, CustomerId customer) {
  const std::lock_guard lock(stripes_[customer.value % stripes_count]);
  TAKT_TRY(record, fold(customer, newest));
  bool is_counted = true;
  if (record.sealed_into) {
    TAKT_TRY(absorbed, is_absorbed(record));
    is_counted = !absorbed;
  }
  if (is_counted) Budgets::add(scan.counted.counters, elements_of(record, scan.counted.rules), 1);
  scan.note(customer);
  return {};
}

Status CountingStore::scan_all(Scan& scan) {
  Status status;
  TAKT_TRY_VOID(inner_->records().for_each_customer([&](CustomerId customer) {
    status = scan_one(scan, customer);
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  std::set<CustomerId> late;
  {
    const std::lock_guard lock(scan.mutex);  // whoever comes from now on was not there, and is followed from his first commit on
    scan.frontier = std::numeric_limits<std::uint64_t>::max();
    late = scan.late;
  }
  for (const CustomerId customer : late) TAKT_TRY_VOID(scan_one(scan, customer));
  return {};
}

Result<std::shared_ptr<const BudgetTotals>> CountingStore::count_for(std::span<const CapRule> rules) {
  if (rules.empty()) return nullptr;
  const std::lock_guard counting(counting_mutex_);
  Scan scan;
  const auto find = [&](const CapRule& rule) -> std::shared_ptr<BudgetCounter> {
    for (const Counted* const counted : {&counted_, &scan.counted})
      for (const auto& counter : counted->counters)
        if (same_count(rule, *counter) && !counter->has_given_up()) return counter;
    return nullptr;
  };
  for (const CapRule& rule : rules)
    if (!find(rule)) scan.counted.add(std::make_shared<BudgetCounter>(counting_part(rule)));
  if (!scan.counted.empty()) {
    {
      const std::unique_lock alone = enter_alone();
      scan_ = &scan;
    }
    Status status = scan_all(scan);
    const std::unique_lock alone = enter_alone();
    scan_ = nullptr;
    if (!status) return tl::unexpected(std::move(status.error()));
    for (const auto& counter : scan.counted.counters) counted_.add(counter);
  }
  std::vector<BudgetTotals::Rule> bound;
  for (const CapRule& rule : rules) bound.push_back({rule.id, rule.limit.value_or(0), find(rule)});
  return std::make_shared<const BudgetTotals>(budgets_, std::move(bound));
}

void CountingStore::keep_only(std::span<const CapRule> rules) {
  const std::lock_guard counting(counting_mutex_);
  Counted kept;
  for (const auto& counter : counted_.counters)
    if (!counter->has_given_up() && std::any_of(rules.begin(), rules.end(), [&](const CapRule& rule) { return same_count(rule, *counter); })) kept.add(counter);
  if (kept.counters.size() == counted_.counters.size()) return;
  const std::unique_lock alone = enter_alone();
  counted_ = std::move(kept);
}

} // namespace takt
