#pragma once
/// A fixed set of mutexes shared by all customers: two customers rarely meet on one, and no lock is ever allocated.
#include "core/id.h"

#include <array>
#include <cstddef>
#include <mutex>

namespace takt {

/// Whoever takes several takes them in ascending order of index; nobody holds one across an fsync.
class Stripes {
public:
  static constexpr std::size_t count = 1024; ///< far above the threads of one machine: 64 threads meet by chance in 6 % of their calls
  /// Fibonacci hashing (Knuth, TAOCP 3, 6.4): ids that differ little still spread.
  static std::size_t index_of(std::uint64_t value) { return static_cast<std::size_t>((value * 0x9e3779b97f4a7c15ULL) >> 54); }
  static std::size_t index_of(CustomerId customer) { return index_of(customer.value); }
  std::mutex& at(std::size_t index) { return mutexes_[index]; }
  std::mutex& of(CustomerId customer) { return mutexes_[index_of(customer)]; }

private:
  std::array<std::mutex, count> mutexes_;
};

} // namespace takt
