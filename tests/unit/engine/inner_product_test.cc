// The wide loop against sixteen sums written out: the same bits, whatever the processor has.
#include "core/random.h"
#include "engine/index/inner_product.h"

#include <array>
#include <gtest/gtest.h>
#include <vector>

namespace takt {
namespace {

float by_definition(const float* a, const float* b, std::size_t dimension) {
  std::array<float, 16> sums{};
  for (std::size_t d = 0; d < dimension; ++d) sums[d % 16] += a[d] * b[d];
  for (std::size_t width = 8; width > 0; width /= 2)
    for (std::size_t lane = 0; lane < width; ++lane) sums[lane] += sums[lane + width];
  return sums[0];
}

TEST(InnerProduct, HasTheSameBitsAsItsDefinition) {
  Random random(3);
  for (std::size_t dimension = 1; dimension <= 130; ++dimension) {
    constexpr std::size_t rows_count = 7;
    std::vector<float> query(dimension), rows(rows_count * dimension), products(rows_count);
    for (float& value : query) value = static_cast<float>(random.normal());
    for (float& value : rows) value = static_cast<float>(random.normal());
    inner_products(query.data(), rows.data(), dimension, rows_count, products.data());
    for (std::size_t r = 0; r < rows_count; ++r)
      EXPECT_EQ(products[r], by_definition(query.data(), rows.data() + r * dimension, dimension)) << "dimension " << dimension << ", row " << r;
  }
}

TEST(InnerProduct, OfNothingIsNothing) {
  const float value = 1;
  inner_products(&value, &value, 1, 0, nullptr);
  EXPECT_EQ(inner_product(&value, &value, 0), 0);
}

} // namespace
} // namespace takt
