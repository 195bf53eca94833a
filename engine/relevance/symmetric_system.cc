#include "engine/relevance/symmetric_system.h"

#include "core/check.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace takt {
namespace {

constexpr std::size_t lanes = 16;
typedef float Lanes __attribute__((vector_size(lanes * sizeof(float))));

// By reference: a function that returns registers its caller may not have would need an ABI of its own.
[[gnu::always_inline]] inline void load(Lanes& to, const float* from) { std::memcpy(&to, from, sizeof to); }
[[gnu::always_inline]] inline void save(const Lanes& value, float* to) { std::memcpy(to, &value, sizeof value); }

[[gnu::always_inline]] inline void axpy(float factor, const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += lanes) {
    Lanes sum, term;
    load(sum, y + i);
    load(term, x + i);
    sum += factor * term;
    save(sum, y + i);
  }
}

/// The upper triangle of A += weight · v vᵀ. Rows begin at a multiple of 16: what that writes below the diagonal is never read.
[[gnu::always_inline]] inline void outer_product(float* matrix, std::size_t dimension, std::size_t stride, const float* v, float weight) {
  for (std::size_t row = 0; row < dimension; ++row) {
    const std::size_t begin = row / lanes * lanes;
    axpy(weight * v[row], v + begin, matrix + row * stride + begin, stride - begin);
  }
}

/// Four finished rows of U at `top` take their part out of all rows below them.
[[gnu::always_inline]] inline void subtract_four(float* matrix, std::size_t dimension, std::size_t stride, std::size_t top) {
  const float* const u0 = matrix + top * stride;
  const float *const u1 = u0 + stride, *const u2 = u1 + stride, *const u3 = u2 + stride;
  for (std::size_t row = top + 4; row < dimension; ++row) {
    float* const y = matrix + row * stride;
    const float f0 = u0[row], f1 = u1[row], f2 = u2[row], f3 = u3[row];
    for (std::size_t i = row / lanes * lanes; i < stride; i += lanes) {
      Lanes rest, v0, v1, v2, v3;
      load(rest, y + i);
      load(v0, u0 + i);
      load(v1, u1 + i);
      load(v2, u2 + i);
      load(v3, u3 + i);
      rest -= (f0 * v0 + f1 * v1) + (f2 * v2 + f3 * v3);
      save(rest, y + i);
    }
  }
}

/// Turns the row into one of U. False where the pivot is not positive.
[[gnu::always_inline]] inline bool finish_row(float* matrix, std::size_t stride, std::size_t row) {
  float* const y = matrix + row * stride;
  const float pivot = y[row];
  if (!(pivot > 0)) return false;
  const float factor = 1 / std::sqrt(pivot);
  for (std::size_t i = row / lanes * lanes; i < stride; i += lanes) {
    Lanes values;
    load(values, y + i);
    values *= factor;
    save(values, y + i);
  }
  return true;
}

[[gnu::always_inline]] inline bool factorise(float* matrix, std::size_t dimension, std::size_t stride) {
  std::size_t top = 0;
  for (; top < dimension; top += 4) {
    const std::size_t bottom = std::min(top + 4, dimension);
    for (std::size_t row = top; row < bottom; ++row) {
      if (!finish_row(matrix, stride, row)) return false;
      const float* const u = matrix + row * stride;
      for (std::size_t below = row + 1; below < bottom; ++below) {
        const std::size_t begin = below / lanes * lanes;
        axpy(-u[below], u + begin, matrix + below * stride + begin, stride - begin);
      }
    }
    if (bottom == top + 4) subtract_four(matrix, dimension, stride, top);
  }
  return true;
}

struct Kernels {
  void (*axpy)(float, const float*, float*, std::size_t);
  void (*outer_product)(float*, std::size_t, std::size_t, const float*, float);
  bool (*factorise)(float*, std::size_t, std::size_t);
};

// One copy per target. No FMA in these lists: two machines must agree on every bit.
#define TAKT_KERNELS(name, ...)                                                                                                                      \
  __VA_ARGS__ void axpy_##name(float f, const float* x, float* y, std::size_t n) { axpy(f, x, y, n); }                                               \
  __VA_ARGS__ void outer_##name(float* m, std::size_t d, std::size_t s, const float* v, float w) { outer_product(m, d, s, v, w); }                   \
  __VA_ARGS__ bool factorise_##name(float* m, std::size_t d, std::size_t s) { return factorise(m, d, s); }
TAKT_KERNELS(plain)
#if defined(__x86_64__)
TAKT_KERNELS(avx2, [[gnu::target("avx2")]])
TAKT_KERNELS(avx512, [[gnu::target("avx512f")]])
#endif
#undef TAKT_KERNELS

Kernels chosen_kernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return {axpy_avx512, outer_avx512, factorise_avx512};
  if (__builtin_cpu_supports("avx2")) return {axpy_avx2, outer_avx2, factorise_avx2};
#endif
  return {axpy_plain, outer_plain, factorise_plain};
}
const Kernels& kernels() {
  static const Kernels chosen = chosen_kernels();
  return chosen;
}

} // namespace

void SymmetricSystem::resize(std::size_t dimension) {
  dimension_ = dimension;
  stride_ = padded(dimension);
  matrix_.assign(dimension_ * stride_, 0);
}

void SymmetricSystem::add_outer_product(const float* vector, float weight) {
  kernels().outer_product(matrix_.data(), dimension_, stride_, vector, weight);
}

void SymmetricSystem::assign_scaled(const SymmetricSystem& other, float factor) {
  TAKT_CHECK(dimension_ == other.dimension_, "systems of one size");
  for (std::size_t i = 0; i < matrix_.size(); ++i) matrix_[i] = factor * other.matrix_[i];
}

void SymmetricSystem::add_to_diagonal(float amount) {
  for (std::size_t i = 0; i < dimension_; ++i) at(i, i) += amount;
}

bool SymmetricSystem::solve(std::span<float> right_side) {
  TAKT_CHECK(right_side.size() >= dimension_, "one right side per row");
  if (!kernels().factorise(matrix_.data(), dimension_, stride_)) return false;
  for (std::size_t row = 0; row < dimension_; ++row) { // Uᵀ z = b, by rows of U
    const float z = right_side[row] /= at(row, row);
    for (std::size_t column = row + 1; column < dimension_; ++column) right_side[column] -= z * at(row, column);
  }
  for (std::size_t row = dimension_; row-- > 0;) { // U x = z
    float sum = right_side[row];
    for (std::size_t column = row + 1; column < dimension_; ++column) sum -= at(row, column) * right_side[column];
    right_side[row] = sum / at(row, row);
  }
  return true;
}

void add_scaled(float factor, const float* x, float* y, std::size_t count) { kernels().axpy(factor, x, y, count); }

} // namespace takt
