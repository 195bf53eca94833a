#include "store/rocksdb/record_io.h"

#include "core/check.h"
#include "core/fold.h"
#include "core/limits.h"
#include "core/record_codec.h"
#include "store/rocksdb/keys.h"

#include <bit>
#include <string>
#include <utility>

namespace takt {
namespace {

tl::unexpected<Error> damaged(CustomerId customer, const std::string& what) {
  return fail(ErrorCode::corrupt, "the record of " + to_text(customer) + " is damaged: " + what);
}

Result<CustomerRecord> decode_snapshot(CustomerId customer, std::string_view bytes) {
  TAKT_TRY(record, decode_record(bytes));
  if (record.id != customer) return damaged(customer, "its snapshot is of somebody else");
  return record;
}

void put(Database& database, rocksdb::WriteBatch& batch, Family family, const keys::RecordKey& key, const std::string& bytes) {
  const rocksdb::Status status = batch.Put(database.handle(family), slice(key.view()), bytes);
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
}

/// Only events make a step of growth worth a snapshot: their text is what is long, a decision's entry is a few hundred bytes.
bool is_snapshot_due(const CustomerRecord& record, std::size_t growth_before, bool has_text) {
  return record.version % limits::snapshot_every == 0 || (has_text && growth_of(record) > growth_before);
}

CustomerRecord empty_record(CustomerId customer) {
  CustomerRecord record;
  record.id = customer;
  return record;
}

} // namespace

Result<std::shared_ptr<CustomerRecord>> load_record(Database& database, CustomerId customer) {
  rocksdb::PinnableSlice value;
  TAKT_TRY(has_snapshot, database.get(Family::snapshots, keys::newest_snapshot_key(customer).view(), value));
  auto record = std::make_shared<CustomerRecord>();
  if (has_snapshot) {
    TAKT_TRY(decoded, decode_snapshot(customer, view(value)));
    *record = std::move(decoded);
  } else {
    record->id = customer;
    // Strangers are common, and a point read that Bloom filters answer is cheaper than a seek.
    TAKT_TRY(has_entry, database.get(Family::journal, keys::record_key(customer, 1).view(), value));
    if (!has_entry) return record;
  }
  TAKT_TRY_VOID(scan_entries(database, customer, record->version, [&](const JournalEntry& entry) {
    apply(*record, entry);
    return true;
  }));
  return record;
}

Result<CustomerRecord> load_snapshot(Database& database, CustomerId customer, Version at_most) {
  Database::Cursor cursor = database.with_prefix(Family::snapshots, keys::record_key(customer, 0).view().substr(0, keys::customer_prefix_bytes));
  // The newest one stands under a key of its own: it may be better than the kept ones.
  rocksdb::PinnableSlice value;
  TAKT_TRY(has_newest, database.get(Family::snapshots, keys::newest_snapshot_key(customer).view(), value));
  if (has_newest) {
    TAKT_TRY(newest, decode_snapshot(customer, view(value)));
    if (newest.version <= at_most) return newest;
  }
  cursor.seek_back(keys::record_key(customer, at_most).view());
  TAKT_TRY_VOID(cursor.status());
  if (!cursor.valid() || keys::customer_of(cursor.key()) != customer || keys::version_of(cursor.key()) > at_most) return empty_record(customer);
  return decode_snapshot(customer, cursor.value());
}

Status scan_entries(Database& database, CustomerId customer, Version after, const std::function<bool(const JournalEntry&)>& visit) {
  const keys::RecordKey first = keys::record_key(customer, after + 1);
  Database::Cursor cursor = database.with_prefix(Family::journal, first.view().substr(0, keys::customer_prefix_bytes));
  Version expected = after + 1;
  for (cursor.seek(first.view()); cursor.valid() && keys::customer_of(cursor.key()) == customer; cursor.next(), ++expected) {
    if (keys::version_of(cursor.key()) != expected) return damaged(customer, "its journal has a gap before version " + std::to_string(expected + 1));
    TAKT_TRY(entry, decode_journal_entry(cursor.value()));
    if (entry.version != expected) return damaged(customer, "a journal entry carries another version than its key");
    if (!visit(entry)) return {};
  }
  return cursor.status();
}

Result<bool> has_commit(Database& database, CustomerId customer, Version version, const CommitId& id) {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database.get(Family::journal, keys::record_key(customer, version).view(), value));
  if (!is_there) return false;
  TAKT_TRY(entry, decode_journal_entry(view(value)));
  return entry.commit == id;
}

void stage_entry(Database& database, rocksdb::WriteBatch& batch, CustomerId customer, const JournalEntry& entry) {
  put(database, batch, Family::journal, keys::record_key(customer, entry.version), encode_journal_entry(entry));
}

std::size_t growth_of(const CustomerRecord& record) {
  const std::size_t size = record.ledger.entries.size() + record.journey.size();
  if (size < limits::snapshot_every) return 0;
  const auto width = static_cast<std::size_t>(std::bit_width(size));
  return 2 * width + (size >> (width - 2) & 1U); // 32, 48, 64, 96, 128, 192 …
}

void stage_due_snapshot(Database& database, rocksdb::WriteBatch& batch, const CustomerRecord& record, std::size_t growth_before, bool has_text) {
  if (!is_snapshot_due(record, growth_before, has_text)) return;
  const std::string bytes = encode_record(record);
  put(database, batch, Family::snapshots, keys::newest_snapshot_key(record.id), bytes);
  if (record.version % snapshot_kept_every == 0) put(database, batch, Family::snapshots, keys::record_key(record.id, record.version), bytes);
}

Status stage_rebuilt_snapshots(Database& database, rocksdb::WriteBatch& batch, CustomerId customer) {
  const keys::RecordKey first = keys::record_key(customer, 0);
  Database::Cursor cursor = database.with_prefix(Family::snapshots, first.view().substr(0, keys::customer_prefix_bytes));
  for (cursor.seek(first.view()); cursor.valid() && keys::customer_of(cursor.key()) == customer; cursor.next()) {
    const rocksdb::Status status = batch.Delete(database.handle(Family::snapshots), slice(cursor.key()));
    TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  }
  TAKT_TRY_VOID(cursor.status());
  CustomerRecord record = empty_record(customer);
  std::string newest;                        // only the last one is put: a batch of hundreds of them would be megabytes
  TAKT_TRY_VOID(scan_entries(database, customer, 0, [&](const JournalEntry& entry) {
    const std::size_t growth_before = growth_of(record);
    apply(record, entry);
    if (is_snapshot_due(record, growth_before, !entry.raw.empty())) newest = encode_record(record);
    if (record.version % snapshot_kept_every == 0) put(database, batch, Family::snapshots, keys::record_key(customer, record.version), newest);
    return true;
  }));
  if (!newest.empty()) put(database, batch, Family::snapshots, keys::newest_snapshot_key(customer), newest);
  return {};
}

} // namespace takt
