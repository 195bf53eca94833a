#pragma once
/// One selector everywhere (match, exempt, allow, hide): AND between keys, OR within a key. Empty selects everything.
#include "core/ledger.h"

#include <optional>
#include <vector>

namespace takt {

/// Each list is ascending. nullopt = the key is absent; an empty list selects nothing.
struct Selector {
  std::optional<std::vector<Symbol>> kinds, tags, categories, brands, campaigns, items, groups, purposes, channels, placements;
  bool selects(const LabelSet& labels) const;   ///< `categories` holds prefix symbols: each with its subtree
  bool selects_everything() const;
  bool operator==(const Selector&) const = default;
};

} // namespace takt
