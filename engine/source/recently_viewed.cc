#include "engine/source/source.h"

namespace takt {

void find_recently_viewed(const Search& search, Finds& finds) {
  const CustomerFeatures& features = search.features;
  for (std::size_t i = 0; i < features.recent_items.size(); ++i) {
    if (!features.viewed.contains(features.recent_items[i])) continue; // bought without a look: not "viewed"
    if (const auto index = search.catalogue().find(features.recent_items[i]))
      finds.add({*index, features.recent_weights[i], Because::viewed, features.recent_items[i]});
  }
  finds.normalise();
}

} // namespace takt
