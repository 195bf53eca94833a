// What the caller itself thinks of the item.
#include "features/family/family.h"

namespace takt::family {
namespace {

constexpr FeatureColumn own[] = {{"caller_score", "the caller's own score, squashed; 0 where it gave none", "0 to 1"}};

void write_own(const FeatureContext&, std::span<const ItemFeatures> items, OwnColumns out) {
  for (std::size_t i = 0; i < items.size(); ++i) out.at(i, 0) = items[i].caller_score;
}

} // namespace

FeatureFamily caller() { return {.name = "caller", .reads = Reads::request, .own = own, .write_own = write_own}; }

} // namespace takt::family
