#pragma once
/// Rows of vectors whose length is padded to a multiple of 16, so that the loops over them have no short last step.
#include "engine/relevance/symmetric_system.h"

#include <cstdint>

namespace takt {

class Factors {
public:
  Factors() = default;
  Factors(std::size_t rows, std::size_t dimension)
      : rows_(rows), dimension_(dimension), stride_(SymmetricSystem::padded(dimension)), values_(rows * stride_, 0) {}
  std::size_t rows() const { return rows_; }
  std::size_t dimension() const { return dimension_; }
  std::size_t stride() const { return stride_; }
  /// stride() values; those behind `dimension` are 0.
  float* row(std::size_t index) { return values_.data() + index * stride_; }
  const float* row(std::size_t index) const { return values_.data() + index * stride_; }
  bool operator==(const Factors&) const = default;

private:
  std::size_t rows_ = 0, dimension_ = 0, stride_ = 0;
  std::vector<float> values_;
};

} // namespace takt
