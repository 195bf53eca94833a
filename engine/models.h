#pragma once
/// What was trained from the journal, as one immutable snapshot: popularity, trend, co-occurrence, item vectors, scorer.
/// Everything is keyed by item symbol, so it survives a changed catalogue; unknown items are skipped while reading.
/// An empty Models (day one) is valid: every source then answers from the catalogue alone. Threads: immutable.
#include "core/symbol.h"
#include "core/symbol_map.h"
#include "core/time.h"
#include "engine/index/vector_index.h"
#include "features/scorer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace takt {

struct ScoredSymbol {
  Symbol item = Symbol::none;
  float score = 0;
  bool operator==(const ScoredSymbol&) const = default;
};

/// Neighbours of each item, best first, at most 50 per item.
class NeighbourTable {
public:
  void put(Symbol item, std::vector<ScoredSymbol> neighbours) { rows_[item] = std::move(neighbours); }
  std::span<const ScoredSymbol> of(Symbol item) const {
    const auto found = rows_.find(item);
    return found == rows_.end() ? std::span<const ScoredSymbol>{} : std::span<const ScoredSymbol>{found->second};
  }
  const std::unordered_map<Symbol, std::vector<ScoredSymbol>>& rows() const { return rows_; }

private:
  std::unordered_map<Symbol, std::vector<ScoredSymbol>> rows_;
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
  bool operator==(const ArtefactMetrics&) const = default;
};

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
  std::vector<ArtefactMetrics> metrics;
};

/// Day one: no evidence, the prior scorer.
std::shared_ptr<const Models> untrained_models();

} // namespace takt
