#include "engine/train/fatigue_sights.h"

#include "engine/stage/fatigue_curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace takt {
namespace {

constexpr std::uint32_t no_row = std::numeric_limits<std::uint32_t>::max();
/// Earlier showings that a weight looks back on: more are a product of noise.
constexpr std::uint32_t history_max = 8;
constexpr double ms_per_day = 86'400'000;

double days_between(UtcTime from, UtcTime to) { return static_cast<double>((to - from).count()) / ms_per_day; }

struct Touch { FatigueKey key; UtcTime at{}; std::size_t exposure = 0; };
struct KeyClick {
  FatigueKey key;
  UtcTime at{};
  auto operator<=>(const KeyClick&) const = default;
};

std::vector<Touch> touches_of(const FatigueStory& story) {
  std::vector<Touch> touches;
  for (std::size_t i = 0; i < story.exposures.size(); ++i)
    for (const FatigueKey& key : story.exposures[i].adds) touches.push_back({key, story.exposures[i].shown, i});
  std::stable_sort(touches.begin(), touches.end(), [](const Touch& a, const Touch& b) { return a.key != b.key ? a.key < b.key : a.at < b.at; });
  return touches;
}

std::vector<KeyClick> clicks_of(const FatigueStory& story) {
  std::vector<KeyClick> clicks;
  for (const FatigueClick& click : story.clicks)
    for (const FatigueKey& key : story.exposures[click.exposure].adds) clicks.push_back({key, click.at});
  std::sort(clicks.begin(), clicks.end());
  return clicks;
}

/// 0.3 to the number of clicks on the key from `from` on and before `to`: a response to what is shown at `to` is no reason for itself.
float left_between(std::span<const KeyClick> clicks, const FatigueKey& key, UtcTime from, UtcTime to) {
  const auto first = std::lower_bound(clicks.begin(), clicks.end(), KeyClick{key, from}), last = std::lower_bound(clicks.begin(), clicks.end(), KeyClick{key, to});
  return first < last ? static_cast<float>(std::pow(fatigue_left_by_click, last - first)) : 1.0F;
}

} // namespace

float FatigueSights::drawn_chance(const FatigueExposure& exposure) const {
  const double propensity = static_cast<double>(exposure.propensity);
  return propensity >= options_.epsilon && propensity <= 1 - options_.epsilon ? exposure.propensity : 0;
}

void FatigueSights::add(const FatigueStory& story) {
  const std::size_t first_row = rows_.size(), first_step = steps_.size();
  std::vector<std::uint32_t> row_of(story.exposures.size(), no_row);
  for (std::size_t i = 0; i < story.exposures.size(); ++i) {
    const FatigueExposure& exposure = story.exposures[i];
    if (!exposure.has_outcome || !std::isfinite(exposure.response) || !std::isfinite(exposure.offset)) continue;
    row_of[i] = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back({exposure.response, exposure.offset, drawn_chance(exposure), 0, 0, exposure.category, 0});
  }
  if (rows_.size() == first_row) return;
  link(story, row_of);
  judge(first_row, first_step);
  ends_.push_back(static_cast<std::uint32_t>(rows_.size()));
}

void FatigueSights::link(const FatigueStory& story, std::span<const std::uint32_t> row_of) {
  const std::vector<Touch> touches = touches_of(story);
  const std::vector<KeyClick> clicks = clicks_of(story);
  std::uint32_t before = 0, together = 0; // exposures of the key strictly earlier; at this moment
  for (std::size_t i = 0; i < touches.size(); ++i) {
    const Touch& touch = touches[i];
    const FatigueExposure& exposure = story.exposures[touch.exposure];
    const bool reads = std::find(exposure.reads.begin(), exposure.reads.end(), touch.key) != exposure.reads.end();
    Step step;
    step.kind = static_cast<std::uint8_t>(touch.key.kind);
    step.row = reads ? row_of[touch.exposure] : no_row;
    step.propensity = drawn_chance(exposure);
    if (i > 0 && touches[i - 1].key == touch.key) {
      const UtcTime last = touches[i - 1].at;
      step.age_days = static_cast<float>(days_between(last, touch.at));
      step.left = left_between(clicks, touch.key, last, touch.at);
      if (touch.at > last) before += std::exchange(together, 0);
    } else before = together = 0;
    ++together;
    if (step.row != no_row && touch.key.kind == 0) rows_[step.row].exposures = std::max(rows_[step.row].exposures, before);
    steps_.push_back(step);
  }
}

