// How new the item is.
#include "features/family/family.h"

#include <algorithm>

namespace takt::family {
namespace {

constexpr float freshness_half_life_days = 14;

constexpr FeatureColumn own[] = {
    {"freshness", "2^(-age / 14 days)", "0 to 1"},
    {"item_age", "ln(1 + days since the item came; ten years where unknown)", "0 up"},
};

void write_own(const FeatureContext&, std::span<const ItemFeatures> items, OwnColumns out) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const float age_days = std::max(items[i].age_days, 0.0F);
    if (out.wants(0)) out.at(i, 0) = std::exp2(-age_days / freshness_half_life_days);
    if (out.wants(1)) out.at(i, 1) = std::log1p(age_days);
  }
}

} // namespace

FeatureFamily item_age() { return {.name = "item_age", .reads = Reads::item, .own = own, .write_own = write_own}; }

} // namespace takt::family
