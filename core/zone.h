#pragma once
/// Time zones by their IANA names ("Europe/Berlin"), as the system's tz database knows them: it is read once, on first use, so a
/// process gives the same answers as long as it lives. Errors: an unknown name, or no database, is nullopt. Threads: any. Cost: ~0.5 µs.
#include "core/time.h"

#include <optional>
#include <string_view>

namespace takt {

/// Local time minus UTC at that instant.
std::optional<Duration> utc_offset_at(std::string_view zone, UtcTime t);

} // namespace takt
