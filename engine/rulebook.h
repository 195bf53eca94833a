#pragma once
/// Policy, placements, audiences and configured features of one moment, compiled for reading. Threads: immutable.
#include "core/custom_feature.h"
#include "core/placement.h"
#include "core/policy.h"
#include "core/symbol.h"
#include "engine/audience.h"
#include "store/budgets.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace takt {

struct PlacementRules {
  Placement placement;
  Symbol symbol = Symbol::none;
  Symbol channel = Symbol::none;
  Medium medium = Medium::screen;
  std::vector<Symbol> kinds;                         ///< ascending; empty = all
  std::vector<Symbol> fallback;                      ///< item symbols, in order
  Duration confirm_grace{};                          ///< q − s
};

/// Whom each rule of the policy is for, by its place in its list; null: everybody. A list is empty where none of its rules has an audience.
struct RulePrograms {
  using Programs = std::vector<std::shared_ptr<const ConditionProgram>>;
  Programs caps, total_caps, post_purchase, gates, quiet_hours, pauses, merchandising;
};

struct Rulebook {
  std::shared_ptr<const Policy> policy;              ///< set_policy sets it, with the next
  RulePrograms rule_audiences;
  std::shared_ptr<const BudgetTotals> totals;        ///< live counts of policy->total_caps; null: none, or a past that is only read
  std::map<std::string, PlacementRules, std::less<>> placements;
  std::uint64_t placements_print = 0;                ///< stands for their content: the same placements, the same number
  std::vector<CustomFeature> features;               ///< by id
  std::uint64_t features_print = 0;                  ///< the same of their content; 0 where there are none
  std::shared_ptr<const AudienceSet> audiences;      ///< null: none
  std::uint64_t audiences_print = 0;
  const PlacementRules* find(std::string_view placement) const {
    const auto found = placements.find(placement);
    return found == placements.end() ? nullptr : &found->second;
  }
};

/// The policy, and its audiences compiled; without live counts of its total caps. The audiences' names are not looked up: an audience that is not there holds for nobody.
void set_policy(Rulebook& rulebook, std::shared_ptr<const Policy> policy, SymbolTable& symbols);

PlacementRules compile_placement(const Placement& placement, SymbolTable& symbols);

} // namespace takt
