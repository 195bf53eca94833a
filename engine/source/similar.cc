#include "engine/source/source.h"

#include <algorithm>

namespace takt {
namespace {

/// Rows compared directly where there is no vector; about 100 ns each.
constexpr std::size_t compared_max = 500;
/// Without a category: neighbours by id, which shops often number by kind.
constexpr std::size_t compared_by_id_max = 2000;
/// New since the training: compared directly, so that nobody waits for the next one.
constexpr std::size_t new_compared_max = 200;

template <class T>
float jaccard(std::span<const T> a, std::span<const T> b) {
  std::size_t both = 0;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    if (*x == *y) ++both, ++x, ++y;
    else if (*x < *y) ++x;
    else ++y;
  }
  const std::size_t either = a.size() + b.size() - both;
  return either == 0 ? 0 : static_cast<float>(both) / static_cast<float>(either);
}

float shared_path(const SymbolList& a, const SymbolList& b) {
  std::size_t depth = 0;
  while (depth < a.size() && depth < b.size() && a[depth] == b[depth]) ++depth;
  return static_cast<float>(depth) / static_cast<float>(std::max(a.size(), b.size()));
}

bool has_vector(const Models& models, const CatalogueItem& item) { return models.vectors.row_of.find(item.labels.item) != nullptr; }

/// One query for all anchors: their mean direction. Empty where none has a vector.
std::vector<float> mean_of_anchors(const Search& search) {
  const ItemVectors& vectors = search.models().vectors;
  std::vector<float> mean(vectors.dimension, 0);
  bool any = false;
  for (const ItemIndex anchor : search.anchors) {
    const std::uint32_t* known = vectors.row_of.find(search.catalogue().at(anchor).labels.item);
    if (!known) continue;
    const std::span<const float> row = vectors.row(*known);
    for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += row[c];
    any = any || std::any_of(row.begin(), row.end(), [](float value) { return value != 0; });
  }
  return any ? mean : std::vector<float>{};
}

/// Rows that may be alike: the anchor's category, then the one above, until there are enough; else its neighbours by id.
std::vector<ItemIndex> rows_around(const Search& search, ItemIndex anchor) {
  const Catalogue& catalogue = search.catalogue();
  const auto& category = catalogue.at(anchor).labels.category;
  std::vector<ItemIndex> rows;
  for (auto prefix = category.rbegin(); prefix != category.rend() && rows.size() < compared_max; ++prefix)
    for (const ItemIndex row : catalogue.in_category(*prefix)) {
      if (rows.size() >= compared_max) break;
      rows.push_back(row);
    }
  if (!rows.empty() && rows.size() >= search.finds_max) return rows;
  const std::size_t place = catalogue.rank(anchor);
  const std::size_t begin = place - std::min(place, compared_by_id_max / 2), end = std::min(catalogue.size(), begin + compared_by_id_max);
  rows.insert(rows.end(), catalogue.by_id().begin() + static_cast<std::ptrdiff_t>(begin), catalogue.by_id().begin() + static_cast<std::ptrdiff_t>(end));
  return rows;
}

/// Compares one anchor with rows; keeps what shares something.
void compare(const Search& search, ItemIndex anchor, std::span<const ItemIndex> rows, std::vector<Find>& found) {
  const CatalogueItem& wanted = search.catalogue().at(anchor);
  for (const ItemIndex row : rows) {
    const CatalogueItem& other = search.catalogue().at(row);
    if (other.removed || search.is_anchor(other)) continue;
    const float alike = content_overlap(wanted, other);
    if (alike > 0) found.push_back({row, alike, Because::similar_to, wanted.labels.item});
  }
}

/// Each row once, with its best score.
void keep_best(std::vector<Find>& found) {
  std::stable_sort(found.begin(), found.end(), [](const Find& a, const Find& b) { return a.index != b.index ? a.index < b.index : a.score > b.score; });
  found.erase(std::unique(found.begin(), found.end(), [](const Find& a, const Find& b) { return a.index == b.index; }), found.end());
}

} // namespace

float content_overlap(const CatalogueItem& wanted, const CatalogueItem& other) {
  constexpr float category_share = 0.45F, brand_share = 0.2F, tags_share = 0.15F, words_share = 0.2F;
  float sum = 0, possible = 0;
  const auto add = [&](float share, bool known, float alike) {
    if (!known) return;
    possible += share;
    sum += share * alike;
  };
  const LabelSet &a = wanted.labels, &b = other.labels;
  add(category_share, !a.category.empty(), a.category.empty() ? 0 : shared_path(a.category, b.category));
  add(brand_share, a.brand != Symbol::none, a.brand == b.brand ? 1.0F : 0.0F);
  add(tags_share, !a.tags.empty(), jaccard<Symbol>(a.tags, b.tags));
  add(words_share, !wanted.title_words.empty(), jaccard<std::uint32_t>(wanted.title_words, other.title_words));
  return possible > 0 ? sum / possible : 0;
}

void find_similar(const Search& search, Finds& finds) {
  if (search.anchors.empty()) return;
  const Models& models = search.models();
  const Catalogue& catalogue = search.catalogue();
  std::vector<Find> found;
  const std::vector<float> mean = models.index ? mean_of_anchors(search) : std::vector<float>{};
  if (!mean.empty()) {
    const Symbol first = catalogue.at(search.anchors.front()).labels.item;
    float best = 0;
    for (const VectorHit& hit : models.index->search(mean, {.items_max = hits_wanted(search), .probes = models.probes})) {
      if (hit.score <= 0) break;
      const auto index = catalogue.find(models.vectors.items[hit.row]);
      if (!index || search.is_anchor(catalogue.at(*index))) continue;
      best = best > 0 ? best : hit.score;
      found.push_back({*index, hit.score / best, Because::similar_to, first});
    }
  }
  for (const ItemIndex anchor : search.anchors) {
    if (mean.empty() || !has_vector(models, catalogue.at(anchor))) {
      compare(search, anchor, rows_around(search, anchor), found);
      continue;
    }
    std::vector<ItemIndex> fresh;
    const auto newest = catalogue.newest();
    for (const ItemIndex row : newest.first(std::min(newest.size(), new_compared_max)))
      if (!has_vector(models, catalogue.at(row))) fresh.push_back(row);
    compare(search, anchor, fresh, found);
  }
  keep_best(found);
  finds.put_all(std::move(found));
}

} // namespace takt
