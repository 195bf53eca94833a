// How often the item and its category were shown. Scorers leave these at 0: see contact_pressure.cc.
#include "features/customer_parts.h"
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr Duration seen_half_life = days(1);

constexpr FeatureColumn own[] = {
    {"exposures", "ln(1 + times the item was shown so far)", "0 up"},
    {"item_seen_recency", "2^(-hours since the item was last shown / 24); 0 = never", "0 to 1"},
    {"category_exposures", "ln(1 + times anything of the item's category was shown so far)", "0 up"},
    {"category_seen_recency", "2^(-hours since anything of the item's category was last shown / 24); 0 = never", "0 to 1"},
};

void write_own(const FeatureContext& context, std::span<const ItemFeatures> items, OwnColumns out) {
  const auto write = [&](const SeenBefore* seen, std::size_t item, std::size_t column) {
    out.at(item, column) = seen ? log_count(static_cast<float>(seen->count)) : 0.0F;
    out.at(item, column + 1) = seen ? static_cast<float>(decay(context.now, seen->last, seen_half_life)) : 0.0F;
  };
  for (std::size_t i = 0; i < items.size(); ++i) {
    write(context.customer.exposures.find(items[i].item), i, 0);
    write(items[i].category.empty() ? nullptr : context.customer.category_exposures.find(items[i].category.back()), i, 2);
  }
}

} // namespace

FeatureFamily exposure() { return {.name = "exposure", .reads = Reads::ledger, .own = own, .write_own = write_own}; }

} // namespace takt::family
