#include "engine/taste.h"

#include "engine/source/source.h"

#include <algorithm>

namespace takt {
namespace {

/// From this share of somebody's evidence on, "because you like this category" is true.
constexpr float affinity_told_from = 0.3F;

void tell_why(const Search& search, Find& find) {
  const auto& category = search.catalogue().at(find.index).labels.category;
  for (auto prefix = category.rbegin(); prefix != category.rend(); ++prefix) {
    const auto share = search.features.category_affinity.find(*prefix);
    if (share == search.features.category_affinity.end() || share->second < affinity_told_from) continue;
    find.because = Because::category;
    find.because_item = *prefix;
    return;
  }
}

} // namespace

void find_taste(const Search& search, Finds& finds) {
  const Models& models = search.models();
  if (!models.index) return;
  const std::vector<float> taste = taste_vector(models, search.features);
  if (taste.empty()) return;
  // What was looked at lately is nearest to itself; giving it back is the business of `recently_viewed`.
  const std::vector<Symbol>& recent = search.features.recent_items;
  const std::size_t wanted = hits_wanted(search) + recent.size();
  for (const VectorHit& hit : models.index->search(taste, {.items_max = wanted, .probes = models.probes})) {
    if (hit.score <= 0 || finds.full()) break; // an angle of 90° or more is no taste
    const Symbol item = models.vectors.items[hit.row];
    if (std::find(recent.begin(), recent.end(), item) != recent.end()) continue;
    const auto index = search.catalogue().find(item);
    if (!index) continue;
    Find find{*index, hit.score, Because::chosen_for_you, Symbol::none};
    tell_why(search, find);
    finds.add(find);
  }
  finds.normalise();
}

} // namespace takt
