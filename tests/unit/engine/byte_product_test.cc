// The wide loops against the sum written out, at the ends of what a byte can hold.
#include "core/random.h"
#include "engine/index/byte_product.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace takt {
namespace {

constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();

TEST(ByteProduct, IsTheSumWrittenOut) {
  Random random(5);
  for (std::size_t dimension = 1; dimension <= 200; ++dimension) {
    constexpr std::size_t rows_count = 11;
    std::vector<std::int8_t> weights(dimension);
    std::vector<std::uint8_t> codes(rows_count * dimension);
    for (auto& weight : weights) weight = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
    for (auto& code : codes) code = static_cast<std::uint8_t>(random.below(256));
    std::vector<std::int32_t> sums(rows_count, 0);
    for (std::size_t r = 0; r < rows_count; ++r)
      for (std::size_t d = 0; d < dimension; ++d) sums[r] += weights[d] * codes[r * dimension + d];
    for (const std::int32_t bar : {lowest, sums[2], sums[2] + 1, sums[rows_count - 1], *std::max_element(sums.begin(), sums.end()) + 1}) {
      std::vector<ByteHit> hits(rows_count);
      hits.resize(byte_products(weights.data(), codes.data(), dimension, rows_count, bar, hits.data()));
      std::size_t next = 0;
      for (std::uint32_t r = 0; r < rows_count; ++r) {
        if (sums[r] < bar) continue;
        ASSERT_LT(next, hits.size()) << "dimension " << dimension << ", row " << r << ", bar " << bar;
        EXPECT_EQ(hits[next].row, r);
        EXPECT_EQ(hits[next++].product, sums[r]);
      }
      EXPECT_EQ(next, hits.size());
    }
  }
}

TEST(ByteProduct, DoesNotSaturate) {
  for (const std::int8_t weight : {std::int8_t{-127}, std::int8_t{127}}) {
    const std::vector<std::int8_t> weights(1000, weight);
    const std::vector<std::uint8_t> codes(1000, 255);
    ByteHit hit;
    ASSERT_EQ(byte_products(weights.data(), codes.data(), 1000, 1, lowest, &hit), 1U);
    EXPECT_EQ(hit.product, 1000 * 255 * weight);
  }
}

} // namespace
} // namespace takt
