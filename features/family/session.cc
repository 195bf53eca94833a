// Where in the visit we are.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn shared[] = {
    {"session_events", "ln(1 + events of the running session)", "0 up"},
    {"session_depth", "ln(1 + different items looked at in the running session)", "0 up"},
    {"session_dwell", "ln(1 + seconds on items in the running session, where they were sent)", "0 up"},
};

void write_shared(const FeatureContext& context, float* values) {
  const SessionState& session = context.session;
  const bool runs = session.ordinal > 0 && session.start_for(context.now) == session.start;
  double events = 0, dwell_seconds = 0;
  if (runs) {
    for (const JourneyEvent& event : context.profile.journey) {
      if (event.session != session.ordinal || event.at > context.now) continue;
      ++events;
      dwell_seconds += static_cast<double>(event.dwell_ms.value_or(0)) / 1000;
    }
  }
  values[0] = static_cast<float>(std::log1p(events));
  values[1] = log_count(static_cast<float>(context.customer.session_items.size()));
  values[2] = static_cast<float>(std::log1p(dwell_seconds));
}

} // namespace

FeatureFamily session() { return {.name = "session", .reads = Reads::profile, .shared = shared, .write_shared = write_shared}; }

} // namespace takt::family
