// How much the person spends.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn shared[] = {
    {"spent_90d", "ln(1 + money paid, half-life 90 days)", "0 up"},
    {"mean_price", "ln(1 + mean price of a bought piece); 0 where nothing was bought", "0 up"},
};

void write_shared(const FeatureContext& context, float* values) {
  values[0] = static_cast<float>(std::log1p(context.customer.spent));
  values[1] = log_count(context.customer.mean_price);
}

} // namespace

FeatureFamily money() { return {.name = "money", .reads = Reads::profile, .shared = shared, .write_shared = write_shared}; }

} // namespace takt::family
