#pragma once
/// Records, snapshots and journal entries as bytes in RocksDB. Pure reading, and staging into a batch that somebody else writes.
/// Errors: unavailable, corrupt (bytes that do not decode, a gap in the versions).
#include "core/delta.h"
#include "store/rocksdb/database.h"

#include <functional>
#include <memory>

namespace takt {

/// A snapshot stays for good at every so many versions: a replay folds at most that many entries (~1 ms). Others are
/// overwritten by the next one, or the history of records would be larger than the journal.
constexpr Version snapshot_kept_every = 1024;

/// The newest snapshot and every journal entry after it. An absent record has version 0. Cost: ~2 µs absent, 5–30 µs else.
Result<std::shared_ptr<CustomerRecord>> load_record(Database& database, CustomerId customer);
/// Version that the journal's first entry follows: 0, or up to where it was forgotten; a kept snapshot stands there.
Result<Version> journal_floor(Database& database, CustomerId customer);
/// As Journal::snapshot.
Result<CustomerRecord> load_snapshot(Database& database, CustomerId customer, Version at_most);
/// Entries with version > after, or from the floor on where that is later; in order, without gaps; false stops.
Status scan_entries(Database& database, CustomerId customer, Version after, const std::function<bool(const JournalEntry&)>& visit);
/// Is the entry at that version of that commit?
Result<bool> has_commit(Database& database, CustomerId customer, Version version, const CommitId& id);

void stage_entry(Database& database, rocksdb::WriteBatch& batch, CustomerId customer, const JournalEntry& entry);
/// A step for every half that the record grows by. One entry of an import may hold dozens of events: who waited for 32 entries would
/// read and fold them all for every decision.
std::size_t growth_of(const CustomerRecord& record);
/// Where the version is due for a snapshot, or the record has grown by an event (`has_text`). Cost amortised: three times the bytes of the record.
void stage_due_snapshot(Database& database, rocksdb::WriteBatch& batch, const CustomerRecord& record, std::size_t growth_before, bool has_text);
/// What the journal begins with; `as_newest`: and the newest snapshot there is.
void stage_floor(Database& database, rocksdb::WriteBatch& batch, const CustomerRecord& record, bool as_newest);
/// Entries of before then go, the last one and what `Retention` says excepted, and a snapshot takes their place. Returns how many.
Result<std::uint64_t> stage_forgotten_entries(Database& database, rocksdb::WriteBatch& batch, CustomerId customer, UtcTime before);
/// Every stored snapshot of the customer goes, and those that folding the journal again gives come. The one at the floor stays.
Status stage_rebuilt_snapshots(Database& database, rocksdb::WriteBatch& batch, CustomerId customer);

} // namespace takt
