#include "engine/relevance/blend.h"

#include "core/check.h"
#include "engine/index/top_hits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace takt {
namespace {

constexpr std::size_t list_max = 20;
/// Of each part per case. A trend lifts items from far down, but hardly from further.
constexpr std::size_t candidates_per_part_max = 200;
constexpr std::array weight_steps = {0.0F, 0.05F, 0.1F, 0.2F, 0.35F, 0.5F, 0.75F, 1.0F, 1.5F, 2.0F};
constexpr std::array exponent_steps = {0.0F, 0.25F, 0.5F, 0.75F, 1.0F, 1.25F};
constexpr std::size_t rounds_max = 3;
/// Less is noise: some thousand people know a quality to about 2 %.
constexpr double gain_min = 1.002;

/// One case: its candidates, the scores of all parts for each, and what was wanted.
struct Pool {
  std::vector<std::uint32_t> items; ///< ascending
  std::vector<float> scores;        ///< items × parts
  std::vector<bool> is_wanted;
  std::size_t wanted = 0; ///< with those that are no candidates
};

class Learner {
public:
  Learner(const BlendProblem& problem, const std::function<void(double)>& progress) : problem_(problem) {
    for (std::size_t i = 0; i < problem.cases.size(); ++i) {
      if (progress && i % 64 == 0) progress(0.5 * static_cast<double>(i) / static_cast<double>(problem.cases.size()));
      const EvaluationCase& one = problem.cases[i];
      if (one.wanted.size() + one.wanted_unknown > 0) pools_.push_back(pool_of(one));
    }
  }

  double quality_of(const BlendChoice& choice) const {
    const std::vector<float> factors = problem_.trends.empty() ? std::vector<float>{} : factors_of(problem_.trends[choice.trend], choice.exponent);
    double sum = 0;
    for (const Pool& pool : pools_) sum += quality_of(pool, choice.weights, factors);
    return pools_.empty() ? 0 : sum / static_cast<double>(pools_.size());
  }

  void try_choice(const BlendChoice& tried, BlendChoice& best) const {
    const double quality = quality_of(tried);
    const double bar = best.quality * gain_min;
    if (quality <= bar) return;
    best = tried;
    best.quality = quality;
  }

private:
  Pool pool_of(const EvaluationCase& one) const {
    const std::size_t parts = problem_.parts.size();
    std::vector<std::vector<std::pair<std::uint32_t, float>>> scored(parts);
    Pool pool;
    for (std::size_t part = 0; part < parts; ++part) {
      ScoreSheet sheet(problem_.items);
      problem_.parts[part]->score({one.history, problem_.now_seconds}, sheet);
      scored[part] = on_one_scale(sheet);
      std::sort(scored[part].begin(), scored[part].end());
      for (const std::uint32_t item : best_items(sheet, one.masked, candidates_per_part_max))
        if (sheet[item] > 0) pool.items.push_back(item);
    }
    std::sort(pool.items.begin(), pool.items.end());
    pool.items.erase(std::unique(pool.items.begin(), pool.items.end()), pool.items.end());
    pool.scores.assign(pool.items.size() * parts, 0);
    for (std::size_t part = 0; part < parts; ++part) {
      auto next = scored[part].begin();
      for (std::size_t i = 0; i < pool.items.size(); ++i) {
        while (next != scored[part].end() && next->first < pool.items[i]) ++next;
        if (next != scored[part].end() && next->first == pool.items[i]) pool.scores[i * parts + part] = next->second;
      }
    }
    for (const std::uint32_t item : pool.items) pool.is_wanted.push_back(std::binary_search(one.wanted.begin(), one.wanted.end(), item));
    pool.wanted = one.wanted.size() + one.wanted_unknown;
    return pool;
  }

  double quality_of(const Pool& pool, const std::vector<float>& weights, const std::vector<float>& factors) const {
    const std::size_t parts = weights.size();
    TopHits best(list_max);
    for (std::size_t i = 0; i < pool.items.size(); ++i) {
      float score = 0;
      for (std::size_t part = 0; part < parts; ++part) score += weights[part] * pool.scores[i * parts + part];
      best.offer(static_cast<std::uint32_t>(i), factors.empty() ? score : score * factors[pool.items[i]]);
    }
    double hits = 0, gain = 0, ideal = 0;
    std::size_t rank = 0;
    for (const VectorHit& hit : best.take()) {
      const double discount = 1 / std::log2(static_cast<double>(rank++) + 2);
      if (!pool.is_wanted[hit.row]) continue;
      ++hits;
      gain += discount;
    }
    for (std::size_t i = 0; i < std::min(list_max, pool.wanted); ++i) ideal += 1 / std::log2(static_cast<double>(i) + 2);
    return 0.5 * (hits / static_cast<double>(pool.wanted) + gain / ideal);
  }

