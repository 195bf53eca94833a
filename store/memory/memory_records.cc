#include "core/fold.h"
#include "core/limits.h"
#include "store/memory/memory_store.h"

#include <iterator>
#include <utility>

namespace takt {
namespace {

CustomerRecord newest_snapshot(const MemoryData::Customer& customer, CustomerId id, Version at_most) {
  const auto after = customer.snapshots.upper_bound(at_most);
  if (after != customer.snapshots.begin()) return std::prev(after)->second;
  CustomerRecord record;
  record.id = id;
  return record;
}

CustomerRecord fold_of(const MemoryData::Customer& customer, CustomerId id) {
  CustomerRecord record = newest_snapshot(customer, id, customer.journal.size());
  for (Version version = record.version; version < customer.journal.size(); ++version) apply(record, customer.journal[version]);
  return record;
}

} // namespace

Result<RecordPtr> MemoryRecords::read(CustomerId customer, Deadline) {
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.customers.find(customer);
  const MemoryData::Customer nobody;
  return std::make_shared<const CustomerRecord>(fold_of(place == data_.customers.end() ? nobody : place->second, customer));
}

std::vector<CommitOutcome> MemoryRecords::commit(std::span<const Commit> commits, Durability, Deadline) {
  std::vector<CommitOutcome> outcomes;
  for (const Commit& commit : commits) outcomes.push_back(commit_one(commit));
  return outcomes;
}

CommitOutcome MemoryRecords::commit_one(const Commit& commit) {
  const std::lock_guard lock(data_.mutex);
  if (data_.erased.holds(commit.customer)) return CommitOutcome::moved;
  const auto place = data_.customers.find(commit.customer);
  const MemoryData::Customer nobody;
  const MemoryData::Customer& customer = place == data_.customers.end() ? nobody : place->second;
  const Version version = customer.journal.size();
  if (commit.expected < version && customer.journal[commit.expected].commit == commit.id) return CommitOutcome::duplicate;
  for (const DedupeMark& mark : commit.marks)
    if (const auto known = data_.marks.find(mark.key); known != data_.marks.end() && known->second > mark.at.value_or(commit.delta.clock)) return CommitOutcome::duplicate;
  CustomerRecord record = fold_of(customer, commit.customer);
  if (!takes(record, commit.delta)) return CommitOutcome::moved;
  if (version != commit.expected) return CommitOutcome::conflict;

  const JournalEntry entry{version + 1, commit.id, commit.delta, commit.raw};
  apply(record, entry);
  MemoryData::Customer& changed = data_.customers[commit.customer];
  changed.journal.push_back(entry);
  if (record.version % limits::snapshot_every == 0) changed.snapshots[record.version] = record;
  for (const DedupeMark& mark : commit.marks) data_.marks[mark.key] = mark.until;
  if (commit.decision) data_.decisions[DecisionId{commit.id.bytes}] = *commit.decision;
  return CommitOutcome::committed;
}

bool MemoryRecords::seen(const DedupeMark& mark) {
  const std::lock_guard lock(data_.mutex);
  const auto known = data_.marks.find(mark.key);
  return known != data_.marks.end() && known->second > mark.until;
}

Lane MemoryRecords::enter(CustomerId customer) { return Lane(lanes_[customer.value % lanes_.size()]); }

Status MemoryRecords::for_each_customer(const std::function<bool(CustomerId)>& visit) {
  std::vector<CustomerId> customers;
  {
    const std::lock_guard lock(data_.mutex);
    for (const auto& [customer, data] : data_.customers) customers.push_back(customer);
  }
  for (const CustomerId customer : customers) // unlocked: the visitor may read
    if (!visit(customer)) break;
  return {};
}

Status MemoryJournal::scan(CustomerId customer, Version after, const std::function<bool(const JournalEntry&)>& visit) {
  for (Version version = after;; ++version) { // entry by entry: the visitor may read, so it is called unlocked
    JournalEntry entry;
    {
      const std::lock_guard lock(data_.mutex);
      const auto place = data_.customers.find(customer);
      if (place == data_.customers.end() || version >= place->second.journal.size()) return {};
      entry = place->second.journal[version];
    }
    if (!visit(entry)) return {};
  }
}

Result<CustomerRecord> MemoryJournal::snapshot(CustomerId customer, Version at_most) {
  const std::lock_guard lock(data_.mutex);
  const auto place = data_.customers.find(customer);
  const MemoryData::Customer nobody;
  return newest_snapshot(place == data_.customers.end() ? nobody : place->second, customer, at_most);
}

Status MemoryJournal::rebuild(const std::function<void(std::size_t, std::size_t)>& progress) {
  const std::lock_guard lock(data_.mutex);
  std::size_t done = 0;
  for (auto& [id, customer] : data_.customers) {
    customer.snapshots.clear();
    CustomerRecord record;
    record.id = id;
    for (const JournalEntry& entry : customer.journal) {
      apply(record, entry);
      if (record.version % limits::snapshot_every == 0) customer.snapshots[record.version] = record;
    }
    if (progress) progress(++done, data_.customers.size());
  }
  return {};
}

} // namespace takt
