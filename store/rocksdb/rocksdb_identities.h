#pragma once
/// Identities on RocksDB: one key per identity, changed under a stripe of its own. Cost: find 1–2 µs.
#include "store/rocksdb/database.h"
#include "store/rocksdb/stripes.h"
#include "store/store.h"

namespace takt {

class RocksdbIdentities final : public Identities {
public:
  explicit RocksdbIdentities(Database& database) : database_(database) {}
  Result<CustomerId> find(const Identity& identity) override;
  Result<CustomerId> claim(const Identity& identity, CustomerId customer, CustomerId expected) override;

private:
  Database& database_;
  Stripes stripes_;
};

} // namespace takt
