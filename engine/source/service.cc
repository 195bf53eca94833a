#include "engine/source/source.h"

namespace takt {

void find_service(const Search& search, Finds& finds) {
  for (const ItemIndex row : search.catalogue().services()) finds.add({row, 1, Because::service, Symbol::none});
}

} // namespace takt
