#include "engine/stage/diversity.h"

#include "core/check.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace takt {
namespace {

// What makes two items look alike on a page: mostly where they stand in the shop, then who made them, then their badges.
constexpr double category_share = 0.6, brand_share = 0.25, tags_share = 0.15;
/// Full strength would ignore the score altogether.
constexpr double strength_max = 0.99;
/// Below this nothing is left but rounding.
constexpr double variance_min = 1e-12;

/// 1/√n: the lengths of short lists, asked for thousands of times a decision.
double inverse_root(std::size_t n) {
  static const auto known = [] {
    std::array<double, 64> roots{};
    for (std::size_t i = 1; i < roots.size(); ++i) roots[i] = 1.0 / std::sqrt(static_cast<double>(i));
    return roots;
  }();
  return n < known.size() ? known[n] : 1.0 / std::sqrt(static_cast<double>(n));
}

double category_similarity(const LabelSet& a, const LabelSet& b) {
  if (a.category.empty() || b.category.empty()) return 0;
  const std::size_t depth = std::min(a.category.size(), b.category.size());
  std::size_t shared = 0;
  while (shared < depth && a.category[shared] == b.category[shared]) ++shared;
  return shared == 0 ? 0 : static_cast<double>(shared) * inverse_root(a.category.size()) * inverse_root(b.category.size());
}

double tags_similarity(const LabelSet& a, const LabelSet& b) {
  if (a.tags.empty() || b.tags.empty()) return 0;
  std::size_t shared = 0;
  for (auto left = a.tags.begin(), right = b.tags.begin(); left != a.tags.end() && right != b.tags.end();) {
    if (*left == *right) ++shared;
    if (*left <= *right) ++left;
    else ++right;
  }
  return shared == 0 ? 0 : static_cast<double>(shared) * inverse_root(a.tags.size()) * inverse_root(b.tags.size());
}

/// One bit per tag: without a common bit there is no common tag.
std::uint64_t bits_of(const SymbolList& tags) {
  std::uint64_t bits = 0;
  for (const Symbol tag : tags) bits |= std::uint64_t{1} << (static_cast<std::uint32_t>(tag) % 64);
  return bits;
}

} // namespace

double similarity_of(const LabelSet& a, const LabelSet& b) {
  const double brand = a.brand != Symbol::none && a.brand == b.brand ? 1.0 : 0.0;
  return similarity_max * (category_share * category_similarity(a, b) + brand_share * brand + tags_share * tags_similarity(a, b));
}

ResidualVariance::ResidualVariance(std::vector<double> diagonal) : variance_(std::move(diagonal)) {}

void ResidualVariance::choose(std::size_t chosen, std::span<const double> kernel_row) {
  TAKT_CHECK(kernel_row.size() == variance_.size(), "one kernel value per row");
  TAKT_CHECK(variance_[chosen] > variance_min, "a chosen row adds something");
  const double deviation = std::sqrt(variance_[chosen]);
  std::vector<double> column(kernel_row.begin(), kernel_row.end());
  for (const Step& earlier : steps_) {
    const double share = earlier.column[chosen];
    if (share == 0) continue; // nothing in common with that one: most pairs of items
    for (std::size_t i = 0; i < column.size(); ++i) column[i] -= share * earlier.column[i];
  }
  const double scale = 1.0 / deviation;
  for (std::size_t i = 0; i < column.size(); ++i) {
    column[i] *= scale;
    variance_[i] = std::max(0.0, variance_[i] - column[i] * column[i]);
  }
  steps_.push_back({chosen, deviation, std::move(column)});
}

void ResidualVariance::add(double diagonal, std::span<const double> kernel_to_chosen) {
  TAKT_CHECK(kernel_to_chosen.size() == steps_.size(), "one kernel value per chosen row");
  double variance = diagonal;
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    double value = kernel_to_chosen[k];
    for (std::size_t earlier = 0; earlier < k; ++earlier) value -= steps_[earlier].column[steps_[k].chosen] * steps_[earlier].column.back();
    value *= 1.0 / steps_[k].deviation;
    steps_[k].column.push_back(value);
    variance = std::max(0.0, variance - value * value);
  }
  variance_.push_back(variance);
}

SlateDiversity::SlateDiversity(const Diversity& policy, std::vector<const LabelSet*> items, std::size_t looked_at)
    : method_(policy.strength > 0 ? policy.method : DiversityMethod::none),
      weight_(std::min(policy.strength, strength_max) / (1.0 - std::min(policy.strength, strength_max))), items_(std::move(items)),
      residual_(std::vector<double>(looked_at, 1.0)), penalties_(looked_at, 0.0), row_(looked_at) {
  TAKT_CHECK(looked_at <= items_.size(), "only items are looked at");
  if (method_ == DiversityMethod::none) return;
  outlines_.reserve(items_.size());
  for (const LabelSet* labels : items_)
    outlines_.push_back({labels->category.empty() ? Symbol::none : labels->category.front(), labels->brand, bits_of(labels->tags)});
}

bool SlateDiversity::may_be_alike(const Outline& a, const Outline& b) {
  const bool shop = a.top == b.top && a.top != Symbol::none, maker = a.brand == b.brand && a.brand != Symbol::none;
  return shop || maker || (a.tags & b.tags) != 0;
}

double SlateDiversity::penalty_of(double variance) const { return weight_ * std::log(std::max(variance, variance_min)); }

void SlateDiversity::choose(std::size_t item, std::span<const char> open) {
  if (method_ == DiversityMethod::none) return;
  const auto is_asked = [&](std::size_t i) { return open.empty() || open[i] != 0; };
  const Outline outline = outlines_[item];
  for (std::size_t i = 0; i < row_.size(); ++i)
    row_[i] = is_asked(i) && may_be_alike(outline, outlines_[i]) ? similarity_of(*items_[item], *items_[i]) : 0.0;
  row_[item] = 1.0;
  chosen_.push_back(items_[item]);
  if (method_ == DiversityMethod::dpp) {
    residual_.choose(item, row_);
    for (std::size_t i = 0; i < row_.size(); ++i) // a logarithm costs more than all the rest of a row
      if (residual_.took_from(i) && is_asked(i) && residual_.at(i) < 1) penalties_[i] = penalty_of(residual_.at(i));
  } else {
    for (std::size_t i = 0; i < row_.size(); ++i) penalties_[i] = std::min(penalties_[i], -weight_ * row_[i]);
  }
}

void SlateDiversity::look_at(std::size_t count) {
  TAKT_CHECK(count <= items_.size(), "only items are looked at");
  std::vector<double> to_chosen(chosen_.size());
  for (std::size_t i = penalties_.size(); i < count; ++i) {
    double penalty = 0;
    for (std::size_t k = 0; k < chosen_.size(); ++k) {
      to_chosen[k] = similarity_of(*chosen_[k], *items_[i]);
      penalty = std::min(penalty, -weight_ * to_chosen[k]);
    }
    if (method_ == DiversityMethod::dpp) {
      residual_.add(1.0, to_chosen);
      penalty = residual_.at(i) < 1 ? penalty_of(residual_.at(i)) : 0.0;
    }
    penalties_.push_back(method_ == DiversityMethod::none ? 0.0 : penalty);
  }
  row_.resize(penalties_.size());
}

} // namespace takt
