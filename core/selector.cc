#include "core/selector.h"

#include <algorithm>

namespace takt {
namespace {

using Wanted = std::optional<std::vector<Symbol>>;

bool holds(const std::vector<Symbol>& wanted, Symbol symbol) {
  constexpr std::size_t scan_max = 8;   // below that a scan beats the halving
  if (wanted.size() <= scan_max) return std::find(wanted.begin(), wanted.end(), symbol) != wanted.end();
  return std::binary_search(wanted.begin(), wanted.end(), symbol);
}

/// A label that the item lacks is in no list.
bool passes(const Wanted& wanted, Symbol symbol) { return !wanted || (symbol != Symbol::none && holds(*wanted, symbol)); }

bool passes(const Wanted& wanted, const SymbolList& symbols) {
  return !wanted || std::any_of(symbols.begin(), symbols.end(), [&](Symbol symbol) { return holds(*wanted, symbol); });
}

} // namespace

bool Selector::selects(const LabelSet& labels) const {
  return passes(channels, labels.channel) && passes(placements, labels.placement) && passes(kinds, labels.kind) &&
         passes(purposes, labels.purpose) && passes(items, labels.item) && passes(groups, labels.group) &&
         passes(brands, labels.brand) && passes(campaigns, labels.campaign) && passes(tags, labels.tags) &&
         passes(categories, labels.category);
}

bool Selector::selects_everything() const {
  return !kinds && !tags && !categories && !brands && !campaigns && !items && !groups && !purposes && !channels && !placements;
}

} // namespace takt
