#include "engine/source/source.h"
#include "engine/stage/merchandising.h"

namespace takt {

void find_pinned(const Search& search, Finds& finds) {
  for (const PinNow& pin : pins_now(search.call, search.opening)) finds.add({pin.item, 1, Because::picked, Symbol::none});
}

} // namespace takt
