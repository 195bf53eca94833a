#include "api/json/line_ordinals.h"

namespace takt {

std::size_t LineOrdinals::slot_of(std::uint64_t hash) const {
  const std::size_t mask = hashes_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(hash) & mask;
  while (hashes_[slot] != 0 && hashes_[slot] != hash) slot = (slot + 1) & mask;
  return slot;
}

void LineOrdinals::grow() {
  std::vector<std::uint64_t> hashes(hashes_.empty() ? 1024 : hashes_.size() * 2, 0);
  std::vector<std::uint32_t> counts(hashes.size(), 0);
  hashes.swap(hashes_);
  counts.swap(counts_);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (hashes[i] == 0) continue;
    const std::size_t slot = slot_of(hashes[i]);
    hashes_[slot] = hashes[i];
    counts_[slot] = counts[i];
  }
}

std::uint32_t LineOrdinals::next(std::uint64_t content_hash) {
  if (content_hash == 0) content_hash = 1; // 0 means free
  if ((used_ + 1) * 4 > hashes_.size() * 3) grow();
  const std::size_t slot = slot_of(content_hash);
  if (hashes_[slot] == 0) {
    hashes_[slot] = content_hash;
    ++used_;
  }
  return counts_[slot]++;
}

} // namespace takt
