#include "engine/stage/call_segment.h"

#include "engine/territory.h"

namespace takt {
namespace {

Device device_named(std::string_view text) {
  for (std::size_t i = 0; i < device_count; ++i)
    if (to_text(static_cast<Device>(i)) == text) return static_cast<Device>(i);
  return Device::unknown;
}

} // namespace

Segment segment_of(const Call& call, const Opening& opening) {
  const RequestContext& context = call.request.context;
  std::string territory = territory_of(context.locale);
  if (territory.empty() && call.person.profile_allowed) territory = territory_of(call.world.symbols->name(call.person->locale));
  Segment segment;
  segment.set_territory(territory);
  segment.channel = opening.rules.channel;
  segment.device = device_named(context.device);
  return segment;
}

} // namespace takt
