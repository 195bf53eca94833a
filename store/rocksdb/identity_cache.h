#pragma once
/// Whom the identities met last belong to: a table of fixed size, in which each identity has one place, told by its hash. What
/// is here is current: `put` is called under the stripe that guards changes of that identity. An identity is known by 128 bits of its
/// key's hash, as messages are. Threads: any. Cost: ~50 ns; 3 MiB.
#include "core/id.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace takt {

class IdentityCache {
public:
  std::optional<CustomerId> find(const Bytes16& hash);         ///< none where it is not here
  void put(const Bytes16& hash, CustomerId customer);

private:
  struct Place {
    Bytes16 hash{};
    CustomerId customer;                                       ///< 0 = free: who is unknown is not kept
  };
  static constexpr std::size_t locks_count = 64;
  static constexpr std::size_t places_count = std::size_t{1} << 17;
  static std::size_t index_of(const Bytes16& hash);

  std::vector<Place> places_ = std::vector<Place>(places_count);
  std::array<std::mutex, locks_count> mutexes_;                ///< of all places whose index has the same remainder
};

} // namespace takt
