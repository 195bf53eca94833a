#include "engine/stage/category_mix.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

/// So much of p is mixed into q, so that a category that is not there yet costs much and not infinitely much.
constexpr double smoothing = 0.01;
/// Whoever has more has no mix that anybody would notice.
constexpr std::size_t categories_max = 12;
/// Below this share a category is a visit, not a habit.
constexpr float share_min = 0.02F;
constexpr double strength_max = 0.99;

Symbol category_at(const LabelSet& labels, std::size_t level) {
  return labels.category.empty() ? Symbol::none : labels.category[std::min(level, labels.category.size() - 1)];
}

/// The first level on which the items differ. A shop that sells only shoes has its mix below "Shoes".
std::size_t telling_level(std::span<const LabelSet* const> items) {
  std::size_t deepest = 0;
  for (const LabelSet* labels : items) deepest = std::max(deepest, labels->category.size());
  for (std::size_t level = 0; level + 1 < deepest; ++level) {
    Symbol first = Symbol::none;
    for (const LabelSet* labels : items) {
      const Symbol category = category_at(*labels, level);
      if (category == Symbol::none) continue;
      if (first == Symbol::none) first = category;
      if (category != first) return level;
    }
  }
  return deepest == 0 ? 0 : deepest - 1;
}

} // namespace

CategoryMix::CategoryMix(double strength, const FlatSymbolMap<float>& shares, std::span<const LabelSet* const> items)
    : weight_(std::min(strength, strength_max) / (1 - std::min(strength, strength_max))) {
  if (strength <= 0) return;
  const std::size_t level = telling_level(items);
  std::vector<std::pair<float, Symbol>> known; // distinct, largest share first
  for (const LabelSet* labels : items) {
    const Symbol category = category_at(*labels, level);
    const float* share = category == Symbol::none ? nullptr : shares.find(category);
    if (!share || *share < share_min) continue;
    if (std::none_of(known.begin(), known.end(), [&](const auto& one) { return one.second == category; })) known.emplace_back(*share, category);
  }
  if (known.empty()) return;
  std::stable_sort(known.begin(), known.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  known.resize(std::min(known.size(), categories_max));
  double all = 0;
  for (const auto& [share, category] : known) all += static_cast<double>(share);
  for (const auto& [share, category] : known) wanted_.push_back(static_cast<double>(share) / all);
  for (const LabelSet* labels : items) {
    const Symbol category = category_at(*labels, level);
    const auto place = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.second == category; });
    bucket_of_.push_back(category == Symbol::none ? no_bucket : static_cast<std::uint8_t>(place - known.begin()));
  }
  chosen_.assign(wanted_.size() + 1, 0);
  penalties_.assign(wanted_.size() + 1, 0);
  weigh();
}

double CategoryMix::distance_with(std::size_t bucket) const {
  double distance = 0;
  for (std::size_t k = 0; k < wanted_.size(); ++k) {
    const double share = (chosen_[k] + (k == bucket ? 1 : 0)) / (chosen_count_ + 1);
    distance += wanted_[k] * std::log(wanted_[k] / ((1 - smoothing) * share + smoothing * wanted_[k]));
  }
  return std::max(distance, 0.0) / std::log(1 / smoothing);
}

void CategoryMix::weigh() {
  for (std::size_t bucket = 0; bucket < penalties_.size(); ++bucket) penalties_[bucket] = distance_with(bucket);
  const double least = *std::min_element(penalties_.begin(), penalties_.end());
  for (double& penalty : penalties_) penalty = -weight_ * (chosen_count_ + 1) * (penalty - least);
}

void CategoryMix::choose(std::size_t item) {
  if (!is_on() || bucket_of_[item] == no_bucket) return;
  chosen_[bucket_of_[item]] += 1;
  chosen_count_ += 1;
  weigh();
}

} // namespace takt
