#pragma once
/// Customers × items as compressed rows: what every method of engine/relevance learns from. Customers and items are dense indices; who
/// they are is the caller's business. Immutable. Errors: none (an index out of range is our bug). Threads: read from any.
/// Memory: 16 bytes per cell. Cost: building sorts each customer's cells; co-occurrence counts touch the sum of the squared row lengths.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace takt {

struct Interaction {
  std::uint32_t customer = 0;
  std::uint32_t item = 0;
  float weight = 1;            ///< > 0; 1 = the strongest evidence there is
  std::int64_t at_seconds = 0; ///< since 1970, or any other ascending number
};

struct MatrixCell {
  std::uint32_t index = 0; ///< an item in a customer's row; a customer in the transpose
  float weight = 0;
  std::int64_t at_seconds = 0;
  bool operator==(const MatrixCell&) const = default;
};

class InteractionMatrix {
public:
  InteractionMatrix() = default;
  /// One cell per customer and item: the strongest weight, the newest time. The order of `interactions` does not matter.
  InteractionMatrix(std::span<const Interaction> interactions, std::size_t customers, std::size_t items);

  std::size_t rows() const { return begin_.size() - 1; }
  std::size_t columns() const { return columns_; }
  std::size_t cells() const { return cells_.size(); }
  /// Ascending by index.
  std::span<const MatrixCell> row(std::size_t index) const { return std::span(cells_).subspan(begin_[index], begin_[index + 1] - begin_[index]); }
  InteractionMatrix transposed() const;
  /// Only the newest cells of each row: what one crawler did must not cost more than what a thousand people did.
  InteractionMatrix with_newest(std::size_t cells_per_row_max) const;

private:
  std::size_t columns_ = 0;
  std::vector<std::size_t> begin_ = {0}; ///< rows + 1
  std::vector<MatrixCell> cells_;
};

/// One row of XᵀX at a time, in memory that does not depend on how many pairs there are. Keep one per thread and reuse it.
class CoOccurrenceRow {
public:
  explicit CoOccurrenceRow(std::size_t items) : sums_(items, 0) {}
  /// Sums over the customers who have `item` of the products of weights; the item itself is among `touched()`.
  void count(const InteractionMatrix& customers, const InteractionMatrix& items, std::uint32_t item);
  /// Items with a sum > 0, in no particular order, until the next count().
  std::span<const std::uint32_t> touched() const { return touched_; }
  float operator[](std::uint32_t item) const { return sums_[item]; }

private:
  std::vector<float> sums_;
  std::vector<std::uint32_t> touched_;
};

} // namespace takt
