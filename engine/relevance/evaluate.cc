#include "engine/relevance/evaluate.h"

#include "core/check.h"
#include "engine/index/top_hits.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

double discount(std::size_t rank) { return 1 / std::log2(static_cast<double>(rank) + 2); } // rank 0 = first

/// Adds one list to the sums. `is_hit[r]`: is what stands at rank r wanted?
void add_list(const std::vector<bool>& is_hit, std::size_t wanted, Quality& sums) {
  const std::size_t ranks = std::min(is_hit.size(), sums.at);
  double gain = 0, ideal = 0;
  std::size_t hits = 0;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    if (!is_hit[rank]) continue;
    if (hits++ == 0) sums.reciprocal_rank += 1 / static_cast<double>(rank + 1);
    gain += discount(rank);
  }
  for (std::size_t rank = 0; rank < std::min(sums.at, wanted); ++rank) ideal += discount(rank);
  sums.recall += static_cast<double>(hits) / static_cast<double>(wanted);
  sums.ndcg += gain / ideal;
  sums.hit_rate += hits > 0 ? 1 : 0;
}

} // namespace

std::vector<std::uint32_t> best_items(const ScoreSheet& sheet, std::span<const std::uint32_t> masked, std::size_t at) {
  std::vector<std::uint32_t> hidden(masked.begin(), masked.end());
  std::sort(hidden.begin(), hidden.end());
  TopHits best(at);
  auto next_hidden = hidden.begin();
  for (std::uint32_t item = 0; item < sheet.size(); ++item) {
    while (next_hidden != hidden.end() && *next_hidden < item) ++next_hidden;
    if (next_hidden != hidden.end() && *next_hidden == item) continue;
    best.offer(item, sheet[item]);
  }
  std::vector<std::uint32_t> items;
  for (const VectorHit& hit : best.take()) items.push_back(hit.row);
  return items;
}

std::vector<Quality> evaluate(const RelevanceMethod& method, std::size_t items, std::span<const EvaluationCase> cases,
                              const EvaluationOptions& options, const std::function<void(double)>& progress) {
  std::vector<Quality> sums;
  std::size_t at_max = 0, counted = 0;
  for (const std::size_t at : options.at) {
    TAKT_CHECK(at >= 1, "a list has a first place");
    sums.push_back({at});
    at_max = std::max(at_max, at);
  }
  ScoreSheet sheet(items);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (progress && i % 256 == 0) progress(static_cast<double>(i) / static_cast<double>(cases.size()));
    const EvaluationCase& one = cases[i];
    const std::size_t wanted = one.wanted.size() + one.wanted_unknown;
    if (wanted == 0) continue;
    ++counted;
    sheet.clear();
    method.score({one.history, options.now_seconds}, sheet);
    std::vector<bool> is_hit;
    for (const std::uint32_t item : best_items(sheet, one.masked, at_max))
      is_hit.push_back(std::binary_search(one.wanted.begin(), one.wanted.end(), item));
    for (Quality& sum : sums) add_list(is_hit, wanted, sum);
  }
  if (counted > 0)
    for (Quality& sum : sums)
      for (double* mean : {&sum.recall, &sum.ndcg, &sum.hit_rate, &sum.reciprocal_rank}) *mean /= static_cast<double>(counted);
  if (progress) progress(1);
  return sums;
}

} // namespace takt
