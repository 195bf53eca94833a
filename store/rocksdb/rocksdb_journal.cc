#include "store/rocksdb/rocksdb_journal.h"

#include "store/rocksdb/keys.h"
#include "store/rocksdb/record_io.h"

#include <algorithm>
#include <utility>

namespace takt {

Status RocksdbJournal::scan(CustomerId customer, Version after, const std::function<bool(const JournalEntry&)>& visit) {
  return scan_entries(database_, customer, after, visit);
}

Result<CustomerRecord> RocksdbJournal::snapshot(CustomerId customer, Version at_most) { return load_snapshot(database_, customer, at_most); }

Status RocksdbJournal::rebuild(const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<CustomerId> customers; // 8 bytes each: millions fit
  TAKT_TRY_VOID(records_.for_each_customer([&](CustomerId customer) {
    customers.push_back(customer);
    return true;
  }));
  for (std::size_t done = 0; done < customers.size(); ++done) {
    TAKT_TRY_VOID(records_.rebuild(customers[done]));
    if (progress) progress(done + 1, customers.size());
  }
  return database_.sync();
}

Result<std::optional<DecisionRecord>> RocksdbDecisionLog::find(DecisionId id) {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database_.get(Family::decisions, keys::view_of(id.bytes), value));
  if (!is_there) return std::nullopt;
  TAKT_TRY(record, decode_decision(view(value)));
  return record;
}

Status RocksdbDecisionLog::scan(UtcTime from, UtcTime to, const std::function<bool(const DecisionRecord&)>& visit) {
  Database::Cursor cursor = database_.all(Family::decisions);
  const Bytes16 first = keys::first_decision_id(from);
  const Bytes16 end = keys::first_decision_id(to);
  for (cursor.seek(keys::view_of(first)); cursor.valid() && cursor.key() < keys::view_of(end); cursor.next()) {
    TAKT_TRY(record, decode_decision(cursor.value()));
    if (!visit(record)) return {};
  }
  return cursor.status();
}

} // namespace takt
