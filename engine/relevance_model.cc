#include "engine/relevance_model.h"

#include "core/check.h"
#include "engine/index/top_hits.h"
#include "engine/index/vector_index.h"

namespace takt {
namespace {

constexpr std::size_t factor_probes = 32;

/// iALS for a catalogue of any size: the customer's vector is folded in, and only the items nearest to it are scored.
class FactorSearch final : public RelevanceMethod {
public:
  explicit FactorSearch(std::shared_ptr<const IalsModel> model) : model_(std::move(model)) {
    const Factors& rows = model_->items();
    if (rows.rows() > 0) index_ = make_index({rows.row(0), rows.rows() * rows.stride()}, rows.stride());
  }
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override {
    if (!index_) return;
    const std::vector<float> customer = model_->fold_in(query.history);
    for (const VectorHit& hit : index_->search(customer, {.items_max = factor_hits_max, .probes = factor_probes}))
      if (hit.score > 0) sheet.add(hit.row, hit.score);
  }

private:
  std::shared_ptr<const IalsModel> model_;
  std::unique_ptr<const VectorIndex> index_;           ///< over the vectors of the model
};

std::int64_t seconds_of(UtcTime at) { return ms_of(at) / 1000; }

BlendMethod blend_of(const RelevanceParts& parts) {
  TAKT_CHECK(parts.trend.empty() || parts.trend.size() == parts.items.size(), "one trend per item");
  const bool has_factors = parts.weights[static_cast<std::size_t>(RelevancePart::ials)] > 0;
  return served_blend(parts, has_factors ? std::make_shared<FactorSearch>(parts.ials) : nullptr);
}

} // namespace

RelevanceModel::RelevanceModel(RelevanceParts parts) : parts_(std::move(parts)), blend_(blend_of(parts_)) {
  for (std::uint32_t i = 0; i < parts_.items.size(); ++i) index_of_.emplace(parts_.items[i], i);
}

std::vector<ScoredSymbol> RelevanceModel::best(std::span<const RecentItem> recent, UtcTime now, std::size_t items_max) const {
  std::vector<HistoryItem> history; // oldest first
  history.reserve(recent.size());
  for (auto item = recent.rbegin(); item != recent.rend(); ++item)
    if (const std::uint32_t* index = index_of_.find(item->item)) history.push_back({*index, item->strength, seconds_of(item->at)});
  if (history.empty()) return {};
  // Of the catalogue's size: to make one for every decision would take longer than to fill it.
  thread_local ScoreSheet sheet{0};
  if (sheet.size() != parts_.items.size()) sheet = ScoreSheet(parts_.items.size());
  sheet.clear();
  blend_.score({history, seconds_of(now)}, sheet);
  TopHits hits(items_max);
  for (const std::uint32_t item : sheet.touched()) hits.offer(item, sheet[item]);
  std::vector<ScoredSymbol> best;
  for (const VectorHit& hit : hits.take()) best.push_back({parts_.items[hit.row], hit.score});
  if (!best.empty() && best.front().score > 0) // by a copy of the first, which the loop changes
    for (const float most = best.front().score; ScoredSymbol& one : best) one.score /= most;
  return best;
}

} // namespace takt
