#pragma once
/// How the process writes its log (api/process_log.h). A value.
#include <cstdint>
#include <optional>
#include <string_view>

namespace takt {

enum class LogFormat : std::uint8_t { none, text, json };    ///< none: what happened to the process, as text, and no requests
std::optional<LogFormat> parse_log_format(std::string_view text);
std::string_view to_text(LogFormat format);

} // namespace takt
