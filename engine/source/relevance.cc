#include "engine/source/source.h"

#include <algorithm>

namespace takt {

void find_relevant(const Search& search, Finds& finds) {
  // What was dealt with lately is the business of `recently_viewed`; what goes with it is ours.
  const std::vector<Symbol>& recent = search.features.recent_items;
  for (const Symbol item : search.features.relevant_items) {
    if (finds.full()) break;
    if (std::find(recent.begin(), recent.end(), item) != recent.end()) continue;
    if (const auto index = search.catalogue().find(item)) finds.add({*index, *search.features.relevance.find(item), Because::chosen_for_you, Symbol::none});
  }
  finds.normalise();
}

} // namespace takt
