#pragma once
/// Who may be imported beside whom: events that name the same person, directly or over a third identity, go to one shard in their
/// order; different people share none, so shards run in parallel and the result is that of one thread. Remembers links over the
/// whole import (union-find, Tarjan 1975) and asks the store about links from before. A shard is a range of the store's keys, as
/// far as that is known beforehand, so that whoever writes shards in their order writes and reads neighbours.
/// Threads: one. Cost: one look-up per identity not met before (~2 µs), then ~50 ns per event; ~70 bytes per identity.
#include "api/json/import_scanner.h"
#include "store/store.h"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace takt {

class ImportShards {
public:
  explicit ImportShards(Store& store) : store_(store) {}
  /// Per shard the positions of its events, ascending. Events without identity go to shard 0, where they are refused.
  std::vector<std::vector<std::size_t>> split(std::span<const EventNames> events, std::size_t shards);

private:
  std::uint32_t node_of(IdentityKind kind, std::string_view value);
  std::uint32_t node_of_key(std::uint64_t key);
  std::uint32_t root_of(std::uint32_t node);
  std::uint32_t join(std::uint32_t one, std::uint32_t other);
  Store& store_;
  std::unordered_map<std::uint64_t, std::uint32_t> nodes_;     ///< hash of identity or customer → node
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint64_t> keys_;                            ///< of each node
};

} // namespace takt
