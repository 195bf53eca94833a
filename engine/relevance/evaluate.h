#pragma once
/// How good a method is on people whose future is known. Every item is ranked for every case, none is sampled (Krichene, Rendle 2020
/// show what sampling does to such numbers). Equal scores rank by item index, so a caller who numbers items by id gets one answer.
/// Errors: none. Threads: one. Cost: one query and one pass over all items per case.
#include "engine/relevance/method.h"

#include <cstddef>
#include <functional>

namespace takt {

struct EvaluationCase {
  std::vector<HistoryItem> history;  ///< as in RelevanceQuery
  std::vector<std::uint32_t> masked; ///< items that are not offered
  std::vector<std::uint32_t> wanted; ///< what came after: distinct, ascending, none of it masked
  std::size_t wanted_unknown = 0;    ///< what came after and no method can know: missed by all
};

/// At one length of the list, the means over the cases that want something.
struct Quality {
  std::size_t at = 0;
  double recall = 0;          ///< hits / wanted
  double ndcg = 0;            ///< binary gain; the ideal list has min(at, wanted) hits
  double hit_rate = 0;        ///< share of the cases with a hit
  double reciprocal_rank = 0; ///< 1 / rank of the first hit, 0 without one
};

struct EvaluationOptions {
  std::vector<std::size_t> at = {20}; ///< each >= 1
  std::int64_t now_seconds = 0;
};

/// The `at` best items for a query, best first; `masked` in any order.
std::vector<std::uint32_t> best_items(const ScoreSheet& sheet, std::span<const std::uint32_t> masked, std::size_t at);

/// One entry per options.at, in its order. All 0 where no case wants anything.
std::vector<Quality> evaluate(const RelevanceMethod& method, std::size_t items, std::span<const EvaluationCase> cases,
                              const EvaluationOptions& options, const std::function<void(double)>& progress = {});

} // namespace takt
