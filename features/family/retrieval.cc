// Which source found the item, and how sure it was.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn own[] = {
    {"retrieval_score", "score within the source that found it best", "0 to 1"},
    {"session", "1 where it was found from the running session", "0 or 1"},
    {"anchor", "1 where it was found from the anchor of the request", "0 or 1"},
    {"service", "1 for items that serve and do not sell", "0 or 1"},
};

void write_own(const FeatureContext&, std::span<const ItemFeatures> items, OwnColumns out) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    out.at(i, 0) = items[i].retrieval_score;
    out.at(i, 1) = items[i].from_session ? 1.0F : 0.0F;
    out.at(i, 2) = items[i].from_anchor ? 1.0F : 0.0F;
    out.at(i, 3) = items[i].is_service ? 1.0F : 0.0F;
  }
}

} // namespace

FeatureFamily retrieval() { return {.name = "retrieval", .reads = Reads::request, .own = own, .write_own = write_own}; }

} // namespace takt::family
