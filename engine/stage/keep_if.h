#pragma once
/// Keeps what `keep` says, in order, each asked once; unlike std::erase_if, `keep` may move out of what it refuses. Cost: linear.
#include <utility>
#include <vector>

namespace takt {

template <class T, class Keep>
void keep_if(std::vector<T>& items, Keep&& keep) {
  auto kept = items.begin();
  for (auto item = items.begin(); item != items.end(); ++item) {
    if (!keep(*item)) continue;
    if (kept != item) *kept = std::move(*item);
    ++kept;
  }
  items.erase(kept, items.end());
}

} // namespace takt
