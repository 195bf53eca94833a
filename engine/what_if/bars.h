#pragma once
/// Histograms of both sides as a few bars that people can read: one per count while there are few, else one per range. Pure. Errors: none.
#include "engine/what_if/figures.h"

namespace takt::what_if {

struct Bar { std::uint32_t least = 0, most = 0; std::uint64_t before = 0, after = 0; };  ///< customers with least … most

/// At most about `bars_max`, of equal width but for none at all, which stands alone.
std::vector<Bar> bars_of(const Histogram& before, const Histogram& after, std::size_t bars_max);

/// The picture for people: customers by what they saw, before and after, and the busiest window beside its cap. SVG, no script, no font of
/// its own. Deterministic.
std::string histogram_svg(const Figures& figures);

} // namespace takt::what_if
