#pragma once
/// The picture of a fit, for people: response by number of earlier exposures, observed with its interval beside the fitted curve, and how
/// well each half-life tells it. SVG, no script, no font of its own. Pure, deterministic. Errors: none.
#include "engine/fatigue_model.h"

#include <string>

namespace takt {

std::string fatigue_svg(const FatigueModel& fatigue);
/// What was learnt and what was not, a sentence each.
std::vector<std::string> told(const FatigueModel& fatigue);

} // namespace takt
