#include "engine/relevance/ease.h"

#include "core/check.h"

#include <algorithm>

extern "C" {
void dpotrf_(const char* triangle, const int* n, double* a, const int* stride, int* info);
void dpotri_(const char* triangle, const int* n, double* a, const int* stride, int* info);
}

namespace takt {
namespace {

/// The lower triangle, by columns as LAPACK wants it, of (XᵀX + λI)⁻¹.
std::vector<double> inverse_of_gramian(const InteractionMatrix& customers, float lambda, const std::function<void(double)>& progress) {
  const std::size_t items = customers.columns();
  const InteractionMatrix by_item = customers.transposed();
  std::vector<double> matrix(items * items, 0);
  CoOccurrenceRow row(items);
  for (std::uint32_t item = 0; item < items; ++item) {
    row.count(customers, by_item, item);
    for (const std::uint32_t other : row.touched())
      if (other >= item) matrix[item * items + other] = static_cast<double>(row[other]);
    matrix[item * items + item] += static_cast<double>(lambda);
  }
  if (progress) progress(0.1);
  const int n = static_cast<int>(items);
  int info = 0;
  dpotrf_("L", &n, matrix.data(), &n, &info);
  TAKT_CHECK(info == 0, "a gramian with something on its diagonal is positive definite");
  if (progress) progress(0.4);
  dpotri_("L", &n, matrix.data(), &n, &info);
  TAKT_CHECK(info == 0, "what has a Cholesky factor has an inverse");
  if (progress) progress(0.9);
  return matrix;
}

} // namespace

ItemWeights train_ease_dense(const InteractionMatrix& customers, const EaseOptions& options, const std::function<void(double)>& progress) {
  TAKT_CHECK(options.lambda > 0, "EASE needs a penalty");
  const std::size_t items = customers.columns();
  ItemWeights weights;
  if (items == 0) return weights;
  const std::vector<double> inverse = inverse_of_gramian(customers, options.lambda, progress);
  const auto element = [&](std::size_t a, std::size_t b) { return inverse[std::min(a, b) * items + std::max(a, b)]; };
  std::vector<WeightedItem> row;
  for (std::uint32_t item = 0; item < items; ++item) {
    row.clear();
    for (std::uint32_t other = 0; other < items; ++other) {
      if (other == item) continue;
      const auto weight = static_cast<float>(-element(item, other) / element(other, other));
      if (weight != 0) row.push_back({other, weight});
    }
    keep_strongest(row, options.weights_per_item_max);
    weights.append_row(row);
  }
  if (progress) progress(1);
  return weights;
}

ItemWeights train_ease(const InteractionMatrix& customers, const EaseOptions& options, const std::function<void(double)>& progress) {
  return customers.columns() <= options.dense_items_max ? train_ease_dense(customers, options, progress)
                                                        : train_ease_by_column(customers, options, progress);
}

} // namespace takt
