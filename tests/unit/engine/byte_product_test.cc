// The wide loops against the sum written out, at the ends of what a byte can hold.
#include "core/random.h"
#include "engine/index/byte_product.h"

#include <gtest/gtest.h>
#include <vector>

namespace takt {
namespace {

TEST(ByteProduct, IsTheSumWrittenOut) {
  Random random(5);
  for (std::size_t dimension = 1; dimension <= 200; ++dimension) {
    constexpr std::size_t rows_count = 5;
    std::vector<std::int8_t> weights(dimension);
    std::vector<std::uint8_t> codes(rows_count * dimension);
    for (auto& weight : weights) weight = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
    for (auto& code : codes) code = static_cast<std::uint8_t>(random.below(256));
    std::vector<std::int32_t> products(rows_count);
    byte_products(weights.data(), codes.data(), dimension, rows_count, products.data());
    for (std::size_t r = 0; r < rows_count; ++r) {
      std::int32_t sum = 0;
      for (std::size_t d = 0; d < dimension; ++d) sum += weights[d] * codes[r * dimension + d];
      EXPECT_EQ(products[r], sum) << "dimension " << dimension << ", row " << r;
    }
  }
}

TEST(ByteProduct, DoesNotSaturate) {
  for (const std::int8_t weight : {std::int8_t{-127}, std::int8_t{127}}) {
    const std::vector<std::int8_t> weights(1000, weight);
    const std::vector<std::uint8_t> codes(1000, 255);
    std::int32_t product = 0;
    byte_products(weights.data(), codes.data(), 1000, 1, &product);
    EXPECT_EQ(product, 1000 * 255 * weight);
  }
}

} // namespace
} // namespace takt
