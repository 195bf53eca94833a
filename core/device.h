#pragma once
/// What somebody held while they did something. How long an accidental click lasts, and how many there are, differs between them.
/// The numbers are part of the bytes of a journey: append, never change.
#include <cstdint>
#include <string_view>

namespace takt {

enum class Device : std::uint8_t { unknown = 0, desktop = 1, phone = 2, tablet = 3, other = 4 };
constexpr std::size_t device_count = 5;

constexpr std::string_view to_text(Device device) {
  switch (device) {
  case Device::desktop: return "desktop";
  case Device::phone: return "phone";
  case Device::tablet: return "tablet";
  case Device::other: return "other";
  case Device::unknown: break;
  }
  return "unknown";
}

} // namespace takt
