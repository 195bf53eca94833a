#pragma once
/// How many times a line was there before, by its content's hash: makes the id of an imported line without messageId, so that
/// importing a file twice changes nothing, and equal lines within it stay different events (contract.md §2).
/// Threads: one at a time. Cost: 12 bytes per distinct line at 3/4 load, ~30 ns.
#include <cstdint>
#include <vector>

namespace takt {

class LineOrdinals {
public:
  /// 0 for the first line with this hash, then 1, 2, …
  std::uint32_t next(std::uint64_t content_hash);

private:
  void grow();
  std::size_t slot_of(std::uint64_t hash) const;
  std::vector<std::uint64_t> hashes_;    ///< 0 = free; open addressing, linear probing
  std::vector<std::uint32_t> counts_;
  std::size_t used_ = 0;
};

} // namespace takt
