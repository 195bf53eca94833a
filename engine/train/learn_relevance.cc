#include "engine/train/learn_relevance.h"

#include "engine/relevance/learn_served_blend.h"

#include <iomanip>
#include <sstream>

namespace takt {
namespace {

TrainingData data_of(const Interactions& seen, std::span<const std::uint32_t> id_rank) {
  TrainingData data;
  data.customers = seen.customers_kept;
  data.items = seen.items.size();
  data.has_times = true;
  data.events = seen.acts;
  for (Interaction& act : data.events) act.item = id_rank[act.item]; // so that ties fall to the smaller id
  sort_events(data);
  return data;
}

std::vector<std::string> told(const BlendChoice& choice, std::size_t cases) {
  std::vector<std::string> notes;
  std::ostringstream all;
  all << std::fixed << std::setprecision(4) << "blend: quality " << choice.quality << " on " << cases << " held-out people (mean of recall@20 and ndcg@20)";
  notes.push_back(all.str());
  for (std::size_t part = 0; part < relevance_parts; ++part) {
    std::ostringstream one;
    one << std::fixed << std::setprecision(4) << relevance_part_names[part] << ": alone " << choice.single_qualities[part] << ", weight " << std::setprecision(2)
        << choice.weights[part];
    notes.push_back(one.str());
  }
  return notes;
}

} // namespace

LearntRelevance learn_relevance(const Interactions& seen, std::span<const std::uint32_t> id_rank, const RelevanceTraining& training,
                                const std::function<void(double)>& progress) {
  const TrainingData data = data_of(seen, id_rank);
  if (data.customers < relevance_customers_min) return {nullptr, {"not learnt: fewer than 100 people with a journey"}};
  ServedBlendOptions options;
  options.threads = training.threads;
  options.kept = training.kept;
  options.cases_min = relevance_cases_min;
  LearntBlend learnt = learn_served_blend(data, options, progress);
  if (!learnt.parts) return {nullptr, {"not learnt: fewer than 30 people came back in the newest part of the time"}};
  RelevanceParts parts{std::move(*learnt.parts), std::vector<Symbol>(seen.items.size())};
  for (std::size_t i = 0; i < seen.items.size(); ++i) parts.items[id_rank[i]] = seen.items[i];
  return {std::make_shared<RelevanceModel>(std::move(parts)), told(learnt.choice, learnt.cases)};
}

} // namespace takt
