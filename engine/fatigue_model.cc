#include "engine/fatigue_model.h"

namespace takt {

std::string_view to_text(FatigueDoubt doubt) {
  switch (doubt) {
    case FatigueDoubt::nothing_drawn: return "nothing was drawn";
    case FatigueDoubt::no_repeats: return "nobody saw it again";
    case FatigueDoubt::too_few_responses: return "too few responses";
    case FatigueDoubt::too_wide: return "the interval is too wide";
    case FatigueDoubt::even_spacing: return "the gaps are all alike";
    case FatigueDoubt::flat_profile: return "the profile is flat";
  }
  return "";
}

} // namespace takt
