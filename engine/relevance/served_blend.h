#pragma once
/// The blend that the engine serves and `takt evaluate` measures: one list of parts, and one way to add them up (engine/relevance/blend.h).
/// Its parts are those whose query costs some ten microseconds.
/// engine/relevance/learn_served_blend.h learns it. Immutable. Errors: none. Threads: any. Cost: a query costs the sum of its parts.
#include "engine/relevance/blend.h"
#include "engine/relevance/ials.h"
#include "engine/relevance/item_weights.h"
#include "engine/relevance/session_knn.h"

#include <array>
#include <memory>
#include <string_view>

namespace takt {

/// EASE comes twice, since recent history says more: with all of it alike, and with decay.
enum class RelevancePart : std::uint8_t { ease, ease_recent, session_knn, ials };
constexpr std::size_t relevance_parts = 4;
constexpr std::array<std::string_view, relevance_parts> relevance_part_names{"ease", "ease, recent", "session-knn", "ials"};

/// What is learnt and stored. `weights[part]` 0: the part may be null.
struct BlendedParts {
  std::array<float, relevance_parts> weights{};
  std::int64_t recent_half_life_seconds = 0;           ///< of `ease_recent`
  std::shared_ptr<const ItemWeights> ease;
  std::shared_ptr<const SessionIndex> sessions;
  std::shared_ptr<const IalsModel> ials;
  std::vector<float> trend;                            ///< factor per item, > 0; empty: none
};

/// How many items a customer's vector finds: who is further down adds nothing that would lift an item among the best.
constexpr std::size_t factor_hits_max = 200;
/// The parts that have a weight as one method. `ials` scores in place of parts.ials, by a search where there are many items; null: every
/// item is looked at, for the same factor_hits_max.
BlendMethod served_blend(const BlendedParts& parts, std::shared_ptr<const RelevanceMethod> ials = nullptr);
/// One of them, which must be there.
std::shared_ptr<const RelevanceMethod> method_of(const BlendedParts& parts, RelevancePart part);

} // namespace takt
