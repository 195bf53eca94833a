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
  void report(const CatalogueItem& item, const LabelSet& labels, std::vector<Reason>& out) const {
    report(item, labels, out, [&]() -> const CatalogueItem& { return item; });
  }
  /// The same, of which most items need their front only.
  void report(const Catalogue& catalogue, ItemIndex index, const LabelSet& labels, std::vector<Reason>& out) const {
    report(catalogue.front(index), labels, out, [&]() -> const CatalogueItem& { return catalogue.at(index); });
  }

private:
  template <class ItemOf>
  void report(const ItemFront& front, const LabelSet& labels, std::vector<Reason>& out, ItemOf&& item_of) const {
    if (!front.facts.active) block(ReasonCode::inactive, out);
    if (front.facts.sold_out) block(ReasonCode::out_of_stock, out);
    if (organic_) return; // the caller's own list: search, recently viewed
    if (!takes_kind(labels) || (!front.facts.everywhere && !takes_place(item_of()))) block(ReasonCode::placement_mismatch, out);
    if (!consent_given(labels.purpose)) block(ReasonCode::consent, out);
  }
  static void block(ReasonCode code, std::vector<Reason>& out);
  bool consent_given(Symbol purpose) const;
  bool takes_kind(const LabelSet& labels) const;
  bool takes_place(const CatalogueItem& item) const;    ///< channel and region

  static constexpr std::size_t purposes_count = 5;
  const PlacementRules& rules_;
  bool organic_;
  std::array<Symbol, purposes_count> purposes_{};
  std::array<bool, purposes_count> allowed_{};
  std::string territory_;
};

} // namespace takt
