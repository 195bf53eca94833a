#include "engine/source/source.h"

namespace takt {

void find_viewed_together(const Search& search, Finds& finds) { find_neighbours(search, search.models().viewed_together, seeds_for(search), finds); }

} // namespace takt
