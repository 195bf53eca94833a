#include "store/rocksdb/identity_cache.h"

#include <cstring>

namespace takt {

std::size_t IdentityCache::index_of(const Bytes16& hash) {
  std::uint64_t head = 0;
  std::memcpy(&head, hash.data(), sizeof head);
  return static_cast<std::size_t>(head % places_count);
}

std::optional<CustomerId> IdentityCache::find(const Bytes16& hash) {
  const std::size_t index = index_of(hash);
  const std::lock_guard lock(mutexes_[index % locks_count]);
  const Place& place = places_[index];
  if (!place.customer || place.hash != hash) return std::nullopt;
  return place.customer;
}

void IdentityCache::put(const Bytes16& hash, CustomerId customer) {
  const std::size_t index = index_of(hash);
  const std::lock_guard lock(mutexes_[index % locks_count]);
  places_[index] = {hash, customer};
}

} // namespace takt
