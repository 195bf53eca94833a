// How often: of the item, of its category, of anything, at four half-lives (decayed counters: Cormode et al. 2009, backward form).
#include "features/family/family.h"

#include <algorithm>

namespace takt::family {
namespace {

constexpr std::size_t counters = counter_half_lives.size();

constexpr FeatureColumn shared[] = {
    {"views_1d", "ln(1 + views and clicks of any item, half-life 1 day)", "0 up"},
    {"views_7d", "ln(1 + views and clicks of any item, half-life 7 days)", "0 up"},
    {"views_30d", "ln(1 + views and clicks of any item, half-life 30 days)", "0 up"},
    {"views_90d", "ln(1 + views and clicks of any item, half-life 90 days)", "0 up"},
    {"orders_1d", "ln(1 + orders, half-life 1 day)", "0 up"},
    {"orders_7d", "ln(1 + orders, half-life 7 days)", "0 up"},
    {"orders_30d", "ln(1 + orders, half-life 30 days)", "0 up"},
    {"orders_90d", "ln(1 + orders, half-life 90 days)", "0 up"},
};
constexpr FeatureColumn own[] = {
    {"bought_before", "ln(1 + decayed quantity of the item or its group, half-life 90 days)", "0 up"},
    {"viewed_before", "ln(1 + decayed views of the item, half-life 14 days)", "0 up"},
    {"category_views_1d", "ln(1 + views in the item's category, half-life 1 day)", "0 up"},
    {"category_views_7d", "ln(1 + views in the item's category, half-life 7 days)", "0 up"},
    {"category_views_30d", "ln(1 + views in the item's category, half-life 30 days)", "0 up"},
    {"category_views_90d", "ln(1 + views in the item's category, half-life 90 days)", "0 up"},
    {"category_orders_1d", "ln(1 + quantity ordered in the item's category, half-life 1 day)", "0 up"},
    {"category_orders_7d", "ln(1 + quantity ordered in the item's category, half-life 7 days)", "0 up"},
    {"category_orders_30d", "ln(1 + quantity ordered in the item's category, half-life 30 days)", "0 up"},
    {"category_orders_90d", "ln(1 + quantity ordered in the item's category, half-life 90 days)", "0 up"},
};
static_assert(std::size(shared) == 2 * counters && std::size(own) == 2 + 2 * counters);

void write_shared(const FeatureContext& context, float* values) {
  for (std::size_t c = 0; c < counters; ++c) {
    values[c] = static_cast<float>(std::log1p(context.customer.views[c]));
    values[counters + c] = static_cast<float>(std::log1p(context.customer.orders[c]));
  }
}

void write_own(const FeatureContext& context, std::span<const ItemFeatures> items, OwnColumns out) {
  const CustomerFeatures& customer = context.customer;
  static constexpr CategoryHistory nothing{};
  bool wants_categories = false;
  for (std::size_t c = 0; c < 2 * counters; ++c) wants_categories = wants_categories || out.wants(2 + c);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ItemFeatures& item = items[i];
    out.at(i, 0) = log_count(std::max(look_up(customer.bought, item.item), look_up(customer.bought, item.group)));
    out.at(i, 1) = log_count(look_up(customer.viewed, item.item));
    if (!wants_categories) continue;
    const std::uint32_t* row = item.category.empty() ? nullptr : customer.category_row.find(item.category.back());
    const CategoryHistory& history = row ? customer.categories[*row] : nothing;
    for (std::size_t c = 0; c < 2 * counters; ++c) out.at(i, 2 + c) = history.logarithms[c];
  }
}

} // namespace

FeatureFamily frequency() {
  return {.name = "frequency", .reads = Reads::profile, .shared = shared, .own = own, .write_shared = write_shared, .write_own = write_own};
}

} // namespace takt::family
