// Which share of the person's interest the item's category and brand have.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn own[] = {
    {"category_affinity", "share of the person's decayed evidence in the item's category", "0 to 1"},
    {"brand_affinity", "share of the person's decayed evidence for the item's brand", "0 to 1"},
};

/// The deepest known prefix speaks for the item; a share of a parent holds all its children, so it is never smaller.
float category_share(const CustomerFeatures& customer, std::span<const Symbol> category) {
  for (std::size_t depth = category.size(); depth > 0; --depth)
    if (const float share = look_up(customer.category_affinity, category[depth - 1]); share > 0) return share;
  return 0;
}

void write_own(const FeatureContext& context, std::span<const ItemFeatures> items, OwnColumns out) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    out.at(i, 0) = category_share(context.customer, items[i].category);
    out.at(i, 1) = look_up(context.customer.brand_affinity, items[i].brand);
  }
}

} // namespace

FeatureFamily affinity() { return {.name = "affinity", .reads = Reads::profile, .own = own, .write_own = write_own}; }

} // namespace takt::family
