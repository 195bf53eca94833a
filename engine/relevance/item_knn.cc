#include "engine/relevance/item_knn.h"

#include "engine/relevance/parallel.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

std::vector<float> lengths_of(const InteractionMatrix& by_item) {
  std::vector<float> lengths(by_item.rows());
  for (std::size_t item = 0; item < by_item.rows(); ++item) {
    double squares = 0;
    for (const MatrixCell& cell : by_item.row(item)) squares += static_cast<double>(cell.weight) * static_cast<double>(cell.weight);
    lengths[item] = static_cast<float>(std::sqrt(squares));
  }
  return lengths;
}

} // namespace

ItemWeights train_item_knn(const InteractionMatrix& customers, const ItemKnnOptions& options, const std::function<void(double)>& progress) {
  const InteractionMatrix by_item = customers.transposed();
  const std::size_t items = by_item.rows(), threads = std::max<std::size_t>(options.threads, 1);
  const std::vector<float> lengths = lengths_of(by_item);
  std::vector<CoOccurrenceRow> counters(threads, CoOccurrenceRow(items));
  std::vector<std::vector<WeightedItem>> rows(items);
  constexpr std::size_t block = 64;
  for_blocks(
      items, block, threads,
      [&](std::size_t worker, std::size_t begin, std::size_t end) {
        CoOccurrenceRow& counter = counters[worker];
        for (std::size_t i = begin; i < end; ++i) {
          const auto item = static_cast<std::uint32_t>(i);
          counter.count(customers, by_item, item);
          for (const std::uint32_t other : counter.touched())
            if (other != item) rows[i].push_back({other, counter[other] / (lengths[item] * lengths[other] + options.shrinkage)});
          keep_strongest(rows[i], options.neighbours_max);
        }
      },
      progress);
  ItemWeights weights;
  for (const auto& row : rows) weights.append_row(row);
  return weights;
}

} // namespace takt
