#include "engine/source/source.h"

namespace takt {

void find_new(const Search& search, Finds& finds) {
  const auto newest = search.catalogue().newest();
  for (std::size_t i = 0; i < newest.size() && !finds.full(); ++i) {
    // By place, not by age: an import gives a whole catalogue one age.
    const float score = 1 - static_cast<float>(i) / static_cast<float>(newest.size());
    finds.add({newest[i], score, Because::new_item, Symbol::none});
  }
  finds.normalise();
}

} // namespace takt
