#pragma once
/// Small dense systems of equations, thousands of them: one per customer of iALS, one per item of the per-column ridge.
/// Method: Cholesky A = UᵀU, right-looking, four rows at a time; rows are padded, so that loops have no short last step.
/// The same bits on every machine: wider registers only do more at a time, and nothing is fused (engine/index/inner_product.h).
/// Errors: solve() is false where the matrix is not positive definite. Threads: one per system. Memory: dimension² floats.
/// Cost: dimension³/3 multiply-adds (dimension 64: ~15 µs, 200: ~0.4 ms).
#include <cstddef>
#include <span>
#include <vector>

namespace takt {

class SymmetricSystem {
public:
  explicit SymmetricSystem(std::size_t dimension) { resize(dimension); }
  /// All zero afterwards.
  void resize(std::size_t dimension);
  std::size_t dimension() const { return dimension_; }
  /// Rows are this far apart, and so must be vectors for add_outer_product: a multiple of 16, zero behind `dimension`.
  static std::size_t padded(std::size_t dimension) { return (dimension + 15) / 16 * 16; }
  /// Only row <= column is read.
  float& at(std::size_t row, std::size_t column) { return matrix_[row * stride_ + column]; }
  float at(std::size_t row, std::size_t column) const { return matrix_[row * stride_ + column]; }
  /// A += weight · v vᵀ; v has padded(dimension) values.
  void add_outer_product(const float* vector, float weight);
  /// The upper triangle of `other` times factor; both have the same dimension.
  void assign_scaled(const SymmetricSystem& other, float factor);
  void add_to_diagonal(float amount);
  /// Solves A x = b in place; A is destroyed.
  bool solve(std::span<float> right_side);

private:
  std::size_t dimension_ = 0, stride_ = 0;
  std::vector<float> matrix_;
};

/// y += factor · x over `count` values, `count` a multiple of 16.
void add_scaled(float factor, const float* x, float* y, std::size_t count);

} // namespace takt
