#include "tests/support/faulty_store.h"

#include "core/fold.h"

#include <algorithm>
#include <utility>

namespace takt::test {

FaultyStore::FaultyStore(Store& inner, FaultPlan plan, std::uint64_t seed)
    : ForwardingStore(inner), plan_(std::move(plan)), random_(seed), records_(*this, inner.records()) {}

void FaultyStore::set_plan(FaultPlan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
}

FaultCounts FaultyStore::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool FaultyStore::draw(double FaultPlan::*chance) {
  const std::lock_guard lock(mutex_);
  return plan_.*chance > 0 && random_.uniform() < plan_.*chance;
}

std::uint64_t FaultyStore::draw_below(std::uint64_t bound) {
  const std::lock_guard lock(mutex_);
  return random_.below(bound);
}

void FaultyStore::count(std::uint64_t FaultCounts::*counter) {
  const std::lock_guard lock(mutex_);
  ++(counts_.*counter);
}

bool FaultyStore::has_commit(const Commit& commit) {
  bool is_there = false;
  const Status status = inner_.journal().scan(commit.customer, commit.expected, [&](const JournalEntry& entry) {
    is_there = entry.commit == commit.id;
    return false;
  });
  return status && is_there;
}

bool FaultyStore::is_in_storm(CustomerId customer) {
  const bool begins = draw(&FaultPlan::commit_conflict);
  const std::lock_guard lock(mutex_);
  std::uint64_t& left = storms_[customer];
  if (left == 0 && begins) left = 1 + random_.below(std::max<std::uint64_t>(plan_.storm_length_max, 1));
  if (left == 0) return false;
  --left;
  return true;
}

void FaultyStore::maybe_seal(CustomerId customer) {
  if (!draw(&FaultPlan::seal_before_commit)) return;
  const CustomerId into = plan_.seal_into ? plan_.seal_into(customer) : CustomerId{};
  const Result<RecordPtr> record = inner_.records().read(customer, {});
  if (!into || into == customer || !record || (*record)->sealed_into || (*record)->version == 0) return;
  Commit seal;
  seal.customer = customer;
  seal.expected = (*record)->version;
  for (std::size_t i = 0; i < 8; ++i) seal.id.bytes[i] = static_cast<std::uint8_t>(draw_below(256));
  seal.delta.clock = (*record)->clock;
  seal.delta.operations.push_back(op::Seal{into, (*record)->clock});
  if (inner_.records().commit(std::span(&seal, 1), Durability::wal, {}).front() == CommitOutcome::committed) count(&FaultCounts::seals);
}

Result<RecordPtr> FaultyStore::read_stale(CustomerId customer, Deadline deadline) {
  TAKT_TRY(newest, inner_.records().read(customer, deadline));
  const Version back = std::min<Version>(newest->version, 1 + draw_below(std::max<std::uint64_t>(plan_.stale_versions_max, 1)));
  const Version version = newest->version - back;
  TAKT_TRY(record, inner_.journal().snapshot(customer, version));
  TAKT_TRY_VOID(inner_.journal().scan(customer, record.version, [&](const JournalEntry& entry) {
    if (entry.version > version) return false;
    apply(record, entry);
    return true;
  }));
  count(&FaultCounts::stale_reads);
  return std::make_shared<const CustomerRecord>(std::move(record));
}

Result<RecordPtr> FaultyStore::Records::read(CustomerId customer, Deadline deadline) {
  if (owner_.draw(&FaultPlan::read_unavailable)) {
    owner_.count(&FaultCounts::unavailable);
    return fail(ErrorCode::unavailable, "injected: no answer");
  }
  if (owner_.draw(&FaultPlan::read_stale)) return owner_.read_stale(customer, deadline);
  return ForwardingRecords::read(customer, deadline);
}

std::vector<CommitOutcome> FaultyStore::Records::commit(std::span<const Commit> commits, Durability durability, Deadline deadline) {
  std::vector<CommitOutcome> outcomes;
  for (const Commit& commit : commits) outcomes.push_back(owner_.commit_one(commit, durability, deadline));
  return outcomes;
}

CommitOutcome FaultyStore::commit_one(const Commit& commit, Durability durability, Deadline deadline) {
  const auto forward = [&] { return inner_.records().commit(std::span(&commit, 1), durability, deadline).front(); };
  if (draw(&FaultPlan::commit_unavailable)) {
    count(&FaultCounts::unavailable);
    return CommitOutcome::unavailable;
  }
  maybe_seal(commit.customer);
  // A conflict promises that nothing of this id was written, so a retry of a written commit never meets a storm.
  if (is_in_storm(commit.customer) && !has_commit(commit)) {
    count(&FaultCounts::conflicts);
    return CommitOutcome::conflict;
  }
  if (draw(&FaultPlan::commit_unknown_before)) {
    count(&FaultCounts::unknown_before);
    return CommitOutcome::unknown;
  }
  const CommitOutcome outcome = forward();
  if (outcome == CommitOutcome::committed && draw(&FaultPlan::commit_unknown_after)) {
    count(&FaultCounts::unknown_after);
    return CommitOutcome::unknown;
  }
  return outcome;
}

Result<CustomerId> FaultyStore::FaultyIdentities::find(const Identity& identity) {
  if (owner_.draw(&FaultPlan::read_unavailable)) return fail(ErrorCode::unavailable, "injected: no answer");
  return owner_.inner_.identities().find(identity);
}

Result<CustomerId> FaultyStore::FaultyIdentities::claim(const Identity& identity, CustomerId customer, CustomerId expected) {
  if (owner_.draw(&FaultPlan::read_unavailable)) return fail(ErrorCode::unavailable, "injected: no answer");
  return owner_.inner_.identities().claim(identity, customer, expected);
}

} // namespace takt::test
