#include "engine/source/source.h"
#include "engine/stage/call_segment.h"

#include <cmath>

namespace takt {
namespace {

/// A placement that takes a rare kind only must not walk a million items of another.
constexpr std::size_t popular_read_max = 5000;
/// Below anything with evidence, so that what nobody asked for only fills up.
constexpr float filler_score = 0.05F;

/// Items without evidence, so that the first day has an answer: the newest, then the placement's kinds (or all) by id.
void fill_up(const Search& search, Finds& finds) {
  std::size_t read = 0;
  const auto fill = [&](std::span<const ItemIndex> rows, Because because) {
    for (const ItemIndex row : rows) {
      if (finds.full() || ++read > popular_read_max) return;
      if (!finds.has(row)) finds.add({row, filler_score, because, Symbol::none});
    }
  };
  fill(search.catalogue().newest(), Because::new_item);
  for (const Symbol kind : search.opening.rules.kinds) fill(search.catalogue().of_kind(kind), Because::picked);
  if (search.opening.rules.kinds.empty()) fill(search.catalogue().by_id(), Because::picked);
}

} // namespace

void find_popular(const Search& search, Finds& finds) {
  const std::vector<ScoredSymbol>& popular = search.models().popular;
  const float most = popular.empty() ? 1 : std::log1p(popular.front().score);
  const SegmentPopularity* segment = CallPopularity(search.call, search.opening).segment();
  std::size_t read = 0;
  const auto add = [&](const ScoredSymbol& item, float score) {
    if (const auto index = search.catalogue().find(item.item)) finds.add({*index, score, Because::popular, Symbol::none});
  };
  if (segment)
    for (std::size_t i = 0; i < segment->best.size() && !finds.full() && ++read <= popular_read_max; ++i) add(segment->best[i], segment->best[i].score);
  for (const ScoredSymbol& item : popular) {
    if (finds.full() || ++read > popular_read_max) break;
    const float score = std::log1p(item.score) / most; // as Models::popularity, without its look-up
    if (!segment) add(item, score);
    else if (!segment->score_of.contains(item.item)) add(item, segment->of(item.item, score));
  }
  if (!finds.full()) fill_up(search, finds);
  // Already in [0,1], and not divided by the best of this placement: a rare kind stays as unpopular as it is.
}

} // namespace takt
