#include "core/hash.h"

#include <xxhash.h>

#include <algorithm>

namespace takt {

std::uint64_t hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

Bytes16 hash128(std::string_view bytes) {
  XXH128_canonical_t canonical; // big-endian on every machine
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  Bytes16 result{};
  std::copy_n(canonical.digest, result.size(), result.begin());
  return result;
}

} // namespace takt
