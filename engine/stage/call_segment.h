#pragma once
/// The situation of a call (engine/cold_start.h), and how popular items are in it: with what the request says, and, where profiling is
/// allowed, with the locale that the person gave before. Threads: one per call. Cost: bind < 1 us; `of` one or two look-ups.
#include "engine/call.h"
#include "engine/cold_start.h"

namespace takt {

Segment segment_of(const Call& call, const Opening& opening);

class CallPopularity {
public:
  CallPopularity(const Call& call, const Opening& opening)
      : models_(*call.world.models), segment_(models_.cold_start.segments.empty() ? nullptr : models_.cold_start.find(segment_of(call, opening))) {}
  /// [0,1]; 0 where nobody asked for it.
  float of(Symbol item) const {
    const float* everybody = models_.popularity.find(item);
    return segment_ ? segment_->of(item, everybody ? *everybody : 0.0F) : everybody ? *everybody : 0.0F;
  }
  /// Null: nothing is known that everybody's popularity would not say.
  const SegmentPopularity* segment() const { return segment_; }

private:
  const Models& models_;
  const SegmentPopularity* segment_;
};

} // namespace takt
