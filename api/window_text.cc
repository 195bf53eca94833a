#include "api/window_text.h"

#include <fmt/format.h>

namespace takt {

std::string window_text(const Window& window) {
  switch (window.kind) {
    case WindowKind::rolling: return "rolling " + format_duration(window.length);
    case WindowKind::anchored_first: return format_duration(window.length) + " from the first";
    case WindowKind::anchored_last: return "until " + format_duration(window.length) + " of silence";
    case WindowKind::session: return "session";
    case WindowKind::lifetime: return "lifetime";
    case WindowKind::calendar: break;
  }
  const auto unit = window.calendar.unit == CalendarUnit::day ? "day" : window.calendar.unit == CalendarUnit::week ? "week" : "month";
  return fmt::format("calendar {} ({})", unit, window.calendar.zone ? std::string(window.calendar.zone->name()) : "customer's zone");
}

} // namespace takt
