#include "engine/index/inner_product.h"

#include <cstring>

namespace takt {
namespace {

constexpr std::size_t lanes = 16;
/// GCC and Clang split it into what the target has: one register of AVX-512, two of AVX2, four of SSE2 or NEON.
typedef float Lanes __attribute__((vector_size(lanes * sizeof(float))));
typedef float HalfLanes __attribute__((vector_size(lanes / 2 * sizeof(float))));
typedef float QuarterLanes __attribute__((vector_size(lanes / 4 * sizeof(float))));

/// Inlined into each variant below, and compiled there for its target.
[[gnu::always_inline]] inline float product_of(const float* a, const float* b, std::size_t dimension) {
  Lanes sums{};
  std::size_t d = 0;
  for (; d + lanes <= dimension; d += lanes) {
    Lanes left, right;
    std::memcpy(&left, a + d, sizeof left);
    std::memcpy(&right, b + d, sizeof right);
    sums += left * right;
  }
  if (d < dimension) { // a short last step: what is missing is zero
    Lanes left{}, right{};
    std::memcpy(&left, a + d, (dimension - d) * sizeof(float));
    std::memcpy(&right, b + d, (dimension - d) * sizeof(float));
    sums += left * right;
  }
  const HalfLanes half = __builtin_shufflevector(sums, sums, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(sums, sums, 8, 9, 10, 11, 12, 13, 14, 15);
  const QuarterLanes quarter = __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
  return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

[[gnu::always_inline]] inline void products_of(const float* query, const float* rows, std::size_t dimension, std::size_t count, float* products) {
  for (std::size_t i = 0; i < count; ++i) products[i] = product_of(query, rows + i * dimension, dimension);
}

using ProductsOf = void (*)(const float*, const float*, std::size_t, std::size_t, float*);

void products_plain(const float* query, const float* rows, std::size_t dimension, std::size_t count, float* products) {
  products_of(query, rows, dimension, count, products);
}

#if defined(__x86_64__)
// No FMA in these lists: it rounds once where the others round twice, and the slates of two machines would differ.
[[gnu::target("avx2")]] void products_avx2(const float* query, const float* rows, std::size_t dimension, std::size_t count, float* products) {
  products_of(query, rows, dimension, count, products);
}
[[gnu::target("avx512f")]] void products_avx512(const float* query, const float* rows, std::size_t dimension, std::size_t count, float* products) {
  products_of(query, rows, dimension, count, products);
}
ProductsOf chosen_variant() {
  if (__builtin_cpu_supports("avx512f")) return products_avx512;
  return __builtin_cpu_supports("avx2") ? products_avx2 : products_plain;
}
#else
ProductsOf chosen_variant() { return products_plain; }
#endif

} // namespace

void inner_products(const float* query, const float* rows, std::size_t dimension, std::size_t count, float* products) {
  static const ProductsOf variant = chosen_variant();
  variant(query, rows, dimension, count, products);
}

float inner_product(const float* a, const float* b, std::size_t dimension) {
  float product = 0;
  inner_products(a, b, dimension, 1, &product);
  return product;
}

} // namespace takt
