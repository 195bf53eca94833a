// How the item's price compares with what the person pays.
#include "features/family/family.h"

#include <algorithm>

namespace takt::family {
namespace {

/// Twenty times as dear, or a twentieth: further away says nothing more.
constexpr float gap_max = 3;

constexpr FeatureColumn own[] = {
    {"price_distance", "|ln(price / the person's mean price)|; 0 where one is unknown", "0 to 3"},
    {"price_gap", "ln(price / the person's mean price): dearer is positive; 0 where one is unknown", "-3 to 3"},
};

void write_own(const FeatureContext& context, std::span<const ItemFeatures> items, OwnColumns out) {
  const float mean = context.customer.mean_price;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool known = mean > 0 && items[i].price > 0;
    const float gap = known ? std::clamp(std::log(items[i].price / mean), -gap_max, gap_max) : 0.0F;
    out.at(i, 0) = std::fabs(gap);
    out.at(i, 1) = gap;
  }
}

} // namespace

FeatureFamily price() { return {.name = "price", .reads = Reads::profile, .own = own, .write_own = write_own}; }

} // namespace takt::family
