#include "engine/source/source.h"

namespace takt {

void find_trending(const Search& search, Finds& finds) {
  for (const ScoredSymbol& item : search.models().trending) {
    if (finds.full()) break;
    if (const auto index = search.catalogue().find(item.item)) finds.add({*index, item.score, Because::trending, Symbol::none});
  }
  finds.normalise();
}

} // namespace takt
