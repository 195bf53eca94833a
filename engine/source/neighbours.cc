#include "core/flat_symbol_map.h"
#include "engine/source/source.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace takt {
namespace {

/// The first few seeds say most; 8 × 30 additions take about 10 µs.
constexpr std::size_t seeds_max = 8;
constexpr std::size_t neighbours_read_max = 30;

/// What all seeds say of one item, and which of them says most.
struct Sum {
  Symbol item = Symbol::none;
  float score = 0, most = 0;
  std::uint32_t seed = 0;
};

/// One per neighbour, in the order of their first mention; added up in the order of the seeds.
std::vector<Sum> sums_of(const NeighbourTable& table, std::span<const Seed> seeds) {
  std::vector<Sum> sums;
  sums.reserve(seeds.size() * neighbours_read_max);
  FlatSymbolMap<std::uint32_t> after; // item → its place + 1
  after.reserve(seeds.size() * neighbours_read_max);
  for (const Seed& seed : seeds) table.prefetch_place(seed.item);
  for (const Seed& seed : seeds) table.prefetch(seed.item);
  for (std::uint32_t s = 0; s < seeds.size(); ++s) {
    const auto all = table.of(seeds[s].item);
    for (const ScoredSymbol& neighbour : all.first(std::min(all.size(), neighbours_read_max))) {
      if (neighbour.item == Symbol::none) continue; // no item, and no key
      const float part = seeds[s].weight * neighbour.score;
      std::uint32_t& known = after[neighbour.item];
      if (known == 0) {
        sums.push_back({neighbour.item, 0.0F + part, part, s});
        known = static_cast<std::uint32_t>(sums.size());
        continue;
      }
      Sum& sum = sums[known - 1];
      sum.score += part;
      if (part > sum.most) std::tie(sum.most, sum.seed) = std::pair(part, s);
    }
  }
  return sums;
}

/// Best first, ordered as far as somebody reads: most sources are full after a fifth of it. Among equals in no order.
class BestFirst {
public:
  explicit BestFirst(std::vector<Sum> sums) : sums_(std::move(sums)) {
    keys_.reserve(sums_.size());
    // (score, place) as one number: scores are not negative, so their bits order as they do.
    for (std::size_t i = 0; i < sums_.size(); ++i) keys_.push_back(static_cast<std::uint64_t>(~std::bit_cast<std::uint32_t>(sums_[i].score)) << 32 | i);
  }
  std::size_t size() const { return keys_.size(); }
  const Sum& operator[](std::size_t place) {
    while (place >= ordered_) order_more();
    return sums_[keys_[place] & 0xffff'ffff];
  }

private:
  void order_more() {
    constexpr std::size_t step = 64;
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(ordered_);
    ordered_ = std::min(ordered_ + step, keys_.size());
    const auto end = keys_.begin() + static_cast<std::ptrdiff_t>(ordered_);
    if (end != keys_.end()) std::nth_element(begin, end, keys_.end());
    std::sort(begin, end);
  }
  std::vector<Sum> sums_;
  std::vector<std::uint64_t> keys_;
  std::size_t ordered_ = 0;
};

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
  BestFirst sums(sums_of(table, seeds));
  const Catalogue& catalogue = search.catalogue();
  constexpr std::size_t ahead = 16; // look-ups lie all over the memory
  for (std::size_t i = 0; i < std::min(sums.size(), ahead); ++i) catalogue.prefetch_name(sums[i].item);
  std::vector<Find> equals;
  for (std::size_t begin = 0, end = 0; begin < sums.size() && !finds.full(); begin = end) {
    equals.clear();
    for (const float score = sums[begin].score; end < sums.size() && sums[end].score == score; ++end) {
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
