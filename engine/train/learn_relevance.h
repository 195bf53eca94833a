#pragma once
/// Learns the served blend (engine/relevance/learn_served_blend.h) from the journal: its weights on everything but the newest part of the time,
/// then its parts on everything. What got no weight is neither trained again nor served.
/// Too few people, or none whose future could be held out: no model, and a note that says so; the other sources serve as before.
/// Deterministic, whatever `threads`. Errors: none. Cost: the parts twice (engine/relevance has theirs), and the blend.
#include "engine/relevance/kept_parts.h"
#include "engine/relevance_model.h"
#include "engine/train/interactions.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace takt {

struct LearntRelevance {
  std::shared_ptr<const RelevanceModel> model;         ///< may be null
  std::vector<std::string> notes;                      ///< held-out quality of each part and of the blend, or why there is none
};

/// Fewer say nothing about the next one.
constexpr std::size_t relevance_customers_min = 100, relevance_cases_min = 30;

struct RelevanceTraining {
  std::size_t threads = 1;
  KeptParts* kept = nullptr;                           ///< finished parts of a training that was killed
};

/// `id_rank[i]` is the position of seen.items[i] by item id.
LearntRelevance learn_relevance(const Interactions& seen, std::span<const std::uint32_t> id_rank, const RelevanceTraining& training,
                                const std::function<void(double)>& progress);

} // namespace takt
