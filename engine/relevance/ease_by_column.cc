// EASE for catalogues whose gramian does not fit: a ridge regression per item on what it occurs with.
#include "core/check.h"
#include "engine/relevance/ease.h"
#include "engine/relevance/parallel.h"
#include "engine/relevance/symmetric_system.h"

#include <algorithm>
#include <numeric>

namespace takt {
namespace {

constexpr std::uint32_t none = UINT32_MAX;
/// Pairs of frequent items cost most to count and are wanted again and again: they are counted once, in 4·8,192² = 256 MiB.
constexpr std::size_t frequent_max = 8'192;

/// XᵀX among the most frequent items, dense.
class FrequentPairs {
public:
  FrequentPairs(const InteractionMatrix& customers, const InteractionMatrix& by_item) : place_(by_item.rows(), none) {
    std::vector<std::uint32_t> order(by_item.rows());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return by_item.row(a).size() > by_item.row(b).size(); });
    order.resize(std::min(order.size(), frequent_max));
    for (std::uint32_t i = 0; i < order.size(); ++i) place_[order[i]] = i;
    width_ = order.size();
    sums_.assign(width_ * width_, 0);
    std::vector<std::pair<std::uint32_t, float>> here;
    for (std::size_t customer = 0; customer < customers.rows(); ++customer) {
      here.clear();
      for (const MatrixCell& cell : customers.row(customer))
        if (place_[cell.index] != none) here.emplace_back(place_[cell.index], cell.weight);
      for (const auto& [a, left] : here)
        for (const auto& [b, right] : here) sums_[a * width_ + b] += left * right;
    }
  }
  bool holds(std::uint32_t item) const { return place_[item] != none; }
  float of(std::uint32_t a, std::uint32_t b) const { return sums_[place_[a] * width_ + place_[b]]; }

private:
  std::vector<std::uint32_t> place_;
  std::size_t width_ = 0;
  std::vector<float> sums_;
};

/// One thread's tools for one column after the other.
class ColumnSolver {
public:
  ColumnSolver(const InteractionMatrix& customers, const InteractionMatrix& by_item, const FrequentPairs& frequent, const EaseOptions& options)
      : customers_(customers), by_item_(by_item), frequent_(frequent), options_(options), row_(by_item.rows()), local_(by_item.rows(), none),
        system_(0) {}

  /// Which items predict `target`, and how strongly.
  std::span<const WeightedItem> solve(std::uint32_t target) {
    choose_predictors(target);
    fill_system();
    right_side_.resize(predictors_.size());
    for (std::size_t i = 0; i < predictors_.size(); ++i) right_side_[i] = row_[predictors_[i]];
    system_.add_to_diagonal(options_.lambda);
    TAKT_CHECK(system_.solve(right_side_), "a gramian plus a penalty is positive definite");
    column_.clear();
    for (std::size_t i = 0; i < predictors_.size(); ++i) {
      if (right_side_[i] != 0) column_.push_back({predictors_[i], right_side_[i]});
      local_[predictors_[i]] = none;
    }
    return column_;
  }

private:
  void choose_predictors(std::uint32_t target) {
    row_.count(customers_, by_item_, target);
    predictors_.assign(row_.touched().begin(), row_.touched().end());
    std::erase(predictors_, target);
    const auto more = [&](std::uint32_t a, std::uint32_t b) { return row_[a] != row_[b] ? row_[a] > row_[b] : a < b; };
    if (predictors_.size() > options_.predictors_max) {
      std::nth_element(predictors_.begin(), predictors_.begin() + static_cast<std::ptrdiff_t>(options_.predictors_max), predictors_.end(), more);
      predictors_.resize(options_.predictors_max);
    }
    std::sort(predictors_.begin(), predictors_.end());
    for (std::uint32_t i = 0; i < predictors_.size(); ++i) local_[predictors_[i]] = i;
  }

  void fill_system() {
    system_.resize(predictors_.size());
    for (std::size_t i = 0; i < predictors_.size(); ++i) {
      const std::uint32_t item = predictors_[i];
      if (!frequent_.holds(item)) {
        count_rare(item, i);
        continue;
      }
      for (std::size_t j = i; j < predictors_.size(); ++j)
        if (frequent_.holds(predictors_[j])) system_.at(i, j) = frequent_.of(item, predictors_[j]);
    }
  }

  /// Pairs of a rare item, from its few customers. A pair of two rare ones is met twice and counted by the first.
  void count_rare(std::uint32_t item, std::size_t place) {
    for (const MatrixCell& owner : by_item_.row(item))
      for (const MatrixCell& other : customers_.row(owner.index)) {
        const std::size_t there = local_[other.index];
        if (there == none || (there < place && !frequent_.holds(other.index))) continue;
        system_.at(std::min(place, there), std::max(place, there)) += owner.weight * other.weight;
      }
  }

  const InteractionMatrix& customers_;
  const InteractionMatrix& by_item_;
  const FrequentPairs& frequent_;
  const EaseOptions& options_;
  CoOccurrenceRow row_;
  std::vector<std::uint32_t> local_; ///< item → its place among the predictors
  std::vector<std::uint32_t> predictors_;
  SymmetricSystem system_;
  std::vector<float> right_side_;
  std::vector<WeightedItem> column_;
};

struct Weight {
  std::uint32_t from = 0, to = 0;
  float weight = 0;
};

/// Columns as they were found, in any order, as rows.
ItemWeights rows_of(std::span<const std::vector<Weight>> parts, std::size_t items, std::size_t weights_per_item_max) {
  std::vector<std::size_t> place(items + 1, 0);
  for (const auto& part : parts)
    for (const Weight& one : part) ++place[one.from + 1];
  std::partial_sum(place.begin(), place.end(), place.begin());
  std::vector<WeightedItem> all(place.back());
  std::vector<std::size_t> next = place;
  for (const auto& part : parts)
    for (const Weight& one : part) all[next[one.from]++] = {one.to, one.weight};
  ItemWeights weights;
  std::vector<WeightedItem> row;
  for (std::size_t item = 0; item < items; ++item) {
    row.assign(all.begin() + static_cast<std::ptrdiff_t>(place[item]), all.begin() + static_cast<std::ptrdiff_t>(place[item + 1]));
    keep_strongest(row, weights_per_item_max);
    weights.append_row(row);
  }
  return weights;
}

} // namespace

ItemWeights train_ease_by_column(const InteractionMatrix& customers, const EaseOptions& options, const std::function<void(double)>& progress) {
  TAKT_CHECK(options.lambda > 0, "EASE needs a penalty");
  const InteractionMatrix by_item = customers.transposed();
  const FrequentPairs frequent(customers, by_item);
  const std::size_t threads = std::max<std::size_t>(options.threads, 1);
  std::vector<ColumnSolver> solvers;
  solvers.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) solvers.emplace_back(customers, by_item, frequent, options);
  std::vector<std::vector<Weight>> found(threads);
  constexpr std::size_t block = 64; // a few tens of milliseconds of work
  for_blocks(
      customers.columns(), block, threads,
      [&](std::size_t worker, std::size_t begin, std::size_t end) {
        for (std::size_t target = begin; target < end; ++target) {
          const auto to = static_cast<std::uint32_t>(target);
          for (const WeightedItem& one : solvers[worker].solve(to)) found[worker].push_back({one.item, to, one.weight});
        }
      },
      progress);
  return rows_of(found, customers.columns(), options.weights_per_item_max);
}

} // namespace takt
