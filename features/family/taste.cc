// How near the item is to what the person looked at.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn own[] = {{"taste_match", "cosine of the item's vector and the decayed mean of recent items", "-1 to 1"}};

void write_own(const FeatureContext&, std::span<const ItemFeatures> items, OwnColumns out) {
  for (std::size_t i = 0; i < items.size(); ++i) out.at(i, 0) = items[i].taste_match;
}

} // namespace

FeatureFamily taste() { return {.name = "taste", .reads = Reads::profile, .own = own, .write_own = write_own}; }

} // namespace takt::family
