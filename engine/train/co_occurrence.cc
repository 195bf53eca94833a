#include "engine/train/co_occurrence.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

struct Range { std::size_t begin = 0, end = 0; };

/// First and last occurrence of each one's owner.
std::vector<Range> owner_ranges(std::span<const BasketItem> occurrences) {
  std::vector<Range> ranges(occurrences.size());
  for (std::size_t begin = 0; begin < occurrences.size();) {
    std::size_t end = begin;
    while (end < occurrences.size() && occurrences[end].owner == occurrences[begin].owner) ++end;
    for (std::size_t i = begin; i < end; ++i) ranges[i] = {begin, end};
    begin = end;
  }
  return ranges;
}

/// Occurrences by item: starts[i] … starts[i + 1] are the places of item i in `places`.
struct Inverted {
  std::vector<std::size_t> starts, places;
  std::vector<double> weights;                         ///< by item: the sum over its occurrences
};

Inverted invert(std::span<const BasketItem> occurrences, std::size_t items) {
  Inverted inverted;
  inverted.starts.assign(items + 1, 0);
  inverted.places.resize(occurrences.size());
  for (const BasketItem& occurrence : occurrences) ++inverted.starts[occurrence.item + 1];
  for (std::size_t i = 0; i < items; ++i) inverted.starts[i + 1] += inverted.starts[i];
  std::vector<std::size_t> next(inverted.starts.begin(), inverted.starts.end() - 1);
  inverted.weights.assign(items, 0);
  for (std::size_t place = 0; place < occurrences.size(); ++place) {
    inverted.places[next[occurrences[place].item]++] = place;
    inverted.weights[occurrences[place].item] += static_cast<double>(occurrences[place].weight);
  }
  return inverted;
}

double weight_of(const BasketItem& a, const BasketItem& b, const PairWeights& weights) {
  const double meant = static_cast<double>(a.weight) * static_cast<double>(b.weight);
  if (a.basket == b.basket) return meant;
  const std::int64_t apart = std::abs(static_cast<std::int64_t>(a.at_seconds) - static_cast<std::int64_t>(b.at_seconds)) * 1000;
  return apart <= weights.other_basket_within.count() ? meant * weights.other_basket : 0;
}

/// One row of sums, reused for every item.
class RowOfSums {
public:
  explicit RowOfSums(std::size_t items) : sums_(items, 0), last_from_(items, 0), last_weight_(items, 0) {}
  /// However often b stands beside this occurrence of a, it counts once, with its largest weight: so a sum never exceeds the weight of a.
  void add(std::uint32_t item, double weight, std::size_t from_place) {
    const std::size_t from = from_place + 1;
    if (sums_[item] == 0) touched_.push_back(item);
    const double before = last_from_[item] == from ? last_weight_[item] : 0;
    if (weight > before) {
      sums_[item] += weight - before;
      last_from_[item] = from;
      last_weight_[item] = weight;
    }
  }
  std::span<const std::uint32_t> touched() const { return touched_; }
  double sum(std::uint32_t item) const { return sums_[item]; }
  void clear() {
    for (const std::uint32_t item : touched_) sums_[item] = 0;
    touched_.clear();
  }

private:
  std::vector<double> sums_;
  std::vector<std::size_t> last_from_;
  std::vector<double> last_weight_;
  std::vector<std::uint32_t> touched_;
};

} // namespace

NeighbourTable neighbours_of(std::span<const BasketItem> occurrences, std::span<const Symbol> items, std::span<const std::uint32_t> id_rank,
                             const PairWeights& weights, const std::function<void(double)>& progress) {
  NeighbourTable table;
  const std::vector<Range> owners = owner_ranges(occurrences);
  const Inverted inverted = invert(occurrences, items.size());
  RowOfSums row(items.size());
  struct Scored { std::uint32_t item; double score; };
  std::vector<Scored> scored;
  for (std::uint32_t item = 0; item < items.size(); ++item) {
    for (std::size_t i = inverted.starts[item]; i < inverted.starts[item + 1]; ++i) {
      const std::size_t place = inverted.places[i];
      for (std::size_t other = owners[place].begin; other < owners[place].end; ++other) {
        if (occurrences[other].item == item) continue;
        const double weight = weight_of(occurrences[place], occurrences[other], weights);
        if (weight > 0) row.add(occurrences[other].item, weight, place);
      }
    }
    scored.clear();
    for (const std::uint32_t other : row.touched())
      scored.push_back({other, std::min(1.0, row.sum(other) / (std::sqrt(inverted.weights[item] * inverted.weights[other]) + pair_shrinkage))});
    row.clear();
    const auto better = [&](const Scored& a, const Scored& b) { return a.score != b.score ? a.score > b.score : id_rank[a.item] < id_rank[b.item]; };
    const std::size_t kept = std::min(scored.size(), neighbours_max);
    std::partial_sort(scored.begin(), scored.begin() + static_cast<std::ptrdiff_t>(kept), scored.end(), better);
    std::vector<ScoredSymbol> best;
    best.reserve(kept);
    for (std::size_t i = 0; i < kept; ++i) best.push_back({items[scored[i].item], static_cast<float>(scored[i].score)});
    if (!best.empty()) table.put(items[item], best);
    if (item % 4096 == 0) progress(static_cast<double>(item) / static_cast<double>(items.size()));
  }
  return table;
}

} // namespace takt
