#include "engine/rulebook.h"

#include "core/ledger.h"
#include "core/limits.h"

#include <algorithm>

namespace takt {

PlacementRules compile_placement(const Placement& placement, SymbolTable& symbols) {
  PlacementRules rules;
  rules.placement = placement;
  rules.symbol = symbols.intern(placement.id.text());
  rules.channel = symbols.intern(placement.channel);
  rules.medium = medium_of(placement.channel);
  for (const std::string& kind : placement.kinds) rules.kinds.push_back(symbols.intern(kind));
  std::sort(rules.kinds.begin(), rules.kinds.end());
  rules.kinds.erase(std::unique(rules.kinds.begin(), rules.kinds.end()), rules.kinds.end());
  for (const ItemId& item : placement.fallback) rules.fallback.push_back(symbols.intern(item.text()));
  // A screen confirms within minutes; a mail server or a person takes hours to say so.
  rules.confirm_grace = rules.medium == Medium::screen ? limits::confirm_grace_screen : limits::confirm_grace_message;
  return rules;
}

} // namespace takt
