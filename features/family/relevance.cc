// What people like this one went on to want: the learnt methods of engine/relevance, blended.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn own[] = {{"relevance", "score of the learnt blend over the best item for this person now; 0 = not among the best few hundred", "0 to 1"}};

void write_own(const FeatureContext& context, std::span<const ItemFeatures> items, OwnColumns out) {
  for (std::size_t i = 0; i < items.size(); ++i) out.at(i, 0) = look_up(context.customer.relevance, items[i].item);
}

} // namespace

FeatureFamily relevance() { return {.name = "relevance", .reads = Reads::profile, .own = own, .write_own = write_own}; }

} // namespace takt::family
