#include "engine/source/source.h"

#include <algorithm>

namespace takt {

bool Search::may_stand(ItemIndex index) const {
  if (catalogue().is_removed(index)) return false;
  const auto& kinds = opening.rules.kinds;
  if (!kinds.empty() && !std::binary_search(kinds.begin(), kinds.end(), catalogue().front(index).labels.kind)) return false;
  return !std::binary_search(without.begin(), without.end(), index);
}

bool Search::is_anchor(const CatalogueItem& item) const {
  return std::any_of(anchors.begin(), anchors.end(), [&](ItemIndex anchor) { return catalogue().at(anchor).labels.group == item.labels.group; });
}

bool Finds::has(ItemIndex index) const {
  return std::any_of(finds_.begin(), finds_.end(), [&](const Find& find) { return find.index == index; });
}

void Finds::put_all(std::vector<Find> unordered) {
  std::erase_if(unordered, [&](const Find& find) { return !search_.may_stand(find.index); });
  const Catalogue& catalogue = search_.catalogue();
  std::sort(unordered.begin(), unordered.end(), [&](const Find& a, const Find& b) {
    return a.score != b.score ? a.score > b.score : catalogue.rank(a.index) < catalogue.rank(b.index);
  });
  if (unordered.size() > search_.finds_max) unordered.resize(search_.finds_max);
  finds_ = std::move(unordered);
  normalise();
}

void Finds::normalise() {
  float best = 0;
  for (const Find& find : finds_) best = std::max(best, find.score);
  for (Find& find : finds_) find.score = best > 0 ? std::clamp(find.score / best, 0.0F, 1.0F) : 0;
}

std::size_t hits_wanted(const Search& search) {
  constexpr std::size_t spare = 20, spare_for_kinds = 200, hits_max = 1000;
  const std::size_t more = search.opening.rules.kinds.empty() ? spare : spare_for_kinds;
  return std::min(search.finds_max + search.without.size() + more, hits_max);
}

} // namespace takt
