#include "engine/cold_start.h"

namespace takt {
namespace {

const SegmentPopularity* find_exactly(const std::vector<SegmentPopularity>& segments, const Segment& wanted) {
  const auto found = std::lower_bound(segments.begin(), segments.end(), wanted, [](const SegmentPopularity& one, const Segment& s) { return one.segment < s; });
  return found != segments.end() && found->segment == wanted ? &*found : nullptr;
}

} // namespace

const SegmentPopularity* ColdStart::find(const Segment& situation) const {
  for (std::optional<Segment> wanted = situation; wanted; wanted = wanted->broader())
    if (const SegmentPopularity* found = find_exactly(segments, *wanted)) return found;
  return situation.has_territory() ? find({{}, situation.channel, situation.device}) : nullptr;
}

} // namespace takt
