#pragma once
/// What a fit says of parts of its data: points of the plot, β by category. Pure; cost: a few walks over the rows.
#include "engine/train/fatigue_moments.h"
#include "engine/train/fit_fatigue.h"

#include <span>
#include <vector>

namespace takt {

/// Response by number of earlier exposures, each against what the customer's later responses say of their rate.
std::vector<FatiguePoint> points_of_fit(const FatigueMoments& moments, std::span<const double> parameters, std::span<const float> columns);
/// The same against the first exposures of everybody, drawn or not: it compares those who stayed with those who left. `fitted` is empty (0).
std::vector<FatiguePoint> observational_points(const FatigueSights& sights);

/// β of the first kind by category, before and after shrinkage. `half_life`'s columns; parameters of the pooled fit.
std::vector<FatigueOfCategory> betas_by_category(const FatigueMoments& moments, std::span<const double> parameters, std::span<const float> columns,
                                                 const FatigueEstimate& pooled, double responses_min, double& spread);

} // namespace takt
