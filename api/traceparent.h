#pragma once
/// W3C Trace Context: which request of which system a call belongs to. Only read here: spans are lines of the log. Pure. Threads: any.
#include <optional>
#include <string>
#include <string_view>

namespace takt {

struct TraceParent {
  std::string trace_id;                              ///< 32 digits
  std::string parent_id;                             ///< 16: the caller's span
};

/// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01". Nothing where it is malformed or all zeros: such a field is to be ignored.
/// A later version may have more parts behind these.
std::optional<TraceParent> parse_traceparent(std::string_view text);

} // namespace takt
