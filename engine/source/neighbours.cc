#include "engine/source/source.h"

#include <algorithm>
#include <bit>

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
std::vector<Part> gather(const NeighbourTable& table, std::span<const Seed> seeds) {
  std::vector<Part> parts;
  parts.reserve(seeds.size() * neighbours_read_max);
  for (const Seed& seed : seeds) table.prefetch_place(seed.item);
  for (const Seed& seed : seeds) table.prefetch(seed.item);
  for (std::uint32_t s = 0; s < seeds.size(); ++s) {
    const auto all = table.of(seeds[s].item);
    for (const ScoredSymbol& neighbour : all.first(std::min(all.size(), neighbours_read_max)))
      parts.push_back({neighbour.item, seeds[s].weight * neighbour.score, s});
  }
  // (item, place) as one number: sorting integers is several times faster than sorting parts; places ascend in the order of the seeds.
  std::vector<std::uint64_t> keys(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) keys[i] = static_cast<std::uint64_t>(parts[i].item) << 32 | i;
  std::sort(keys.begin(), keys.end());
  std::vector<Part> together;
  together.reserve(parts.size());
  for (const std::uint64_t key : keys) together.push_back(parts[key & 0xffff'ffff]);
  return together;
}

/// What all seeds say of one item, and which of them says most.
struct Sum {
  Symbol item = Symbol::none;
  float score = 0;
  std::uint32_t seed = 0;
};

/// Best first; in no order among equals.
std::vector<Sum> sums_of(std::span<const Part> parts) {
  std::vector<Sum> sums;
  std::vector<std::uint64_t> keys; // (score, place): scores are not negative, so their bits order as they do
  sums.reserve(parts.size());
  keys.reserve(parts.size());
  for (std::size_t begin = 0; begin < parts.size();) {
    std::size_t end = begin, most = begin;
    float sum = 0;
    for (; end < parts.size() && parts[end].item == parts[begin].item; ++end) {
      sum += parts[end].score;
      if (parts[end].score > parts[most].score) most = end;
    }
    keys.push_back(static_cast<std::uint64_t>(~std::bit_cast<std::uint32_t>(sum)) << 32 | sums.size());
    sums.push_back({parts[begin].item, sum, parts[most].seed});
    begin = end;
  }
  std::sort(keys.begin(), keys.end());
  std::vector<Sum> ordered;
  ordered.reserve(sums.size());
  for (const std::uint64_t key : keys) ordered.push_back(sums[key & 0xffff'ffff]);
  return ordered;
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
  const std::vector<Sum> sums = sums_of(gather(table, seeds));
  const Catalogue& catalogue = search.catalogue();
  constexpr std::size_t ahead = 16; // look-ups lie all over the memory
  for (std::size_t i = 0; i < std::min(sums.size(), ahead); ++i) catalogue.prefetch_name(sums[i].item);
  std::vector<Find> equals;
  for (std::size_t begin = 0, end = 0; begin < sums.size() && !finds.full(); begin = end) {
    equals.clear();
    for (; end < sums.size() && sums[end].score == sums[begin].score; ++end) {
      if (end + ahead < sums.size()) catalogue.prefetch_name(sums[end + ahead].item);
      const Sum& sum = sums[end];
      if (std::any_of(seeds.begin(), seeds.end(), [&](const Seed& seed) { return seed.item == sum.item; })) continue;
      const auto index = catalogue.find(sum.item);
      if (!index || (!search.anchors.empty() && search.is_anchor(catalogue.at(*index)))) continue;
      equals.push_back({*index, sum.score, seeds[sum.seed].because, seeds[sum.seed].item});
    }
    if (equals.size() > 1)
      std::sort(equals.begin(), equals.end(), [&](const Find& a, const Find& b) { return catalogue.rank(a.index) < catalogue.rank(b.index); });
    for (const Find& find : equals) finds.add(find);
  }
  finds.normalise();
}

} // namespace takt
