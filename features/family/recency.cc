// How long ago: the last visit, the last order.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn shared[] = {
    {"days_since_visit", "ln(1 + days since the last visit)", "0 up"},
    {"order_recency", "2^(-days since the last order / 30); 0 where there is none", "0 to 1"},
    {"is_new", "1 where nothing is known about the person", "0 or 1"},
};

void write_shared(const FeatureContext& context, float* values) {
  values[0] = log_count(context.customer.hours_since_last_visit / 24);
  values[1] = context.customer.order_recency;
  values[2] = context.customer.is_new ? 1.0F : 0.0F;
}

} // namespace

FeatureFamily recency() { return {.name = "recency", .reads = Reads::profile, .shared = shared, .write_shared = write_shared}; }

} // namespace takt::family
