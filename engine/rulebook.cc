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

namespace {

template <class Rule>
RulePrograms::Programs programs_of(const std::vector<Rule>& rules, SymbolTable& symbols) {
  if (std::none_of(rules.begin(), rules.end(), [](const Rule& rule) { return rule.audience.has_value(); })) return {};
  RulePrograms::Programs programs;
  for (const Rule& rule : rules) programs.push_back(rule.audience ? ConditionProgram::compile(*rule.audience, symbols, NewLabels::intern) : nullptr);
  return programs;
}

} // namespace

void set_policy(Rulebook& rulebook, std::shared_ptr<const Policy> policy, SymbolTable& symbols) {
  rulebook.rule_audiences = {programs_of(policy->caps, symbols), programs_of(policy->total_caps, symbols), programs_of(policy->post_purchase, symbols), programs_of(policy->gates, symbols),
                             programs_of(policy->quiet_hours, symbols), programs_of(policy->pauses, symbols), programs_of(policy->merchandising, symbols)};
  rulebook.policy = std::move(policy);
  rulebook.totals.reset();
}

} // namespace takt
