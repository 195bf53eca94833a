// How often the person was spoken to of late. Scorers leave these at 0: what tires is the fatigue stage's, and must enter once.
#include "features/family/family.h"

#include <algorithm>

namespace takt::family {
namespace {

constexpr FeatureColumn shared[] = {
    {"contacts_last_week", "ln(1 + contacts over all channels within 7 days)", "0 up"},
    {"channel_contacts_1d", "ln(1 + contacts over the placement's channel within 1 day)", "0 up"},
    {"channel_contacts_7d", "ln(1 + contacts over the placement's channel within 7 days)", "0 up"},
};

void write_shared(const FeatureContext& context, float* values) {
  const auto& channels = context.customer.channel_contacts;
  const auto found = std::find_if(channels.begin(), channels.end(), [&](const ChannelContacts& one) { return one.channel == context.channel; });
  values[0] = log_count(context.customer.contacts_last_week);
  values[1] = found == channels.end() ? 0.0F : log_count(found->last_day);
  values[2] = found == channels.end() ? 0.0F : log_count(found->last_week);
}

} // namespace

FeatureFamily contact_pressure() {
  return {.name = "contact_pressure", .reads = Reads::ledger, .shared = shared, .write_shared = write_shared};
}

} // namespace takt::family
