#include "engine/fatigue_model.h"

namespace takt {

std::string_view to_text(FatigueGap gap) {
  switch (gap) {
    case FatigueGap::nothing_drawn: return "nothing was drawn";
    case FatigueGap::no_repeats: return "nobody saw it again";
    case FatigueGap::too_few_responses: return "too few responses";
    case FatigueGap::too_wide: return "the interval is too wide";
    case FatigueGap::even_spacing: return "the gaps are all alike";
    case FatigueGap::flat_profile: return "the profile is flat";
  }
  return "";
}

} // namespace takt
