#pragma once
/// Decoded records of the customers met last, within a bound of bytes (an estimate of heap use). What is here is current:
/// `put`, `take` and `drop` are called under the customer's stripe lock only, so a reader that missed can never put an old
/// version over a new one. `find` takes one short shard lock (~60 ns) and no stripe.
#include "core/record.h"

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace takt {

class RecordCache {
public:
  explicit RecordCache(std::size_t bytes_max);

  std::shared_ptr<const CustomerRecord> find(CustomerId customer);   ///< null where it is not here

  struct Taken {
    std::shared_ptr<CustomerRecord> record;                          ///< null where it is not here
    bool sole = false;                                               ///< nobody else can see it: change it in place
  };
  /// For a commit. A sole record leaves the cache until `put`, so that no reader sees a half-folded one.
  Taken take(CustomerId customer);
  void put(std::shared_ptr<CustomerRecord> record);
  void drop(CustomerId customer);

private:
  struct Node {
    CustomerId customer;
    std::shared_ptr<CustomerRecord> record;
    std::size_t bytes = 0;
  };
  struct alignas(64) Shard {
    std::mutex mutex;
    std::list<Node> nodes;                                           ///< newest use first
    std::unordered_map<CustomerId, std::list<Node>::iterator> places;
    std::size_t bytes = 0;
  };
  Shard& shard_of(CustomerId customer);

  static constexpr std::size_t shards_count = 64;
  std::array<Shard, shards_count> shards_;
  std::size_t shard_bytes_max_;
};

/// Heap bytes of a decoded record, about. Cost: one pass over the ledger's entries.
std::size_t estimate_bytes(const CustomerRecord& record);

} // namespace takt
