#include "engine/source/source.h"

#include <algorithm>

namespace takt {
namespace {

/// From this share of somebody's evidence on, "because you like this category" is true.
constexpr float affinity_told_from = 0.3F;

void tell_why(const Search& search, Find& find) {
  const auto& category = search.catalogue().front(find.index).labels.category;
  for (auto prefix = category.rbegin(); prefix != category.rend(); ++prefix) {
    const float* share = search.features.category_affinity.find(*prefix);
    if (!share || *share < affinity_told_from) continue;
    find.because = Because::category;
    find.because_item = *prefix;
    return;
  }
}

} // namespace

void find_taste(const Search& search, Finds& finds) {
  const Models& models = search.models();
  const std::span<const float> taste = search.features.taste;
  if (!models.index || taste.empty()) return;
  // What was looked at lately is nearest to itself; giving it back is the business of `recently_viewed`.
  const std::vector<Symbol>& recent = search.features.recent_items;
  const std::size_t wanted = hits_wanted(search) + recent.size();
  for (const VectorHit& hit : models.index->search(taste, {.items_max = wanted, .probes = models.probes})) {
    if (hit.score <= 0 || finds.full()) break; // an angle of 90° or more is no taste
    const Symbol item = models.vectors.items[hit.row];
    if (std::find(recent.begin(), recent.end(), item) != recent.end()) continue;
    if (const auto index = search.catalogue().find(item)) finds.add({*index, hit.score, Because::chosen_for_you, Symbol::none});
  }
  finds.normalise();
  // Their categories lie all over the memory: asked for together they arrive together.
  for (const Find& find : finds.all()) search.catalogue().prefetch(find.index);
  for (Find& find : finds.all()) tell_why(search, find);
}

} // namespace takt
