#include "store/rocksdb/record_io.h"

#include "core/check.h"
#include "core/fold.h"
#include "core/limits.h"
#include "core/record_codec.h"
#include "store/retention.h"
#include "store/rocksdb/keys.h"

#include <bit>
#include <optional>
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

void remove(Database& database, rocksdb::WriteBatch& batch, Family family, std::string_view key) {
  const rocksdb::Status status = batch.Delete(database.handle(family), slice(key));
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
}

CustomerRecord empty_record(CustomerId customer) {
  CustomerRecord record;
  record.id = customer;
  return record;
}

std::string customer_prefix(CustomerId customer) { return std::string(keys::record_key(customer, 0).view().substr(0, keys::customer_prefix_bytes)); }

/// The record that the journal begins with.
Result<CustomerRecord> record_at_floor(Database& database, CustomerId customer, Version floor) {
  if (floor == 0) return empty_record(customer);
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database.get(Family::snapshots, keys::record_key(customer, floor).view(), value));
  if (!is_there) return damaged(customer, "its journal has a gap before version " + std::to_string(floor + 1));
  return decode_snapshot(customer, view(value));
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

Result<Version> journal_floor(Database& database, CustomerId customer) {
  Database::Cursor cursor = database.with_prefix(Family::journal, customer_prefix(customer));
  cursor.seek(keys::record_key(customer, 0).view());
  TAKT_TRY_VOID(cursor.status());
  return cursor.valid() && keys::customer_of(cursor.key()) == customer ? keys::version_of(cursor.key()) - 1 : 0;
}

Result<CustomerRecord> load_snapshot(Database& database, CustomerId customer, Version at_most) {
  Database::Cursor cursor = database.with_prefix(Family::snapshots, customer_prefix(customer));
  // The newest one stands under a key of its own: it may be better than the kept ones.
  rocksdb::PinnableSlice value;
  TAKT_TRY(has_newest, database.get(Family::snapshots, keys::newest_snapshot_key(customer).view(), value));
  if (has_newest) {
    TAKT_TRY(newest, decode_snapshot(customer, view(value)));
    if (newest.version <= at_most) return newest;
  }
  cursor.seek_back(keys::record_key(customer, at_most).view());
  TAKT_TRY_VOID(cursor.status());
  if (!cursor.valid() || keys::customer_of(cursor.key()) != customer || keys::version_of(cursor.key()) > at_most) {
    TAKT_TRY(floor, journal_floor(database, customer));
    return record_at_floor(database, customer, floor);
  }
  return decode_snapshot(customer, cursor.value());
}

Status scan_entries(Database& database, CustomerId customer, Version after, const std::function<bool(const JournalEntry&)>& visit) {
  const keys::RecordKey first = keys::record_key(customer, after + 1);
  Database::Cursor cursor = database.with_prefix(Family::journal, customer_prefix(customer));
  Version expected = after + 1;
  cursor.seek(first.view());
  if (cursor.valid() && keys::customer_of(cursor.key()) == customer && keys::version_of(cursor.key()) > expected) { // forgotten, or lost?
    expected = keys::version_of(cursor.key());
    TAKT_TRY_VOID(record_at_floor(database, customer, expected - 1));
  }
  for (; cursor.valid() && keys::customer_of(cursor.key()) == customer; cursor.next(), ++expected) {
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

void stage_floor(Database& database, rocksdb::WriteBatch& batch, const CustomerRecord& record, bool as_newest) {
  const std::string bytes = encode_record(record);
  put(database, batch, Family::snapshots, keys::record_key(record.id, record.version), bytes);
  if (as_newest) put(database, batch, Family::snapshots, keys::newest_snapshot_key(record.id), bytes);
}

Result<std::uint64_t> stage_forgotten_entries(Database& database, rocksdb::WriteBatch& batch, CustomerId customer, UtcTime before) {
  Database::Cursor first = database.with_prefix(Family::journal, customer_prefix(customer));
  first.seek(keys::record_key(customer, 0).view());
  TAKT_TRY_VOID(first.status());
  if (!first.valid() || keys::customer_of(first.key()) != customer) return 0;
  TAKT_TRY(oldest, decode_journal_entry(first.value()));
  if (oldest.delta.clock >= before - Retention::journal_slack) return 0;

  const Version floor = oldest.version - 1;
  TAKT_TRY(record, record_at_floor(database, customer, floor));
  std::optional<JournalEntry> waiting; // applied once there is one behind it: the last one stays, whoever walks the journal finds its customer by it
  TAKT_TRY_VOID(scan_entries(database, customer, floor, [&](const JournalEntry& entry) {
    if (waiting) apply(record, *waiting);
    waiting = entry;
    return entry.delta.clock < before;
  }));
  if (record.version == floor) return 0;
  for (Version version = floor + 1; version <= record.version; ++version) remove(database, batch, Family::journal, keys::record_key(customer, version).view());
  Database::Cursor snapshots = database.with_prefix(Family::snapshots, customer_prefix(customer));
  const keys::RecordKey end = keys::record_key(customer, record.version);
  for (snapshots.seek(keys::record_key(customer, 0).view()); snapshots.valid() && snapshots.key() < end.view(); snapshots.next()) remove(database, batch, Family::snapshots, snapshots.key());
  TAKT_TRY_VOID(snapshots.status());
  rocksdb::PinnableSlice value;
  TAKT_TRY(has_newest, database.get(Family::snapshots, keys::newest_snapshot_key(customer).view(), value));
  Version newest = 0;
  if (has_newest) {
    TAKT_TRY(decoded, decode_snapshot(customer, view(value)));
    newest = decoded.version;
  }
  stage_floor(database, batch, record, newest < record.version);
  return record.version - floor;
}

Status stage_rebuilt_snapshots(Database& database, rocksdb::WriteBatch& batch, CustomerId customer) {
  TAKT_TRY(floor, journal_floor(database, customer));
  TAKT_TRY(record, record_at_floor(database, customer, floor));
  std::string newest;                        // only the last one is put: a batch of hundreds of them would be megabytes
  if (floor > 0) newest = encode_record(record);
  Database::Cursor cursor = database.with_prefix(Family::snapshots, customer_prefix(customer));
  for (cursor.seek(keys::record_key(customer, 0).view()); cursor.valid() && keys::customer_of(cursor.key()) == customer; cursor.next())
    if (floor == 0 || keys::version_of(cursor.key()) != floor) remove(database, batch, Family::snapshots, cursor.key());
  TAKT_TRY_VOID(cursor.status());
  TAKT_TRY_VOID(scan_entries(database, customer, floor, [&](const JournalEntry& entry) {
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
