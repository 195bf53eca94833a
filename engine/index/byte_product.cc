#include "engine/index/byte_product.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace takt {
namespace {

using ProductsOf = std::size_t (*)(const std::int8_t*, const std::uint8_t*, std::size_t, std::size_t, std::int32_t, ByteHit*);

/// What is left of a row behind the whole registers; all of it on other machines.
[[gnu::always_inline]] inline std::int32_t product_from(const std::int8_t* weights, const std::uint8_t* code, std::size_t from, std::size_t dimension) {
  std::int32_t sum = 0;
  for (std::size_t d = from; d < dimension; ++d) sum += static_cast<std::int32_t>(weights[d]) * static_cast<std::int32_t>(code[d]);
  return sum;
}

/// Written always, kept where it counts: no branch to guess wrong.
[[gnu::always_inline]] inline std::size_t keep(std::int32_t product, std::size_t row, std::int32_t bar, ByteHit* hits, std::size_t kept) {
  hits[kept] = {static_cast<std::uint32_t>(row), product};
  return kept + (product >= bar ? 1 : 0);
}

std::size_t products_plain(const std::int8_t* weights, const std::uint8_t* codes, std::size_t dimension, std::size_t count, std::int32_t bar, ByteHit* hits) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) kept = keep(product_from(weights, codes + i * dimension, 0, dimension), i, bar, hits, kept);
  return kept;
}

#if defined(__x86_64__)
typedef std::int32_t Lanes __attribute__((vector_size(64)));

[[gnu::target("avx2")]] inline std::int32_t sum_of(__m256i eight) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0b01'00'11'10));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0b10'11'00'01));
  return _mm_cvtsi128_si32(four);
}

[[gnu::target("avx2")]] std::size_t products_avx2(const std::int8_t* weights, const std::uint8_t* codes, std::size_t dimension, std::size_t count,
                                                  std::int32_t bar, ByteHit* hits) {
  constexpr std::size_t step = 16; // bytes widened to 16 bits: products of bytes alone would saturate in _mm256_maddubs_epi16
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* code = codes + i * dimension;
    __m256i sums = _mm256_setzero_si256();
    std::size_t d = 0;
    for (; d + step <= dimension; d += step) {
      const __m256i left = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights + d)));
      const __m256i right = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(code + d)));
      sums = _mm256_add_epi32(sums, _mm256_madd_epi16(left, right));
    }
    kept = keep(sum_of(sums) + product_from(weights, code, d, dimension), i, bar, hits, kept);
  }
  return kept;
}

[[gnu::target("avx512f,avx512bw,avx512vnni")]] inline __m512i row_sums(const std::int8_t* weights, const std::uint8_t* code, std::size_t dimension) {
  constexpr std::size_t step = 64;
  __m512i sums = _mm512_setzero_si512();
  std::size_t d = 0;
  for (; d + step <= dimension; d += step) sums = _mm512_dpbusd_epi32(sums, _mm512_loadu_si512(code + d), _mm512_loadu_si512(weights + d));
  if (d < dimension) { // a short last step: what is missing is zero
    const __mmask64 present = (std::uint64_t{1} << (dimension - d)) - 1;
    sums = _mm512_dpbusd_epi32(sums, _mm512_maskz_loadu_epi8(present, code + d), _mm512_maskz_loadu_epi8(present, weights + d));
  }
  return sums;
}

[[gnu::target("avx512f,avx512bw,avx512vnni")]] inline __m256i halves(__m512i sums) {
  const Lanes all = reinterpret_cast<Lanes>(sums); // GCC 12 warns of its own undefined values in the intrinsics for this
  return reinterpret_cast<__m256i>(__builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15));
}

/// Of each 128 bits: x0+x2, y0+y2, x1+x3, y1+y3.
[[gnu::target("avx512f,avx512bw,avx512vnni")]] inline __m512i mix(__m512i left, __m512i right) {
  const Lanes x = reinterpret_cast<Lanes>(left), y = reinterpret_cast<Lanes>(right);
  return reinterpret_cast<__m512i>(__builtin_shufflevector(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +
                                   __builtin_shufflevector(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31));
}

/// Of two such: the sums of a, b, c, d in each 128 bits.
[[gnu::target("avx512f,avx512bw,avx512vnni")]] inline __m512i join(__m512i left, __m512i right) {
  const Lanes x = reinterpret_cast<Lanes>(left), y = reinterpret_cast<Lanes>(right);
  return reinterpret_cast<__m512i>(__builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
                                   __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31));
}

[[gnu::target("avx512f,avx512bw,avx512vnni")]] std::size_t products_vnni(const std::int8_t* weights, const std::uint8_t* codes, std::size_t dimension,
                                                                         std::size_t count, std::int32_t bar, ByteHit* hits) {
  std::size_t kept = 0, i = 0;
  const __m128i bars = _mm_set1_epi32(bar);
  for (; i + 4 <= count; i += 4) { // four rows are summed up together: adding up the lanes of one costs more than its products
    const std::uint8_t* code = codes + i * dimension;
    const __m512i a = row_sums(weights, code, dimension), b = row_sums(weights, code + dimension, dimension);
    const __m512i c = row_sums(weights, code + 2 * dimension, dimension), d = row_sums(weights, code + 3 * dimension, dimension);
    const __m256i two = halves(join(mix(a, b), mix(c, d)));
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
    if (_mm_movemask_epi8(_mm_cmplt_epi32(four, bars)) == 0xffff) continue;
    alignas(16) std::int32_t products[4];
    _mm_store_si128(reinterpret_cast<__m128i*>(products), four);
    for (std::size_t n = 0; n < 4; ++n) kept = keep(products[n], i + n, bar, hits, kept);
  }
  for (; i < count; ++i) kept = keep(sum_of(halves(row_sums(weights, codes + i * dimension, dimension))), i, bar, hits, kept);
  return kept;
}

ProductsOf chosen_variant() {
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")) return products_vnni;
  return __builtin_cpu_supports("avx2") ? products_avx2 : products_plain;
}
#else
ProductsOf chosen_variant() { return products_plain; }
#endif

} // namespace

std::size_t byte_products(const std::int8_t* weights, const std::uint8_t* codes, std::size_t dimension, std::size_t count, std::int32_t bar, ByteHit* hits) {
  static const ProductsOf variant = chosen_variant();
  return variant(weights, codes, dimension, count, bar, hits);
}

} // namespace takt
