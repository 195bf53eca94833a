#include "engine/taste.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace takt {
namespace {

/// One item, however often it was looked at and bought, is one item: it must not be the whole taste.
constexpr float weight_max = 3;

} // namespace

std::vector<float> taste_vector(const Models& models, const CustomerFeatures& features) {
  const ItemVectors& vectors = models.vectors;
  std::vector<float> taste(vectors.dimension, 0);
  for (std::size_t i = 0; i < features.recent_items.size(); ++i) {
    const auto found = vectors.row_of.find(features.recent_items[i]);
    if (found == vectors.row_of.end()) continue;
    const float weight = std::min(features.recent_weights[i], weight_max);
    const std::span<const float> row = vectors.row(found->second);
    for (std::size_t c = 0; c < taste.size(); ++c) taste[c] += weight * row[c];
  }
  float squares = 0;
  for (const float value : taste) squares += value * value;
  if (!(squares > 0)) return {};
  const float scale = 1 / std::sqrt(squares);
  for (float& value : taste) value *= scale;
  return taste;
}

float taste_match(const Models& models, std::span<const float> taste, Symbol item) {
  if (taste.empty()) return 0;
  const auto found = models.vectors.row_of.find(item);
  if (found == models.vectors.row_of.end()) return 0;
  const std::span<const float> row = models.vectors.row(found->second);
  // Four sums at a time, joined in a fixed order: the same bits on every machine, and no addition waits for the one before.
  std::array<float, 4> products{}, squares{};
  std::size_t c = 0;
  for (; c + 4 <= taste.size(); c += 4)
    for (std::size_t lane = 0; lane < 4; ++lane) {
      products[lane] += taste[c + lane] * row[c + lane];
      squares[lane] += row[c + lane] * row[c + lane];
    }
  for (; c < taste.size(); ++c) {
    products[0] += taste[c] * row[c];
    squares[0] += row[c] * row[c];
  }
  const float product = (products[0] + products[1]) + (products[2] + products[3]);
  const float square = (squares[0] + squares[1]) + (squares[2] + squares[3]);
  return square > 0 ? std::clamp(product / std::sqrt(square), -1.0F, 1.0F) : 0.0F;
}

} // namespace takt
