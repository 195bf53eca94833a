#pragma once
/// Stable hashes (of text: XXH3 of libxxhash, seed 0): the same bytes give the same value on every machine, for ever. Changing one is
/// a new data format. Cost: ~10 ns for short text.
#include "core/id.h"

#include <cstdint>
#include <string_view>

namespace takt {

std::uint64_t hash64(std::string_view bytes);
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed);
Bytes16 hash128(std::string_view bytes);

/// Every bit of the result depends on every bit of z, and no two z share one: the finaliser of SplitMix64 (Stafford's Mix13).
constexpr std::uint64_t spread64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}
/// Joins two hashes; not commutative. Cost: ~3 ns; a decision makes thousands, each of them a key of a draw.
constexpr std::uint64_t mix64(std::uint64_t a, std::uint64_t b) { return spread64(spread64(a + 0x9e3779b97f4a7c15ULL) ^ b); }

} // namespace takt
