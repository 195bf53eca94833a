#pragma once
/// What was trained from the journal, as one immutable snapshot: popularity (of all and by situation), trend, co-occurrence, item vectors, relevance,
/// response rates, intent of clicks, scorer.
/// Everything is keyed by item symbol, so it survives a changed catalogue; unknown items are skipped while reading.
/// An empty Models (day one) is valid: every source then answers from the catalogue alone. Threads: immutable.
#include "core/symbol.h"
#include "core/symbol_map.h"
#include "core/time.h"
#include "engine/cold_start.h"
#include "engine/index/vector_index.h"
#include "engine/relevance_model.h"
#include "engine/response_rates.h"
#include "features/intent.h"
#include "features/scorer.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace takt {

/// Neighbours of each item, best first, at most 50 per item.
class NeighbourTable {
public:
  /// Once per item.
  void put(Symbol item, const std::vector<ScoredSymbol>& neighbours) {
    const bool is_new = place_.emplace(item, {static_cast<std::uint32_t>(all_.size()), static_cast<std::uint32_t>(neighbours.size())});
    TAKT_CHECK(is_new, "an item has one list of neighbours");
    items_.push_back(item);
    all_.insert(all_.end(), neighbours.begin(), neighbours.end());
  }
  std::span<const ScoredSymbol> of(Symbol item) const {
    const Place* found = place_.find(item);
    return found ? std::span(all_).subspan(found->begin, found->count) : std::span<const ScoredSymbol>{};
  }
  /// Asks the memory for an item's list in two steps, some time before it is read. Changes nothing.
  void prefetch_place(Symbol item) const { place_.prefetch(item); }
  void prefetch(Symbol item) const {
    constexpr std::size_t line_bytes = 64;
    const auto list = std::as_bytes(of(item));
    for (std::size_t at = 0; at < list.size(); at += line_bytes) __builtin_prefetch(list.data() + at);
  }
  std::span<const Symbol> items() const { return items_; }   ///< in the order they were put
  std::size_t size() const { return items_.size(); }
  bool has(Symbol item) const { return place_.contains(item); }
  /// The same items with the same lists, in whatever order they were put.
  friend bool operator==(const NeighbourTable& a, const NeighbourTable& b) {
    return a.size() == b.size() && std::all_of(a.items_.begin(), a.items_.end(), [&](Symbol item) {
      const auto left = a.of(item), right = b.of(item);
      return b.has(item) && std::equal(left.begin(), left.end(), right.begin(), right.end());
    });
  }

private:
  struct Place {
    std::uint32_t begin = 0, count = 0;
    bool operator==(const Place&) const = default;
  };
  std::vector<Symbol> items_;
  SymbolMap<Place> place_;
  std::vector<ScoredSymbol> all_;                      ///< lists one behind the other
};

/// One row of `dimension` floats per item; row order is the order of `items`.
struct ItemVectors {
  std::size_t dimension = 0;
  std::vector<Symbol> items;
  std::vector<float> values;                          ///< items.size() × dimension, row-major
  SymbolMap<std::uint32_t> row_of;
  std::span<const float> row(std::uint32_t index) const { return {values.data() + index * dimension, dimension}; }
};

/// How good one part is, as measured when it was made: for `takt train`, the manifest and the console.
struct ArtefactMetrics {
  std::string name;
  std::uint64_t version = 0;
  std::size_t rows = 0;
  std::optional<double> recall_at_100;                ///< of the index against exact search on held-out queries
  double seconds = 0;                                 ///< 0 where nobody gave a clock
  std::vector<std::string> notes{};                   ///< what was found, or why something else stays; for people
  bool operator==(const ArtefactMetrics&) const = default;
};

struct FatigueModel;
struct RepurchaseModel;

struct Models {
  std::uint64_t version = 0;                          ///< of the published artefact set; 0 = untrained
  std::string name = "untrained";
  UtcTime trained_from{};                             ///< oldest event it saw
  UtcTime trained_until{};                            ///< newest event it saw
  std::vector<ScoredSymbol> popular;                  ///< best first, all items with any evidence
  std::vector<ScoredSymbol> trending;
  SymbolMap<float> popularity;                        ///< log-scaled to [0,1]
  NeighbourTable bought_together;
  NeighbourTable viewed_together;
  ItemVectors vectors;                                ///< content and behaviour; unit length where known
  std::shared_ptr<const VectorIndex> index;           ///< over `vectors`; may be null when there are none
  std::size_t probes = 16;                            ///< lists to visit for recall >= 0.98, found while training
  std::shared_ptr<const Scorer> scorer;               ///< never null in a served World
  std::shared_ptr<const RelevanceModel> relevance;    ///< what people like this one went on to want; may be null
  ResponseRates rates;                                ///< clicks and orders per impression
  IntentModel intent;                                 ///< of clicks and views, by their dwell
  std::shared_ptr<const FatigueModel> fatigue;        ///< wear-out as the outcomes tell it; null: nothing was fitted
  std::shared_ptr<const RepurchaseModel> repurchase;  ///< how soon people buy again; null: nobody looked
  ColdStart cold_start;                               ///< for people and items that little is known of
  std::vector<ArtefactMetrics> metrics;
};

/// Day one: no evidence, the prior scorer.
std::shared_ptr<const Models> untrained_models();

} // namespace takt
