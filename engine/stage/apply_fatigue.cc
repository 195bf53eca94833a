// Stage 7. Keys that some candidate has are numbered; the ledger is then walked for clicks and for exposures, once each.
#include "core/cap_key.h"
#include "core/flat_symbol_map.h"
#include "engine/stage/fatigue_curve.h"
#include "engine/stage/stages.h"

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
  std::vector<UtcTime> clicks;
  double fatigue = 0;
  double discount = 1;
  std::uint32_t exposures = 0;
};

/// Rows of keys, per candidate or per label set: row numbers one after the other, with the end of each.
struct RowLists {
  std::vector<std::size_t> rows, ends;
  std::span<const std::size_t> of(std::size_t list) const {
    const std::size_t begin = list == 0 ? 0 : ends[list - 1];
    return std::span(rows).subspan(begin, ends[list] - begin);
  }
};

class FatigueTable {
public:
  FatigueTable(const FatiguePolicy& policy, std::span<const Candidate> candidates)
      : policy_(policy), rows_of_(policy.per.size()) {
    candidate_rows_.rows.reserve(candidates.size() * policy.per.size());
    candidate_rows_.ends.reserve(candidates.size());
    for (const Candidate& candidate : candidates) {
      for (std::size_t dimension = 0; dimension < policy.per.size(); ++dimension)
        for (const Symbol label : detail::key_values(policy.per[dimension], full_path, candidate.labels, detail::KeySide::candidate))
          candidate_rows_.rows.push_back(row_of(dimension, label));
      candidate_rows_.ends.push_back(candidate_rows_.rows.size());
    }
    keys_.resize(rows_count_);
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
        if (mark.kind == MarkKind::clicked)
          for (const std::size_t key : rows.of(entry.labels)) keys_[key].clicks.push_back(mark.at);
    }
    for (const auto& [entry, shown] : exposures) {
      add(rows.of(entry->labels), shown, now);
      if (entry->marks.size() < 2) continue; // seen once
      for (const UtcTime again : reshown_at(*entry, ledger.labels_of(*entry).medium))
        if (again <= now) add(rows.of(entry->labels), again, now);
    }
    for (KeyFatigue& key : keys_)
      if (key.exposures > 0) key.discount = fatigue_discount(key.fatigue, policy_.beta);
  }

  struct Verdict { double factor = 1; std::uint32_t exposures = 0; };
  /// Product over the keys of the n-th candidate; `exposures` are those of its first key, the item in the policy's usual order.
  Verdict of(std::size_t candidate) const {
    Verdict verdict;
    const auto keys = candidate_rows_.of(candidate);
    for (const std::size_t key : keys) verdict.factor *= keys_[key].discount;
    if (!keys.empty()) verdict.exposures = keys_[keys.front()].exposures;
    return verdict;
  }

private:
  void add(std::span<const std::size_t> keys, UtcTime shown, UtcTime now) {
    const double weight = exposure_weight(shown, now, policy_.half_life);
    for (const std::size_t key : keys) {
      keys_[key].fatigue += weight * left_by_clicks(keys_[key].clicks, shown, now);
      ++keys_[key].exposures;
    }
  }

  /// Entries share their label sets, so keys are looked up per set.
  RowLists rows_by_label_set(const Ledger& ledger) const {
    RowLists lists;
    lists.ends.reserve(ledger.label_sets.size());
    for (const LabelSet& set : ledger.label_sets) {
      for (std::size_t dimension = 0; dimension < policy_.per.size(); ++dimension)
        for (const Symbol label : detail::key_values(policy_.per[dimension], full_path, set, detail::KeySide::entry))
          if (const std::size_t* found = rows_of_[dimension].find(key_of(label))) lists.rows.push_back(*found);
      lists.ends.push_back(lists.rows.size());
    }
    return lists;
  }

  std::size_t row_of(std::size_t dimension, Symbol label) {
    if (const std::size_t* known = rows_of_[dimension].find(key_of(label))) return *known;
    rows_of_[dimension].emplace(key_of(label), rows_count_);
    return rows_count_++;
  }

  const FatiguePolicy& policy_;
  std::vector<FlatSymbolMap<std::size_t>> rows_of_;   ///< per dimension of the policy
  std::size_t rows_count_ = 0;
  std::vector<KeyFatigue> keys_;
  RowLists candidate_rows_;
};

} // namespace

Candidates apply_fatigue(const Call& call, const Opening& opening, Candidates items) {
  const FatiguePolicy& policy = call.world.policy().fatigue;
  const bool applies = policy.enabled && policy.beta > 0 && call.person.profile_allowed && opening.rules.placement.mode == PlacementMode::promote;
  if (!applies || call.ledger->entries.empty()) return items;

  FatigueTable table(policy, items.alive);
  table.read(*call.ledger, call.person.now);
  for (std::size_t i = 0; i < items.alive.size(); ++i) {
    Candidate& candidate = items.alive[i];
    const auto [factor, exposures] = table.of(i);
    candidate.terms.fatigue_factor = factor;
    if (factor >= factor_worth_telling) continue;
    Reason reason;
    reason.stage = Stage::fatigue;
    reason.code = ReasonCode::fatigued;
    reason.observed = exposures;
    reason.factor = factor;
    candidate.reasons.push_back(std::move(reason));
  }
  return items;
}

} // namespace takt
