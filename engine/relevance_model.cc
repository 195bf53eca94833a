#include "engine/relevance_model.h"

#include "core/check.h"
#include "engine/index/top_hits.h"

namespace takt {
namespace {

/// Of the nearest vectors: whoever is further down adds nothing that would lift an item among the best.
constexpr std::size_t factor_hits_max = 200;
constexpr std::size_t factor_probes = 32;

/// iALS for a catalogue of any size: the customer's vector is folded in, and only the items nearest to it are scored.
class FactorSearch final : public RelevanceMethod {
public:
  FactorSearch(std::shared_ptr<const IalsModel> model, std::shared_ptr<const VectorIndex> index) : model_(std::move(model)), index_(std::move(index)) {}
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override {
    const std::vector<float> customer = model_->fold_in(query.history);
    for (const VectorHit& hit : index_->search(customer, {.items_max = factor_hits_max, .probes = factor_probes}))
      if (hit.score > 0) sheet.add(hit.row, hit.score);
  }

private:
  std::shared_ptr<const IalsModel> model_;
  std::shared_ptr<const VectorIndex> index_;
};

std::int64_t seconds_of(UtcTime at) { return ms_of(at) / 1000; }

/// Sheets of the catalogue's size: to make them for every decision would take longer than to fill them.
struct Sheets {
  ScoreSheet part{0}, sum{0};
  void fit(std::size_t items) {
    if (sum.size() != items) {
      part = ScoreSheet(items);
      sum = ScoreSheet(items);
    }
    sum.clear();
  }
};

} // namespace

RelevanceModel::RelevanceModel(RelevanceParts parts) : parts_(std::move(parts)) {
  for (std::uint32_t i = 0; i < parts_.items.size(); ++i) index_of_.emplace(parts_.items[i], i);
  const auto add = [&](RelevancePart part, auto&& make) {
    const float weight = parts_.weights[static_cast<std::size_t>(part)];
    if (weight > 0) methods_.push_back({make(), weight});
  };
  add(RelevancePart::ease, [&] { return std::make_shared<ItemWeightsMethod>(parts_.ease); });
  add(RelevancePart::ease_recent, [&] { return std::make_shared<ItemWeightsMethod>(parts_.ease, HistoryDecay{parts_.recent_half_life_seconds}); });
  add(RelevancePart::session_knn, [&] { return std::make_shared<SessionKnnMethod>(parts_.sessions); });
  add(RelevancePart::ials, [&] {
    const Factors& rows = parts_.ials->items();
    factor_index_ = make_index({rows.row(0), rows.rows() * rows.stride()}, rows.stride());
    return std::make_shared<FactorSearch>(parts_.ials, factor_index_);
  });
  TAKT_CHECK(parts_.trend.empty() || parts_.trend.size() == parts_.items.size(), "one trend per item");
}

std::vector<ScoredSymbol> RelevanceModel::best(std::span<const RecentItem> recent, UtcTime now, std::size_t items_max) const {
  std::vector<HistoryItem> history; // oldest first
  history.reserve(recent.size());
  for (auto item = recent.rbegin(); item != recent.rend(); ++item)
    if (const std::uint32_t* index = index_of_.find(item->item)) history.push_back({*index, item->strength, seconds_of(item->at)});
  if (history.empty()) return {};
  thread_local Sheets sheets;
  sheets.fit(parts_.items.size());
  for (const BlendPart& part : methods_) {
    sheets.part.clear();
    part.method->score({history, seconds_of(now)}, sheets.part);
    for (const auto& [item, score] : on_one_scale(sheets.part)) sheets.sum.add(item, part.weight * score);
  }
  TopHits hits(items_max);
  for (const std::uint32_t item : sheets.sum.touched()) hits.offer(item, parts_.trend.empty() ? sheets.sum[item] : sheets.sum[item] * parts_.trend[item]);
  std::vector<ScoredSymbol> best;
  for (const VectorHit& hit : hits.take()) best.push_back({parts_.items[hit.row], hit.score});
  if (!best.empty() && best.front().score > 0) // by a copy of the first, which the loop changes
    for (const float most = best.front().score; ScoredSymbol& one : best) one.score /= most;
  return best;
}

} // namespace takt
