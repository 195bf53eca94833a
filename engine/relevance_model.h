#pragma once
/// What the methods of engine/relevance learnt from the journal, as one model that serves: for somebody's recent items, the best few hundred
/// of the catalogue. Each part scores, its scores are brought to one scale, weighted as held-out time taught, added, and multiplied by what
/// the season does to an item (engine/relevance/blend.h). Parts without weight are not there.
/// Immutable; an item that came after the training is not among the answers, one that went is for the reader to skip. Threads: any; each
/// thread keeps two score sheets of the last model it asked. Errors: none. Cost: ~10 us per part for 30 recent items, iALS a search more.
#include "core/symbol.h"
#include "core/symbol_map.h"
#include "core/time.h"
#include "engine/index/vector_index.h"
#include "engine/relevance/blend.h"
#include "engine/relevance/ials.h"
#include "engine/relevance/item_weights.h"
#include "engine/relevance/session_knn.h"

#include <array>
#include <memory>
#include <span>
#include <string_view>
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

enum class RelevancePart : std::uint8_t { ease, ease_recent, session_knn, ials };
constexpr std::size_t relevance_parts = 4;
constexpr std::array<std::string_view, relevance_parts> relevance_part_names{"ease", "ease, recent", "session-knn", "ials"};

/// What is learnt and stored. `weights[part]` 0: the part may be null.
struct RelevanceParts {
  std::vector<Symbol> items;                           ///< dense index → item, by item id
  std::array<float, relevance_parts> weights{};
  std::int64_t recent_half_life_seconds = 0;           ///< of `ease_recent`
  std::shared_ptr<const ItemWeights> ease;
  std::shared_ptr<const SessionIndex> sessions;
  std::shared_ptr<const IalsModel> ials;
  std::vector<float> trend;                            ///< factor per item, > 0; empty: none
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
  std::shared_ptr<const VectorIndex> factor_index_;    ///< over the vectors of parts_.ials
  std::vector<BlendPart> methods_;
};

} // namespace takt
