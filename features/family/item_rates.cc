// How everybody takes the item: popularity, and smoothed responses per impression of it and of its category.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn own[] = {
    {"popularity", "decayed popularity with people in the situation of the call, on a log scale", "0 to 1"},
    {"item_click_rate", "smoothed clicks per impression of the item; 0 where nobody learnt it", "0 to 1"},
    {"item_order_rate", "smoothed orders per impression of the item; 0 where nobody learnt it", "0 to 1"},
    {"category_click_rate", "smoothed clicks per impression in the item's category; 0 where nobody learnt it", "0 to 1"},
    {"category_order_rate", "smoothed orders per impression in the item's category; 0 where nobody learnt it", "0 to 1"},
};

void write_own(const FeatureContext&, std::span<const ItemFeatures> items, OwnColumns out) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    out.at(i, 0) = items[i].popularity;
    out.at(i, 1) = items[i].click_rate;
    out.at(i, 2) = items[i].order_rate;
    out.at(i, 3) = items[i].category_click_rate;
    out.at(i, 4) = items[i].category_order_rate;
  }
}

} // namespace

FeatureFamily item_rates() { return {.name = "item_rates", .reads = Reads::item, .own = own, .write_own = write_own}; }

} // namespace takt::family
