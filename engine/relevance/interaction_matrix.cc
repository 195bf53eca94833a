#include "engine/relevance/interaction_matrix.h"

#include "core/check.h"

#include <algorithm>
#include <numeric>

namespace takt {

InteractionMatrix::InteractionMatrix(std::span<const Interaction> interactions, std::size_t customers, std::size_t items) : columns_(items) {
  std::vector<std::size_t> place(customers + 1, 0);
  for (const Interaction& one : interactions) {
    TAKT_CHECK(one.customer < customers && one.item < items && one.weight > 0,
               "an interaction is of a known customer, of a known item, and weighs something");
    ++place[one.customer + 1];
  }
  std::partial_sum(place.begin(), place.end(), place.begin());
  begin_ = place;
  cells_.resize(interactions.size());
  for (const Interaction& one : interactions) cells_[place[one.customer]++] = {one.item, one.weight, one.at_seconds};

  std::size_t kept = 0;
  for (std::size_t customer = 0; customer < customers; ++customer) {
    const auto begin = cells_.begin() + static_cast<std::ptrdiff_t>(begin_[customer]),
               end = cells_.begin() + static_cast<std::ptrdiff_t>(begin_[customer + 1]);
    std::sort(begin, end, [](const MatrixCell& a, const MatrixCell& b) { return a.index < b.index; });
    begin_[customer] = kept;
    for (auto cell = begin; cell != end; ++cell) {
      if (kept > begin_[customer] && cells_[kept - 1].index == cell->index) {
        MatrixCell& same = cells_[kept - 1];
        same.weight = std::max(same.weight, cell->weight);
        same.at_seconds = std::max(same.at_seconds, cell->at_seconds);
      } else {
        cells_[kept++] = *cell;
      }
    }
  }
  begin_[customers] = kept;
  cells_.resize(kept);
  cells_.shrink_to_fit();
}

InteractionMatrix InteractionMatrix::transposed() const {
  InteractionMatrix result;
  result.columns_ = rows();
  std::vector<std::size_t> place(columns_ + 1, 0);
  for (const MatrixCell& cell : cells_) ++place[cell.index + 1];
  std::partial_sum(place.begin(), place.end(), place.begin());
  result.begin_ = place;
  result.cells_.resize(cells_.size());
  for (std::size_t customer = 0; customer < rows(); ++customer)
    for (const MatrixCell& cell : row(customer))
      result.cells_[place[cell.index]++] = {static_cast<std::uint32_t>(customer), cell.weight, cell.at_seconds};
  return result;
}

InteractionMatrix InteractionMatrix::with_newest(std::size_t cells_per_row_max) const {
  InteractionMatrix result;
  result.columns_ = columns_;
  std::vector<MatrixCell> newest;
  for (std::size_t customer = 0; customer < rows(); ++customer) {
    const auto all = row(customer);
    newest.assign(all.begin(), all.end());
    if (newest.size() > cells_per_row_max) {
      std::sort(newest.begin(), newest.end(), [](const MatrixCell& a, const MatrixCell& b) {
        return a.at_seconds != b.at_seconds ? a.at_seconds > b.at_seconds : a.index < b.index;
      });
      newest.resize(cells_per_row_max);
      std::sort(newest.begin(), newest.end(), [](const MatrixCell& a, const MatrixCell& b) { return a.index < b.index; });
    }
    result.cells_.insert(result.cells_.end(), newest.begin(), newest.end());
    result.begin_.push_back(result.cells_.size());
  }
  return result;
}

void CoOccurrenceRow::count(const InteractionMatrix& customers, const InteractionMatrix& items, std::uint32_t item) {
  for (const std::uint32_t before : touched_) sums_[before] = 0;
  touched_.clear();
  for (const MatrixCell& owner : items.row(item))
    for (const MatrixCell& other : customers.row(owner.index)) {
      if (sums_[other.index] == 0) touched_.push_back(other.index); // weights are > 0, so 0 means untouched
      sums_[other.index] += owner.weight * other.weight;
    }
}

} // namespace takt
