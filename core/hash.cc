#include "core/hash.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

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

std::uint64_t mix64(std::uint64_t a, std::uint64_t b) {
  std::array<unsigned char, 16> bytes{};
  for (unsigned i = 0; i < 8; ++i) { // little-endian on every machine; compilers make one store of it
    bytes[i] = static_cast<unsigned char>(a >> (8 * i));
    bytes[8 + i] = static_cast<unsigned char>(b >> (8 * i));
  }
  return XXH3_64bits(bytes.data(), bytes.size());
}

} // namespace takt
