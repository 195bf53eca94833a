#include "engine/index/exact_index.h"

#include "core/check.h"
#include "engine/index/inner_product.h"

#include <array>

namespace takt {
namespace {

/// Scores of one block stay in the first-level cache between the product and the selection.
constexpr std::size_t block_rows = 1024;

} // namespace

ExactIndex::ExactIndex(std::span<const float> rows, std::size_t dimension) {
  TAKT_CHECK(dimension > 0 && rows.size() % dimension == 0, "rows do not fit the dimension");
  const auto height = static_cast<Eigen::Index>(rows.size() / dimension), width = static_cast<Eigen::Index>(dimension);
  rows_ = Eigen::Map<const decltype(rows_)>(rows.data(), height, width);
}

void ExactIndex::scan(std::span<const float> query, std::span<const std::uint32_t> names, TopHits& best) const {
  TAKT_CHECK(query.size() == dimension(), "the query has another dimension than the index");
  std::array<float, block_rows> scores;
  for (std::size_t first = 0; first < size(); first += block_rows) {
    const std::size_t count = std::min(block_rows, size() - first);
    inner_products(query.data(), rows_.data() + first * dimension(), dimension(), count, scores.data());
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::uint32_t>(first + i);
      best.offer(names.empty() ? row : names[row], scores[i]);
    }
  }
}

std::vector<VectorHit> ExactIndex::search(std::span<const float> query, const SearchLimits& limits) const {
  TopHits best(std::min(limits.items_max, size()));
  scan(query, {}, best);
  return best.take();
}

std::unique_ptr<VectorIndex> make_exact_index(std::span<const float> rows, std::size_t dimension) {
  return std::make_unique<ExactIndex>(rows, dimension);
}

std::unique_ptr<VectorIndex> make_index(std::span<const float> rows, std::size_t dimension) {
  TAKT_CHECK(dimension > 0, "vectors have a dimension");
  return rows.size() / dimension <= exact_index_rows_max ? make_exact_index(rows, dimension) : make_faiss_index(rows, dimension);
}

} // namespace takt
