#include "api/traceparent.h"

#include <algorithm>

namespace takt {
namespace {

constexpr std::size_t trace_begin = 3, trace_digits = 32, parent_begin = 36, parent_digits = 16, flags_begin = 53, size_of_version_0 = 55;

/// Lower case only: the standard says so, and two spellings of one trace would be two traces to whoever searches the log.
bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

} // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  if (text.size() < size_of_version_0 || text[2] != '-' || text[parent_begin - 1] != '-' || text[flags_begin - 1] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2), trace = text.substr(trace_begin, trace_digits), parent = text.substr(parent_begin, parent_digits);
  if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(text.substr(flags_begin, 2))) return std::nullopt;
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return std::nullopt;
  const bool is_longer = text.size() > size_of_version_0;
  if (is_longer && (version == "00" || text[size_of_version_0] != '-')) return std::nullopt;
  return TraceParent{std::string(trace), std::string(parent)};
}

} // namespace takt
