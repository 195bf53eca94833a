// Stage 7. Keys that some candidate has are numbered; the ledger is then walked for clicks and for exposures, once each.
#include "core/cap_key.h"
#include "core/flat_symbol_map.h"
#include "engine/fatigue_model.h"
#include "engine/stage/fatigue_curve.h"
#include "engine/stage/stages.h"

#include <algorithm>
#include <map>
#include <span>

namespace takt {
namespace {

/// A factor this close to 1 is not worth a sentence.
constexpr double factor_worth_telling = 0.999;

/// Categories are not cut: wear-out of "Shoes" is not that of "Shoes > Pumps".
constexpr std::uint32_t full_path = 0;

/// The one key of "all" is Symbol::none, which no table takes.
Symbol key_of(Symbol label) { return static_cast<Symbol>(static_cast<std::uint32_t>(label) + 1); }

struct KeyFatigue {
  double fatigue = 0;
  std::uint32_t exposures = 0;
};

using Row = std::uint32_t;

/// Rows of keys, per candidate or per label set: row numbers one after the other, with the end of each.
struct RowLists {
  std::vector<Row> rows, ends;
  void reserve(std::size_t lists, std::size_t rows_each) {
    rows.reserve(lists * rows_each);
    ends.reserve(lists);
  }
  void end_list() { ends.push_back(static_cast<Row>(rows.size())); }
  std::span<const Row> of(std::size_t list) const {
    const std::size_t begin = list == 0 ? 0 : ends[list - 1];
    return std::span(rows).subspan(begin, ends[list] - begin);
  }
};

/// β and half-life that serve: the policy's, or where it wants that and there are any, what the outcomes told.
class WearCurve {
public:
  WearCurve(const FatiguePolicy& policy, const FatigueModel* learnt) : half_life_(policy.half_life), betas_(policy.per.size(), policy.beta) {
    if (!policy.learn || !learnt) return;
    if (learnt->half_life_doubts.empty()) half_life_ = learnt->half_life;
    for (std::size_t dimension = 0; dimension < betas_.size(); ++dimension)
      for (const FatigueOfKind& kind : learnt->kinds)
        if (kind.per == policy.per[dimension] && kind.beta.learnt()) betas_[dimension] = kind.beta.value;
    for (std::size_t dimension = 0; dimension < betas_.size(); ++dimension)
      if (policy.per[dimension] == Per::item && !learnt->by_category.empty()) of_category_ = {&learnt->by_category, dimension};
  }
  Duration half_life() const { return half_life_; }
  double beta(std::size_t dimension, const LabelSet& labels) const {
    if (of_category_.betas && of_category_.dimension == dimension && !labels.category.empty()) {
      const auto found = of_category_.betas->find(labels.category[labels.category.size() - 1]);
      if (found != of_category_.betas->end()) return found->second.value;
    }
    return betas_[dimension];
  }
  bool discounts() const {
    return of_category_.betas || std::any_of(betas_.begin(), betas_.end(), [](double beta) { return beta > 0; });
  }

private:
  struct OfCategory { const std::map<Symbol, FatigueEstimate>* betas = nullptr; std::size_t dimension = 0; };
  Duration half_life_;
  std::vector<double> betas_;                          ///< per dimension of the policy
  OfCategory of_category_;
};

class FatigueTable {
public:
  FatigueTable(const FatiguePolicy& policy, const WearCurve& curve, std::span<const Candidate> candidates)
      : policy_(policy), curve_(curve), row_after_(policy.per.size()) {
    candidate_rows_.reserve(candidates.size(), policy.per.size());
    for (std::size_t dimension = 0; dimension < policy.per.size(); ++dimension)
      if (policy.per[dimension] == Per::item) row_after_[dimension].reserve(candidates.size());
    for (const Candidate& candidate : candidates) {
      for (std::size_t dimension = 0; dimension < policy.per.size(); ++dimension)
        for (const Symbol label : detail::key_values(policy.per[dimension], full_path, candidate.labels, detail::KeySide::candidate))
          candidate_rows_.rows.push_back(row_of(dimension, label, candidate.labels));
      candidate_rows_.end_list();
    }
    keys_.resize(rows_count_);
    discounts_.assign(rows_count_, 1.0);
  }

