#include "core/zone.h"

#include <date/tz.h>
#include <stdexcept>

namespace takt {

std::optional<Duration> utc_offset_at(std::string_view zone, UtcTime t) {
  if (zone.empty()) return std::nullopt;
  try {
    return std::chrono::duration_cast<Duration>(date::locate_zone(zone)->get_info(t).offset);
  } catch (const std::runtime_error&) { // how the library says that it knows no such name
    return std::nullopt;
  }
}

} // namespace takt
