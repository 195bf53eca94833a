#include "store/rocksdb/rocksdb_identities.h"

#include "core/check.h"
#include "core/hash.h"
#include "store/rocksdb/keys.h"

namespace takt {
namespace {

Result<CustomerId> find_key(Database& database, const std::string& key) {
  rocksdb::PinnableSlice value;
  TAKT_TRY(is_there, database.get(Family::meta, key, value));
  if (!is_there) return CustomerId{};
  if (value.size() != 8) return fail(ErrorCode::corrupt, "an identity link is damaged");
  return CustomerId{keys::number_of(view(value))};
}

} // namespace

Result<CustomerId> RocksdbIdentities::find(const Identity& identity) {
  const std::string key = keys::identity_key(identity);
  const Bytes16 hash = hash128(key);
  if (const auto known = cache_.find(hash)) return *known;
  const std::lock_guard lock(stripes_.at(Stripes::index_of(hash64(key)))); // so that what goes to the cache is the newest and stays it
  TAKT_TRY(current, find_key(database_, key));
  if (current) cache_.put(hash, current);
  return current;
}

Result<CustomerId> RocksdbIdentities::claim(const Identity& identity, CustomerId customer, CustomerId expected) {
  const std::string key = keys::identity_key(identity);
  const std::lock_guard lock(stripes_.at(Stripes::index_of(hash64(key))));
  TAKT_TRY(current, find_key(database_, key));
  if (current != expected || current == customer) return current;
  rocksdb::WriteBatch batch;
  rocksdb::ColumnFamilyHandle* const handle = database_.handle(Family::meta);
  const rocksdb::Status status = customer ? batch.Put(handle, key, keys::number_bytes(customer.value)) : batch.Delete(handle, key);
  TAKT_CHECK(status.ok(), "a batch in memory takes what is put");
  const Bytes16 hash = hash128(key);
  cache_.put(hash, {}); // whether a failed write is on disk, nobody knows
  TAKT_TRY_VOID(database_.write(batch));
  cache_.put(hash, customer);
  return customer;
}

} // namespace takt