  void read(const Ledger& ledger, UtcTime now) {
    const RowLists rows = rows_by_label_set(ledger);
    struct Exposure { const Entry* entry; UtcTime shown; };
    std::vector<Exposure> exposures;
    exposures.reserve(ledger.entries.size());
    // Clicks first: each takes from every earlier exposure of its keys.
    for (const Entry& entry : ledger.entries) {
      // A stranger with a publishable key must not be able to wear an item out; ghosts were never seen.
      if (entry.origin == EntryOrigin::unverified || entry.origin == EntryOrigin::ghost || rows.of(entry.labels).empty()) continue;
      const auto shown = shown_at(entry, ledger.labels_of(entry).medium);
      if (!shown || *shown > now) continue;
      exposures.push_back({&entry, *shown});
      for (const Mark& mark : entry.marks)
        if (mark.kind == MarkKind::clicked) note_click(rows.of(entry.labels), mark.at);
    }
    for (const auto& [entry, shown] : exposures) {
      add(rows.of(entry->labels), shown, now);
      if (entry->marks.size() < 2) continue; // seen once
      for (const UtcTime again : reshown_at(*entry, ledger.labels_of(*entry).medium))
        if (again <= now) add(rows.of(entry->labels), again, now);
    }
    for (Row key = 0; key < keys_.size(); ++key)
      if (keys_[key].exposures > 0) discounts_[key] = fatigue_discount(keys_[key].fatigue, betas_[key]);
  }

  struct Verdict { double factor = 1; std::uint32_t exposures = 0; };
  /// Product over the keys of the n-th candidate; `exposures` are those of its first key, the item in the policy's usual order.
  Verdict of(std::size_t candidate) const {
    Verdict verdict;
    const auto keys = candidate_rows_.of(candidate);
    for (const Row key : keys) verdict.factor *= discounts_[key];
    if (!keys.empty()) verdict.exposures = keys_[keys.front()].exposures;
    return verdict;
  }

private:
  void note_click(std::span<const Row> keys, UtcTime at) {
    clicks_.resize(keys_.size()); // most people clicked on nothing
    for (const Row key : keys) clicks_[key].push_back(at);
  }

  void add(std::span<const Row> keys, UtcTime shown, UtcTime now) {
    const double weight = exposure_weight(shown, now, curve_.half_life());
    for (const Row key : keys) {
      keys_[key].fatigue += clicks_.empty() ? weight : weight * left_by_clicks(clicks_[key], shown, now);
      ++keys_[key].exposures;
    }
  }

  /// Entries share their label sets, so keys are looked up per set.
  RowLists rows_by_label_set(const Ledger& ledger) const {
    RowLists lists;
    lists.reserve(ledger.label_sets.size(), policy_.per.size());
    for (const LabelSet& set : ledger.label_sets) {
      for (std::size_t dimension = 0; dimension < policy_.per.size(); ++dimension)
        for (const Symbol label : detail::key_values(policy_.per[dimension], full_path, set, detail::KeySide::entry))
          if (const Row* after = row_after_[dimension].find(key_of(label))) lists.rows.push_back(*after - 1);
      lists.end_list();
    }
    return lists;
  }

  Row row_of(std::size_t dimension, Symbol label, const LabelSet& labels) {
    Row& after = row_after_[dimension][key_of(label)];
    if (after == 0) {
      after = ++rows_count_;
      betas_.push_back(curve_.beta(dimension, labels));
    }
    return after - 1;
  }

  const FatiguePolicy& policy_;
  const WearCurve& curve_;
  std::vector<FlatSymbolMap<Row>> row_after_;         ///< per dimension of the policy: key → row + 1
  Row rows_count_ = 0;
  std::vector<double> betas_;                         ///< per key
  std::vector<KeyFatigue> keys_;
  std::vector<double> discounts_;                     ///< per key
  std::vector<std::vector<UtcTime>> clicks_;          ///< per key; empty where nothing was clicked
  RowLists candidate_rows_;
};

} // namespace

Candidates apply_fatigue(const Call& call, const Opening& opening, Candidates items) {
  const FatiguePolicy& policy = call.world.policy().fatigue;
  const WearCurve curve(policy, call.world.models->fatigue.get());
  const bool applies = policy.enabled && curve.discounts() && call.person.profile_allowed && opening.rules.placement.mode == PlacementMode::promote;
  if (!applies || call.ledger->entries.empty()) return items;

  FatigueTable table(policy, curve, items.alive);
  table.read(*call.ledger, call.person.now);
  for (std::size_t i = 0; i < items.alive.size(); ++i) {
    Candidate& candidate = items.alive[i];
    const auto [factor, exposures] = table.of(i);
    candidate.terms.fatigue_factor = factor;
    if (factor >= factor_worth_telling) continue;
    Reason& reason = candidate.reasons.emplace_back();
    reason.stage = Stage::fatigue;
    reason.code = ReasonCode::fatigued;
    reason.observed = exposures;
    reason.factor = factor;
  }
  return items;
}

} // namespace takt
