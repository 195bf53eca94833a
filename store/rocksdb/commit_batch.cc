#include "store/rocksdb/commit_batch.h"

#include "core/check.h"
#include "core/fold.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/record_io.h"

#include <algorithm>
#include <utility>

namespace takt {

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
  if (working->record->sealed_into) return CommitOutcome::moved;
  if (working->record->version != commit.expected) return CommitOutcome::conflict;
  stage(commit, *working);
  return CommitOutcome::committed;
}

bool CommitBatch::write() {
  if (staged_.empty()) return true;
  if (!database_.write(batch_)) return false;
  for (Working& working : working_) working.changed = false;
  LatestClock& latest = database_.latest_clock();
  std::int64_t seen = latest.load();
  while (seen < latest_clock_ms_ && !latest.compare_exchange_weak(seen, latest_clock_ms_)) {}
  return true;
}

CommitBatch::Working* CommitBatch::working_of(CustomerId customer) {
  const auto place = std::find_if(working_.begin(), working_.end(), [&](const Working& working) { return working.record->id == customer; });
  if (place != working_.end()) return &*place;
  RecordCache::Taken taken = cache_.take(customer);
  if (taken.record) return &working_.emplace_back(Working{std::move(taken.record), taken.sole, false});
  Result<std::shared_ptr<CustomerRecord>> loaded = load_record(database_, customer);
  if (!loaded) return nullptr;
  return &working_.emplace_back(Working{std::move(*loaded), true, false});
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
    TAKT_TRY(is_set, is_marked(mark.key, commit.delta.clock));
    if (is_set) return true;
  }
  return false;
}

Result<bool> CommitBatch::is_marked(const Bytes16& key, UtcTime at) const {
  const auto last = std::find_if(staged_marks_.rbegin(), staged_marks_.rend(), [&](const DedupeMark& mark) { return mark.key == key; });
  if (last != staged_marks_.rend()) return last->until > at;
  return marks_.is_set(key, at);
}

void CommitBatch::stage(const Commit& commit, Working& working) {
  const JournalEntry entry{commit.expected + 1, commit.id, commit.delta, commit.raw};
  if (!working.sole) { // a reader holds it: what was read never changes
    working.record = std::make_shared<CustomerRecord>(*working.record);
    working.sole = true;
  }
  working.changed = true;
  apply(*working.record, entry);
  stage_entry(database_, batch_, commit.customer, entry);
  stage_due_snapshot(database_, batch_, *working.record);
  if (commit.decision) {
    const rocksdb::Status status = batch_.Put(database_.handle(Family::decisions), slice(keys::view_of(commit.id.bytes)), *commit.decision);
    TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  }
  for (const DedupeMark& mark : commit.marks) {
    marks_.stage(batch_, mark);
    staged_marks_.push_back(mark);
  }
  staged_.push_back({commit.customer, entry.version, commit.id});
  latest_clock_ms_ = std::max(latest_clock_ms_, ms_of(commit.delta.clock));
}

} // namespace takt
