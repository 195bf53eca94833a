#include "engine/source/source.h"

#include <algorithm>

namespace takt {
namespace {

/// The first few seeds say most; 8 × 30 additions take about 10 µs.
constexpr std::size_t seeds_max = 8;
constexpr std::size_t neighbours_read_max = 30;

struct Part {
  Symbol item = Symbol::none;
  float score = 0;
  std::uint32_t seed = 0;
};

/// Parts of one item together, in the order of the seeds.
std::vector<Part> gather(const Catalogue& catalogue, const NeighbourTable& table, std::span<const Seed> seeds) {
  std::vector<Part> parts;
  parts.reserve(seeds.size() * neighbours_read_max);
  for (const Seed& seed : seeds) table.prefetch_place(seed.item);
  for (const Seed& seed : seeds) table.prefetch(seed.item);
  for (std::uint32_t s = 0; s < seeds.size(); ++s) {
    const auto all = table.of(seeds[s].item);
    for (const ScoredSymbol& neighbour : all.first(std::min(all.size(), neighbours_read_max)))
      parts.push_back({neighbour.item, seeds[s].weight * neighbour.score, s});
  }
  for (const Part& part : parts) catalogue.prefetch_name(part.item);
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.item != b.item ? a.item < b.item : a.seed < b.seed; });
  return parts;
}

} // namespace

std::vector<Seed> seeds_for(const Search& search) {
  std::vector<Seed> seeds;
  for (const ItemIndex anchor : search.anchors) seeds.push_back({search.catalogue().at(anchor).labels.item, 1, Because::similar_to});
  if (!seeds.empty() || !search.call.person.profile_allowed) return seeds;
  const CustomerFeatures& features = search.features;
  for (std::size_t i = 0; i < features.recent_items.size() && seeds.size() < seeds_max; ++i) {
    const bool bought = features.bought.contains(features.recent_items[i]);
    seeds.push_back({features.recent_items[i], features.recent_weights[i], bought ? Because::bought : Because::viewed});
  }
  return seeds;
}

void find_neighbours(const Search& search, const NeighbourTable& table, std::span<const Seed> seeds, Finds& finds) {
  seeds = seeds.first(std::min(seeds.size(), seeds_max));
  const std::vector<Part> parts = gather(search.catalogue(), table, seeds);
  std::vector<Find> found;
  for (std::size_t begin = 0; begin < parts.size();) {
    std::size_t end = begin, most = begin;
    float sum = 0;
    for (; end < parts.size() && parts[end].item == parts[begin].item; ++end) {
      sum += parts[end].score;
      if (parts[end].score > parts[most].score) most = end;
    }
    const Part& reason = parts[most];
    begin = end;
    if (std::any_of(seeds.begin(), seeds.end(), [&](const Seed& seed) { return seed.item == reason.item; })) continue;
    const auto index = search.catalogue().find(reason.item);
    if (!index || (!search.anchors.empty() && search.is_anchor(search.catalogue().at(*index)))) continue;
    found.push_back({*index, sum, seeds[reason.seed].because, seeds[reason.seed].item});
  }
  finds.put_all(std::move(found));
}

} // namespace takt
