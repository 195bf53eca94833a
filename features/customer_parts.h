#pragma once
/// What the two halves of the customer's part share, and the decay that families use; private to features/.
#include "features/feature_row.h"

#include <cmath>

namespace takt {

inline double decay(UtcTime now, UtcTime at, Duration half_life) {
  return std::exp2(-static_cast<double>((now - at).count()) / static_cast<double>(half_life.count()));
}

/// Exposures and contacts up to `now`: what frequency allows, with or without a profile.
void read_ledger(const Ledger& ledger, UtcTime now, CustomerFeatures& features);

} // namespace takt
