#pragma once
/// What blocks an item at an opening for as long as nobody changes the item, the placement or a consent: inactive, stock, kinds,
/// channels, regions, consent. No end is known for any of it. Bound once per opening; holds references to call and opening.
/// Regions: an item with regions is kept out where the territory of the locale ("de-AT" → AT; the call's, else the record's) is
/// known and not among them; without a territory it stays, because most callers send none.
/// Cost: bind ~1 µs, `report` a few comparisons. Source: contract.md §5.
#include "engine/call.h"

#include <array>
#include <string>
#include <vector>

namespace takt {

class StandingRules {
public:
  StandingRules(const Call& call, const Opening& opening);
  /// Appends one Reason for each rule that blocks.
  void report(const CatalogueItem& item, const LabelSet& labels, std::vector<Reason>& out) const;

private:
  bool consent_given(Symbol purpose) const;
  bool fits_placement(const CatalogueItem& item, const LabelSet& labels) const;

  static constexpr std::size_t purposes_count = 5;
  const PlacementRules& rules_;
  bool organic_;
  std::array<Symbol, purposes_count> purposes_{};
  std::array<bool, purposes_count> allowed_{};
  std::string territory_;
};

} // namespace takt