  const BlendProblem& problem_;
  std::vector<Pool> pools_;
};

void try_trends(const Learner& learner, const BlendProblem& problem, BlendChoice& best) {
  BlendChoice tried = best;
  for (std::size_t trend = 0; trend < problem.trends.size(); ++trend)
    for (const float exponent : exponent_steps) {
      tried.trend = trend;
      tried.exponent = exponent;
      learner.try_choice(tried, best);
    }
}

void try_weights(const Learner& learner, const BlendProblem& problem, std::size_t part, BlendChoice& best) {
  BlendChoice tried = best;
  for (const float weight : weight_steps) {
    tried.weights[part] = std::max(weight, problem.weights_min[part]);
    const bool is_something = std::any_of(tried.weights.begin(), tried.weights.end(), [](float one) { return one > 0; });
    if (is_something) learner.try_choice(tried, best);
  }
}

BlendChoice best_single(const Learner& learner, const BlendProblem& problem) {
  BlendChoice best;
  for (std::size_t part = 0; part < problem.parts.size(); ++part) {
    BlendChoice single;
    single.weights.assign(problem.parts.size(), 0);
    single.weights[part] = 1;
    best.single_qualities.push_back(learner.quality_of(single));
  }
  const auto winner = std::max_element(best.single_qualities.begin(), best.single_qualities.end()) - best.single_qualities.begin();
  best.weights = problem.weights_min;
  best.weights[static_cast<std::size_t>(winner)] = 1;
  best.quality = learner.quality_of(best);
  return best;
}

} // namespace

std::vector<std::pair<std::uint32_t, float>> on_one_scale(const ScoreSheet& sheet) {
  TopHits best(list_max);
  for (const std::uint32_t item : sheet.touched())
    if (sheet[item] > 0) best.offer(item, sheet[item]);
  std::vector<std::pair<std::uint32_t, float>> scaled;
  const auto top = best.take();
  if (top.empty()) return scaled;
  double sum = 0;
  for (const VectorHit& hit : top) sum += static_cast<double>(hit.score);
  const auto mean = static_cast<float>(sum / static_cast<double>(top.size()));
  for (const std::uint32_t item : sheet.touched())
    if (sheet[item] > 0) scaled.emplace_back(item, sheet[item] / mean);
  return scaled;
}

void BlendMethod::score(const RelevanceQuery& query, ScoreSheet& sheet) const {
  // Of the catalogue's size: to make one for every query would take longer than to fill it.
  thread_local ScoreSheet part_sheet{0};
  if (part_sheet.size() != sheet.size()) part_sheet = ScoreSheet(sheet.size());
  for (const BlendPart& part : parts_) {
    if (part.weight <= 0) continue;
    part_sheet.clear();
    part.method->score(query, part_sheet);
    for (const auto& [item, score] : on_one_scale(part_sheet)) {
      const float amount = part.weight * score;
      sheet.add(item, factors_.empty() ? amount : amount * factors_[item]);
    }
  }
}

BlendChoice learn_blend(const BlendProblem& problem, const std::function<void(double)>& progress) {
  TAKT_CHECK(!problem.parts.empty() && problem.weights_min.size() == problem.parts.size(), "a blend has parts, each with a least weight");
  const Learner learner(problem, progress);
  BlendChoice best = best_single(learner, problem);
  for (std::size_t round = 0; round < rounds_max; ++round) {
    const double before = best.quality;
    try_trends(learner, problem, best);
    for (std::size_t part = 0; part < problem.parts.size(); ++part) {
      try_weights(learner, problem, part, best);
      if (progress)
        progress(0.5 + 0.5 * static_cast<double>(round * problem.parts.size() + part + 1) / static_cast<double>(rounds_max * problem.parts.size()));
    }
    if (best.quality <= before) break;
  }
  if (progress) progress(1);
  return best;
}

std::vector<float> factors_of(std::span<const float> trend, float exponent) {
  if (exponent == 0) return {};
  std::vector<float> factors;
  for (const float one : trend) factors.push_back(std::pow(one, exponent));
  return factors;
}

} // namespace takt
