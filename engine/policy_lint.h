#pragma once
/// What is allowed in a policy and probably not meant: said when a draft is saved, never refused. Pure. Cost: rules squared, and one pass over
/// the catalogue's labels. Sources: the failures of other systems in field.md (limit 0 that blocks everything, calendar days that let twice
/// the number through around midnight, zones that nobody knows).
#include "engine/catalogue.h"
#include "engine/rulebook.h"

#include <string>
#include <vector>

namespace takt {

struct LintWarning {
  std::string pointer;                   ///< into the policy document
  std::string code;                      ///< for programs: limit_zero, never_binds, never_fires, contained, around_midnight, share_blocks_first, share_unfilled, unknown_label, never_pins, zone_missing, exempts_everything
  std::string text;                      ///< one sentence for a person
  bool operator==(const LintWarning&) const = default;
};

std::vector<LintWarning> lint_policy(const Policy& policy, const Rulebook& beside, const Catalogue& catalogue, const SymbolTable& symbols, UtcTime now);

} // namespace takt
