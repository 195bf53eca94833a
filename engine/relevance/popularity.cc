#include "engine/relevance/popularity.h"

#include "core/check.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace takt {

std::vector<float> popularity_of(const InteractionMatrix& customers, std::int64_t now_seconds, std::int64_t half_life_seconds) {
  std::vector<double> sums(customers.columns(), 0);
  for (std::size_t customer = 0; customer < customers.rows(); ++customer)
    for (const MatrixCell& cell : customers.row(customer)) {
      const auto age = static_cast<double>(std::max<std::int64_t>(now_seconds - cell.at_seconds, 0));
      const double decay = half_life_seconds > 0 ? std::exp2(-age / static_cast<double>(half_life_seconds)) : 1;
      sums[cell.index] += static_cast<double>(cell.weight) * decay;
    }
  return {sums.begin(), sums.end()};
}

std::vector<float> trend_of(std::span<const float> recent, std::span<const float> overall, float prior) {
  TAKT_CHECK(recent.size() == overall.size(), "one number per item in both");
  const double recent_sum = std::accumulate(recent.begin(), recent.end(), 0.0), overall_sum = std::accumulate(overall.begin(), overall.end(), 0.0);
  std::vector<float> trend(recent.size(), 1);
  if (!(recent_sum > 0)) return trend;
  const double scale = overall_sum / recent_sum, added = static_cast<double>(prior);
  for (std::size_t item = 0; item < trend.size(); ++item)
    trend[item] = static_cast<float>((static_cast<double>(recent[item]) * scale + added) / (static_cast<double>(overall[item]) + added));
  return trend;
}

void PopularityMethod::score(const RelevanceQuery&, ScoreSheet& sheet) const {
  for (std::uint32_t item = 0; item < popularity_.size(); ++item)
    if (popularity_[item] > 0) sheet.add(item, popularity_[item]);
}

} // namespace takt
