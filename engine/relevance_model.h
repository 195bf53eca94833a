#pragma once
/// What the methods of engine/relevance learnt from the journal, as one model that serves: for somebody's recent items, the best few hundred
/// of the catalogue. The blend is that of engine/relevance/served_blend.h, which `takt evaluate` measures; here it has names for its items,
/// and a search in place of a look at every vector. Parts without weight are not there.
/// Immutable; an item that came after the training is not among the answers, one that went is for the reader to skip. Threads: any; each
/// thread keeps a score sheet of the last model it asked. Errors: none. Cost: ~10 us per part for 30 recent items, iALS a search more.
#include "core/symbol.h"
#include "core/symbol_map.h"
#include "core/time.h"
#include "engine/index/vector_index.h"
#include "engine/relevance/served_blend.h"

#include <memory>
#include <span>
#include <vector>

namespace takt {

struct ScoredSymbol {
  Symbol item = Symbol::none;
  float score = 0;
  bool operator==(const ScoredSymbol&) const = default;
};

/// An item somebody dealt with: the strongest evidence, 1 = bought, and when it was the last time.
struct RecentItem {
  Symbol item = Symbol::none;
  float strength = 1;
  UtcTime at{};
};

/// The blend with the names of its items.
struct RelevanceParts : BlendedParts {
  std::vector<Symbol> items;                           ///< dense index → item, by item id
};

class RelevanceModel {
public:
  explicit RelevanceModel(RelevanceParts parts);
  const RelevanceParts& parts() const { return parts_; }
  /// Best first, at most items_max, the best has score 1; ties by item id. `recent` newest first. Items of `recent` may be among them.
  std::vector<ScoredSymbol> best(std::span<const RecentItem> recent, UtcTime now, std::size_t items_max) const;

private:
  RelevanceParts parts_;
  SymbolMap<std::uint32_t> index_of_;
  BlendMethod blend_;
};

} // namespace takt
