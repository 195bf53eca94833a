#pragma once
/// Conditions read straight from the tree, by text, one node at a time: slow and obvious. The judge of engine/condition*.cc, for the
/// fields that random_condition_case makes. Shares no code with them but consent_allows, shown_at and reshown_at.
#include "core/random.h"
#include "engine/audience.h"

namespace takt::test {

bool naive_condition(const Condition& condition, const ConditionInputs& inputs, const std::vector<Audience>& audiences, UtcTime t);

/// A person, two items, a call and audiences, all from a seed, with instants on whole hours so that edges meet.
struct ConditionCase {
  explicit ConditionCase(std::uint64_t seed);
  ConditionInputs inputs() const;
  Condition random_condition(Random& random, int depth, bool may_name_items) const;

  mutable SymbolTable symbols;
  CustomerRecord record;
  ConsentPolicy consent;
  std::vector<GatePolicy> gates;
  RequestContext context;
  std::vector<Audience> audiences;
  std::shared_ptr<const AudienceSet> set;
  std::shared_ptr<const Catalogue> catalogue;
  bool profile_allowed = true, frequency_allowed = true, with_context = true;
};

} // namespace takt::test