void FatigueSights::judge(std::size_t first_row, std::size_t first_step) {
  const double half_life_days = static_cast<double>(options_.reference.count()) / ms_per_day;
  for (std::size_t i = first_row; i < rows_.size(); ++i) drawn_ += rows_[i].propensity > 0 ? 1 : 0;
  double fatigue = 0, foreign = 0, added = 0, added_foreign = 0;
  for (std::size_t i = first_step; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (step.age_days < 0) fatigue = foreign = added = added_foreign = 0;
    else if (step.age_days > 0) {
      const double left = static_cast<double>(step.left) * std::exp2(-static_cast<double>(step.age_days) / half_life_days);
      fatigue = (fatigue + added) * left;
      foreign = (foreign + added_foreign) * left;
      added = added_foreign = 0;
    }
    if (step.row != no_row && foreign > options_.foreign_share_max * fatigue) rows_[step.row].propensity = 0;
    if (step.row != no_row && step.kind == 0) remember(i, first_step, half_life_days);
    ++added;
    added_foreign += step.propensity > 0 ? 0 : 1;
  }
}

/// The chances of the showings that made the row what it is, back to one half-life.
void FatigueSights::remember(std::size_t step, std::size_t first_step, double days) {
  Row& row = rows_[steps_[step].row];
  row.history = 0;
  row.history_length = 0;
  double age = 0;
  for (std::size_t i = step;; --i) {
    if (steps_[i].propensity > 0) {
      row.history += std::log(steps_[i].propensity);
      ++row.history_length;
    }
    if (i == first_step || steps_[i].age_days < 0) return;
    age += static_cast<double>(steps_[i].age_days);
    if (age > days || row.history_length >= history_max) return;
  }
}

std::vector<float> FatigueSights::weights() const {
  double sum = 0, length = 0;
  for (const Row& row : rows_) {
    if (row.propensity <= 0) continue;
    sum += std::log(static_cast<double>(row.propensity));
    ++length;
  }
  const double usual = length > 0 ? sum / length : 0;
  std::vector<float> weights(rows_.size(), 0);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].propensity <= 0) continue;
    const double weight = std::exp(usual * rows_[i].history_length - static_cast<double>(rows_[i].history));
    weights[i] = static_cast<float>(std::clamp(weight, 1 / options_.weight_max, options_.weight_max));
  }
  return weights;
}

std::vector<float> FatigueSights::columns(Duration half_life) const {
  const auto per_half_life = static_cast<float>(ms_per_day / static_cast<double>(half_life.count()));
  std::vector<float> columns(rows_.size() * kinds_, 0);
  float fatigue = 0, added = 0;
  for (const Step& step : steps_) {
    if (step.age_days < 0) fatigue = added = 0;
    else if (step.age_days > 0) {
      fatigue = (fatigue + added) * step.left * std::exp2(-step.age_days * per_half_life);
      added = 0;
    }
    if (step.row != no_row && fatigue > 0) columns[step.row * kinds_ + step.kind] += std::log1p(fatigue);
    added += 1;
  }
  return columns;
}

double FatigueSights::spacing() const {
  double n = 0, sum = 0, squares = 0;
  for (const Step& step : steps_) {
    if (step.kind != 0 || step.row == no_row || step.age_days <= 0 || rows_[step.row].propensity <= 0) continue;
    const double gap = std::log(static_cast<double>(step.age_days));
    ++n;
    sum += gap;
    squares += gap * gap;
  }
  return n > 1 ? std::sqrt(std::max(squares / n - sum / n * (sum / n), 0.0)) : 0;
}

} // namespace takt
