#include "tests/simulation/fatigue_world.h"

#include "core/random.h"
#include "engine/stage/fatigue_curve.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace takt {
namespace {

/// The marketer's own idea of wear-out: it steers what is shown, and is not the truth.
constexpr double believed_beta = 0.43;
constexpr Duration believed_half_life = days(7);
/// A chance is no more than 1, whatever else is true: 0.2 of this, and the best of appeals, stays below.
constexpr double rate_max = 2.2;
constexpr double appeal_spread = 0.6, appeal_to_rate = 0.5;
constexpr std::uint32_t categories = 4;

struct Wear {
  double fatigue = 0;
  UtcTime at{};
  double now(UtcTime t, Duration half_life) const { return fatigue > 0 ? fatigue * exposure_weight(at, t, half_life) : 0; }
  void see(UtcTime t, Duration half_life, bool clicked) {
    fatigue = (now(t, half_life) + 1) * (clicked ? fatigue_left_by_click : 1);
    at = t;
  }
};

/// One customer's months.
class Customer {
public:
  Customer(const FatigueTruth& truth, std::uint64_t seed) : truth_(truth), draws_(seed), wear_(truth.items), believed_(truth.items), shown_(truth.items, 0), category_wear_(categories) {
    for (int i = 0; i < 4; ++i) rate_ -= std::log(draws_.uniform()) / 4; // gamma of shape 4 around 1
    rate_ = std::min(rate_, rate_max);
    for (std::size_t i = 0; i < truth.items; ++i) appeal_.push_back(appeal_spread * draws_.normal());
  }

  FatigueStory live() {
    const double gap_days = static_cast<double>(truth_.length.count()) / (truth_.visits * std::pow(rate_, truth_.confounding));
    for (double at = 0;;) {
      at += truth_.every.count() > 0 ? static_cast<double>(truth_.every.count()) : -std::log(draws_.uniform()) * gap_days;
      if (at >= static_cast<double>(truth_.length.count())) return std::move(story_);
      visit(UtcTime(Duration(1'700'000'000'000 + static_cast<std::int64_t>(at))));
    }
  }

private:
  /// The item and the propensity that it had.
  std::pair<std::size_t, double> choose(UtcTime at) {
    std::vector<double> score(truth_.items, -1e300);
    for (std::size_t i = 0; i < truth_.items; ++i)
      if (truth_.cap == 0 || shown_[i] < truth_.cap) score[i] = appeal_[i] - believed_beta * std::log1p(believed_[i].now(at, believed_half_life));
    const auto best = static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin());
    if (truth_.temperature <= 0) return {best, 1};
    double sum = 0, so_far = 0;
    for (double& one : score) sum += one = std::exp((one - score[best]) / truth_.temperature) * (one > -1e300 ? 1 : 0);
    const double draw = draws_.uniform() * sum;
    for (std::size_t i = 0; i < score.size(); ++i)
      if (score[i] > 0 && (so_far += score[i]) >= draw) return {i, score[i] / sum};
    return {best, score[best] / sum};
  }

  void visit(UtcTime at) {
    const auto [item, propensity] = choose(at);
    if (truth_.cap > 0 && shown_[item] >= truth_.cap) return;
    const auto category = static_cast<std::uint32_t>(item % categories);
    const double beta = truth_.beta + (category < truth_.more_by_category.size() ? truth_.more_by_category[category] : 0);
    const double offset = appeal_to_rate * appeal_[item], told = truth_.hides_appeal ? 0 : offset;
    double chance = truth_.base_rate * rate_ * std::exp(offset) * fatigue_discount(wear_[item].now(at, truth_.half_life), beta);
    if (truth_.category_share > 0) chance *= fatigue_discount(category_wear_[category].now(at, truth_.half_life), truth_.beta * truth_.category_share);
    const bool clicked = draws_.uniform() < chance;
    FatigueExposure exposure{at, true, clicked ? 1.0F : 0.0F, static_cast<float>(propensity), static_cast<float>(told), category + 1, {{0, item}}, {{0, item}}};
    if (truth_.category_share > 0) {
      exposure.reads.push_back({1, category});
      exposure.adds.push_back({1, category});
    }
    if (clicked) story_.clicks.push_back({at, story_.exposures.size()});
    story_.exposures.push_back(std::move(exposure));
    wear_[item].see(at, truth_.half_life, clicked);
    believed_[item].see(at, believed_half_life, clicked);
    category_wear_[category].see(at, truth_.half_life, clicked);
    ++shown_[item];
  }

  const FatigueTruth& truth_;
  Random draws_;
  double rate_ = 0;
  std::vector<double> appeal_;
  std::vector<Wear> wear_, believed_;
  std::vector<std::uint32_t> shown_;
  std::vector<Wear> category_wear_;
  FatigueStory story_;
};

} // namespace

FatigueSights make_fatigue_world(const FatigueTruth& truth) {
  FatigueSights sights(truth.category_share > 0 ? 2 : 1);
  for (std::uint64_t customer = 0; sights.size() < truth.impressions; ++customer) sights.add(Customer(truth, mix64(truth.seed, customer)).live());
  return sights;
}

} // namespace takt
