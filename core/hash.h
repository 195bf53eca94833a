#pragma once
/// Stable hashes (XXH3 of libxxhash, seed 0): the same bytes give the same value on every machine, for ever. Changing one is
/// a new data format. Cost: ~10 ns for short text.
#include "core/id.h"

#include <cstdint>
#include <string_view>

namespace takt {

std::uint64_t hash64(std::string_view bytes);
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed);
Bytes16 hash128(std::string_view bytes);
/// Joins two hashes; not commutative.
std::uint64_t mix64(std::uint64_t a, std::uint64_t b);

} // namespace takt
