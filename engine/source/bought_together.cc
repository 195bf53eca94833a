#include "engine/source/source.h"

namespace takt {

void find_bought_together(const Search& search, Finds& finds) { find_neighbours(search, search.models().bought_together, seeds_for(search), finds); }

} // namespace takt
