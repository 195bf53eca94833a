#include "store/rocksdb/commit_batch.h"

#include "core/check.h"
#include "core/fold.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/record_io.h"

#include <algorithm>
#include <utility>

namespace takt {

CommitBatch::CommitBatch(Database& database, RecordCache& cache, const DedupeMarks& marks, std::span<const Commit> commits)
    : database_(database), cache_(cache), marks_(marks) {
  working_.reserve(commits.size());
  staged_.reserve(commits.size());
  for (const Commit& commit : commits)
    for (const DedupeMark& mark : commit.marks) mark_keys_.push_back(mark.key);
  std::sort(mark_keys_.begin(), mark_keys_.end());
  mark_keys_.erase(std::unique(mark_keys_.begin(), mark_keys_.end()), mark_keys_.end());
  if (!mark_keys_.empty()) mark_ends_ = marks_.find(mark_keys_);
  is_mark_staged_.assign(mark_keys_.size(), false);
}

CommitBatch::~CommitBatch() {
  for (Working& working : working_) {
    if (working.changed)
      cache_.drop(working.record->id); // folded, but not written
    else
      cache_.put(std::move(working.record));
  }
}

CommitOutcome CommitBatch::add(const Commit& commit) {
  Working* const working = working_of(commit.customer);
  if (working == nullptr) return CommitOutcome::unavailable;
  const Result<bool> duplicate = is_duplicate(commit, working->record->version);
  if (!duplicate) return CommitOutcome::unavailable;
  if (*duplicate) return CommitOutcome::duplicate;
  if (!takes(*working->record, commit.delta)) return CommitOutcome::moved;
  if (working->record->version != commit.expected) return CommitOutcome::conflict;
  stage(commit, *working);
  return CommitOutcome::committed;
}

bool CommitBatch::write() {
  if (staged_.empty()) return true;
  put_marks();
  if (!database_.write(batch_)) return false;
  for (Working& working : working_) working.changed = false;
  LatestClock& latest = database_.latest_clock();
  std::int64_t seen = latest.load();
  while (seen < latest_clock_ms_ && !latest.compare_exchange_weak(seen, latest_clock_ms_)) {}
  return true;
}

CommitBatch::Working* CommitBatch::working_of(CustomerId customer) {
  const auto place = std::find_if(working_.begin(), working_.end(), [&](const Working& working) { return working.customer == customer; });
  if (place != working_.end()) return &*place;
  RecordCache::Taken taken = cache_.take(customer);
  if (taken.record) return &working_.emplace_back(Working{customer, std::move(taken.record), taken.sole, false});
  Result<std::shared_ptr<CustomerRecord>> loaded = load_record(database_, customer);
  if (!loaded) return nullptr;
  return &working_.emplace_back(Working{customer, std::move(*loaded), true, false});
}

Result<bool> CommitBatch::is_duplicate(const Commit& commit, Version current) const {
  if (current > commit.expected) {
    const Version next = commit.expected + 1;
    const auto is_it = [&](const Staged& staged) { return staged.customer == commit.customer && staged.version == next; };
    const auto staged = std::find_if(staged_.begin(), staged_.end(), is_it);
    if (staged != staged_.end()) {
      if (staged->id == commit.id) return true;
    } else {
      TAKT_TRY(is_same, has_commit(database_, commit.customer, next, commit.id));
      if (is_same) return true;
    }
  }
  for (const DedupeMark& mark : commit.marks) {
    TAKT_TRY(end, mark_ends_[mark_index(mark.key)]);
    if (end && *end > mark.at.value_or(commit.delta.clock)) return true;
  }
  return false;
}

std::size_t CommitBatch::mark_index(const Bytes16& key) const {
  const auto place = std::lower_bound(mark_keys_.begin(), mark_keys_.end(), key);
  TAKT_CHECK(place != mark_keys_.end() && *place == key, "the marks of every commit are looked up before");
  return static_cast<std::size_t>(place - mark_keys_.begin());
}

/// Ascending: each finds its place in RocksDB's sorted memory from the one before.
void CommitBatch::put_marks() {
  for (std::size_t i = 0; i < mark_keys_.size(); ++i)
    if (is_mark_staged_[i]) marks_.stage(batch_, {mark_keys_[i], **mark_ends_[i], {}});
}

void CommitBatch::stage(const Commit& commit, Working& working) {
  const JournalEntry entry{commit.expected + 1, commit.id, commit.delta, commit.raw};
  if (!working.sole) { // a reader holds it: what was read never changes
    working.record = std::make_shared<CustomerRecord>(*working.record);
    working.sole = true;
  }
  working.changed = true;
  const std::size_t growth_before = growth_of(*working.record);
  apply(*working.record, entry);
  stage_entry(database_, batch_, commit.customer, entry);
  stage_due_snapshot(database_, batch_, *working.record, growth_before, !commit.raw.empty());
  if (commit.decision) {
    const rocksdb::Status status = batch_.Put(database_.handle(Family::decisions), slice(keys::view_of(commit.id.bytes)), *commit.decision);
    TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  }
  for (const DedupeMark& mark : commit.marks) {
    const std::size_t index = mark_index(mark.key);
    mark_ends_[index] = mark.until;
    is_mark_staged_[index] = true;
  }
  staged_.push_back({commit.customer, entry.version, commit.id});
  latest_clock_ms_ = std::max(latest_clock_ms_, ms_of(commit.delta.clock));
}

} // namespace takt
