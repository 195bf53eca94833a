#include "core/record.h"

#include <algorithm>

namespace takt {

SessionState CustomerRecord::session_state() const {
  SessionState state;
  if (!sessions.empty()) {
    state.ordinal = sessions.back().ordinal;
    state.start = sessions.back().start;
  }
  state.last_activity = last_activity;
  return state;
}

std::uint32_t session_at(const CustomerRecord& record, UtcTime t) {
  const auto& sessions = record.sessions;
  if (!sessions.empty() && t >= sessions.back().start) return sessions.back().ordinal; // nearly always the running one
  const auto after = std::upper_bound(sessions.begin(), sessions.end(), t, [](UtcTime time, const SessionSpan& span) { return time < span.start; });
  return after == sessions.begin() ? 0 : std::prev(after)->ordinal;
}

} // namespace takt
