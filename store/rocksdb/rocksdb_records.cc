#include "store/rocksdb/rocksdb_records.h"

#include "core/check.h"
#include "core/record_codec.h"
#include "store/rocksdb/commit_batch.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/record_io.h"

#include <algorithm>
#include <utility>

namespace takt {
namespace {

/// Commits in one write: the cost of RocksDB's write path is shared, and the stripes are held for well under a millisecond.
/// ThreadSanitizer follows at most 64 locks of one thread, and a commit takes a few besides its stripes.
constexpr std::size_t batch_commits_max = 56;

} // namespace

Result<RecordPtr> RocksdbRecords::read(CustomerId customer, Deadline) {
  if (auto record = cache_.find(customer)) return record;
  // Under the stripe, so that what goes to the cache is the newest version and stays it.
  const std::lock_guard lock(stripes_.of(customer));
  if (auto record = cache_.find(customer)) return record;
  TAKT_TRY(record, load_record(database_, customer));
  cache_.put(record);
  return record;
}

std::vector<CommitOutcome> RocksdbRecords::commit(std::span<const Commit> commits, Durability durability, Deadline deadline) {
  std::vector<CommitOutcome> outcomes(commits.size(), CommitOutcome::unavailable);
  if (is_refusing_) return outcomes;
  for (std::size_t from = 0; from < commits.size(); from += batch_commits_max) {
    const std::size_t size = std::min(batch_commits_max, commits.size() - from);
    commit_some(commits.subspan(from, size), std::span(outcomes).subspan(from, size));
  }
  if (durability == Durability::wal) return outcomes;
  // A duplicate waits too: whoever wrote it first may not have been synced yet.
  const auto needs_sync = [](CommitOutcome outcome) { return outcome == CommitOutcome::committed || outcome == CommitOutcome::duplicate; };
  if (std::none_of(outcomes.begin(), outcomes.end(), needs_sync)) return outcomes;
  if (database_.wait(deadline) == Syncer::Outcome::synced) return outcomes;
  for (CommitOutcome& outcome : outcomes)
    if (needs_sync(outcome)) outcome = CommitOutcome::unknown;
  return outcomes;
}

void RocksdbRecords::commit_some(std::span<const Commit> commits, std::span<CommitOutcome> outcomes) {
  std::array<std::size_t, batch_commits_max> indexes{};
  std::size_t count = 0;
  for (const Commit& commit : commits) indexes[count++] = Stripes::index_of(commit.customer);
  const auto begin = indexes.begin();
  const auto middle = begin + static_cast<std::ptrdiff_t>(count);
  std::sort(begin, middle);
  const auto end = std::unique(begin, middle);
  std::array<std::unique_lock<std::mutex>, batch_commits_max> locks;
  for (auto index = begin; index != end; ++index) locks[static_cast<std::size_t>(index - begin)] = std::unique_lock(stripes_.at(*index));

  CommitBatch batch(database_, cache_, marks_, commits); // dies, and so publishes, before the locks open
  for (std::size_t i = 0; i < commits.size(); ++i) outcomes[i] = erased_.holds(commits[i].customer) ? CommitOutcome::moved : batch.add(commits[i]);
  if (batch.write()) return;
  for (CommitOutcome& outcome : outcomes) // whatever leaned on the write is as unknown as the write
    if (outcome != CommitOutcome::unavailable) outcome = CommitOutcome::unknown;
}

bool RocksdbRecords::seen(const DedupeMark& mark) { return marks_.is_set(mark.key, mark.until).value_or(false); }

Status RocksdbRecords::for_each_customer(const std::function<bool(CustomerId)>& visit) {
  Database::Cursor cursor = database_.all(Family::journal);
  cursor.seek({});
  while (cursor.valid()) {
    const CustomerId customer = keys::customer_of(cursor.key());
    if (!visit(customer) || customer.value == ~std::uint64_t{0}) return {};
    cursor.seek(keys::record_key(CustomerId{customer.value + 1}, 0).view());
  }
  return cursor.status();
}

Result<JournalsForgotten> RocksdbRecords::forget_journals(UtcTime before, CustomerId from, std::size_t customers_max) {
  JournalsForgotten forgotten;
  forgotten.next = from;
  Database::Cursor cursor = database_.all(Family::journal); // sees the journals as they are now, and each customer's is cut once
  for (std::size_t seen = 0; seen < customers_max; ++seen) {
    cursor.seek(keys::record_key(*forgotten.next, 0).view());
    TAKT_TRY_VOID(cursor.status());
    if (!cursor.valid()) return JournalsForgotten{forgotten.entries, std::nullopt};
    const CustomerId customer = keys::customer_of(cursor.key());
    TAKT_TRY(oldest, decode_journal_entry(cursor.value()));
    if (oldest.delta.clock < before - Retention::journal_slack) { // nearly nobody's, so nobody else waits
      const std::lock_guard lock(stripes_.of(customer));
      rocksdb::WriteBatch batch;
      TAKT_TRY(entries, stage_forgotten_entries(database_, batch, customer, before));
      if (entries > 0) TAKT_TRY_VOID(database_.write(batch));
      forgotten.entries += entries;
    }
    if (customer.value == ~std::uint64_t{0}) return JournalsForgotten{forgotten.entries, std::nullopt};
    forgotten.next = CustomerId{customer.value + 1};
  }
  return forgotten;
}

Status RocksdbRecords::erase(CustomerId customer, ErasedCounts& counts, const std::function<void(const Bytes16&)>& decision_gone) {
  const std::lock_guard lock(stripes_.of(customer));
  cache_.drop(customer);
  rocksdb::WriteBatch batch;
  const auto remove = [&](Family family, std::string_view key) {
    const rocksdb::Status status = batch.Delete(database_.handle(family), slice(key));
    TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  };
  const keys::RecordKey first = keys::record_key(customer, 0);
  const std::string_view prefix = first.view().substr(0, keys::customer_prefix_bytes);
  Database::Cursor entries = database_.with_prefix(Family::journal, prefix);
  std::uint64_t entries_count = 0;
  for (entries.seek(first.view()); entries.valid() && keys::customer_of(entries.key()) == customer; entries.next(), ++entries_count) {
    remove(Family::journal, entries.key());
    TAKT_TRY(entry, decode_journal_entry(entries.value()));
    remove(Family::dedupe, keys::view_of(entry.commit.bytes));
    rocksdb::PinnableSlice decision;
    TAKT_TRY(was_decision, database_.get(Family::decisions, keys::view_of(entry.commit.bytes), decision));
    if (!was_decision) continue;
    remove(Family::decisions, keys::view_of(entry.commit.bytes));
    decision_gone(entry.commit.bytes);
    ++counts.decisions;
  }
  TAKT_TRY_VOID(entries.status());
  Database::Cursor snapshots = database_.with_prefix(Family::snapshots, prefix);
  for (snapshots.seek(first.view()); snapshots.valid() && keys::customer_of(snapshots.key()) == customer; snapshots.next()) remove(Family::snapshots, snapshots.key());
  TAKT_TRY_VOID(snapshots.status());
  TAKT_TRY_VOID(database_.write(batch));
  counts.journal_entries += entries_count;
  counts.records += entries_count > 0 ? 1 : 0;
  return {};
}

Status RocksdbRecords::clear(CustomerId customer, Version before) {
  const std::lock_guard lock(stripes_.of(customer));
  rocksdb::WriteBatch batch;
  TAKT_TRY(floor, journal_floor(database_, customer));
  if (floor >= before) return {}; // what the journal begins with is of after
  TAKT_TRY_VOID(scan_entries(database_, customer, floor, [&](const JournalEntry& entry) {
    if (entry.version >= before) return false;
    JournalEntry emptied{entry.version, entry.commit, {}, {}};
    emptied.delta.clock = entry.delta.clock;
    stage_entry(database_, batch, customer, emptied);
    return true;
  }));
  const keys::RecordKey first = keys::record_key(customer, 0), end = keys::record_key(customer, before);
  Database::Cursor snapshots = database_.with_prefix(Family::snapshots, first.view().substr(0, keys::customer_prefix_bytes));
  for (snapshots.seek(first.view()); snapshots.valid() && snapshots.key() < end.view(); snapshots.next()) {
    const rocksdb::Status status = batch.Delete(database_.handle(Family::snapshots), slice(snapshots.key()));
    TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  }
  TAKT_TRY_VOID(snapshots.status());
  rocksdb::PinnableSlice newest; // it may be of before, and nothing may ever overwrite it
  TAKT_TRY(has_newest, database_.get(Family::snapshots, keys::newest_snapshot_key(customer).view(), newest));
  bool newest_goes = false;
  if (has_newest) {
    TAKT_TRY(snapshot, decode_record(view(newest)));
    newest_goes = snapshot.version < before;
    const rocksdb::Status status = newest_goes ? batch.Delete(database_.handle(Family::snapshots), slice(keys::newest_snapshot_key(customer).view())) : rocksdb::Status::OK();
    TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  }
  if (floor > 0) { // the journal begins with nothing now, as it would have without retention
    CustomerRecord nothing;
    nothing.id = customer;
    nothing.version = floor;
    stage_floor(database_, batch, nothing, newest_goes);
  }
  return database_.write(batch);
}

Result<bool> RocksdbRecords::erase_decision(const DecisionId& decision) {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database_.get(Family::decisions, keys::view_of(decision.bytes), value));
  if (!is_there) return false;
  rocksdb::WriteBatch batch;
  const rocksdb::Status status = batch.Delete(database_.handle(Family::decisions), slice(keys::view_of(decision.bytes)));
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  TAKT_TRY_VOID(database_.write(batch));
  return true;
}

Status RocksdbRecords::rebuild(CustomerId customer) {
  const std::lock_guard lock(stripes_.of(customer));
  cache_.drop(customer);
  rocksdb::WriteBatch batch;
  TAKT_TRY_VOID(stage_rebuilt_snapshots(database_, batch, customer));
  return database_.write(batch);
}

} // namespace takt
