#pragma once
/// What every fuzz target starts with: its input as text, the first byte for choosing.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace takt::fuzz {

struct Input {
  std::size_t choice = 0;   ///< the first byte
  std::string_view rest;
};

inline Input split(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return {};
  return {data[0], {reinterpret_cast<const char*>(data) + 1, size - 1}};
}

} // namespace takt::fuzz
