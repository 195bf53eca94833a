#pragma once
/// Journal and decision log on RocksDB: readers of what commits wrote.
#include "store/rocksdb/database.h"
#include "store/rocksdb/rocksdb_records.h"
#include "store/store.h"

namespace takt {

class RocksdbJournal final : public Journal {
public:
  RocksdbJournal(Database& database, RocksdbRecords& records) : database_(database), records_(records) {}
  Status scan(CustomerId customer, Version after, const std::function<bool(const JournalEntry&)>& visit) override;
  Result<CustomerRecord> snapshot(CustomerId customer, Version at_most) override;
  /// One customer after the other, each under its stripe: live traffic may go on.
  Status rebuild(const std::function<void(std::size_t, std::size_t)>& progress) override;

private:
  Database& database_;
  RocksdbRecords& records_;
};

class RocksdbDecisionLog final : public DecisionLog {
public:
  explicit RocksdbDecisionLog(Database& database) : database_(database) {}
  Result<std::optional<DecisionRecord>> find(DecisionId id) override;
  Status scan(UtcTime from, UtcTime to, const std::function<bool(const DecisionRecord&)>& visit) override;

private:
  Database& database_;
};

} // namespace takt
