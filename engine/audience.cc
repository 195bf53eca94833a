#include "engine/audience.h"

#include "core/limits.h"
#include "engine/named_audiences.h"

#include <algorithm>
#include <string>

namespace takt {
namespace {

/// How many audiences hang on each other below this one, itself included; a circle counts as too many.
std::size_t chain_below(const std::map<std::string, AudienceSet::Compiled, std::less<>>& all, const SymbolTable& symbols, const std::string& id,
                        std::map<std::string, std::size_t, std::less<>>& known) {
  constexpr std::size_t endless = limits::audience_chain_max + 1;
  const auto [found, is_new] = known.emplace(id, endless); // met again before it is known: a circle
  const auto audience = all.find(id);
  if (!is_new || audience == all.end()) return found->second;
  std::size_t longest = 1;
  if (audience->second.program)
    for (const Symbol named : audience->second.program->audiences())
      longest = std::max(longest, 1 + chain_below(all, symbols, std::string(symbols.name(named)), known));
  return found->second = std::min(longest, endless);
}

} // namespace

std::vector<std::string> named_audiences(const Condition& condition) { // recursion is bounded by the depth of conditions
  std::vector<std::string> named;
  if (condition.kind == Condition::Kind::audience) named.push_back(condition.field);
  for (const Condition& child : condition.children)
    for (std::string& id : named_audiences(child)) named.push_back(std::move(id));
  return named;
}

bool AudienceSet::Compiled::lists(const CustomerRecord& record) const {
  const auto has = [&](std::string_view prefix, std::string_view name) {
    return std::binary_search(audience.customers.begin(), audience.customers.end(), std::string(prefix).append(name));
  };
  for (const LinkedIdentity& linked : record.identities)
    if (has(linked.identity.kind == IdentityKind::user ? "user:" : "anon:", linked.identity.value)) return true;
  return has("id:", to_text(record.id)) ||
         std::any_of(record.merges.begin(), record.merges.end(), [&](const MergeLink& merge) { return has("id:", to_text(merge.absorbed)); });
}

Result<std::shared_ptr<const AudienceSet>> AudienceSet::build(std::vector<Audience> audiences, SymbolTable& symbols) {
  std::shared_ptr<AudienceSet> set(new AudienceSet());
  for (Audience& audience : audiences) {
    auto program = audience.condition ? ConditionProgram::compile(*audience.condition, symbols, NewLabels::intern) : nullptr;
    std::string id = audience.id;
    set->by_id_.insert_or_assign(std::move(id), Compiled{std::move(audience), std::move(program)});
  }
  std::map<std::string, std::size_t, std::less<>> known;
  for (const auto& [id, compiled] : set->by_id_) {
    set->by_symbol_[symbols.intern(id)] = &compiled;
    if (!compiled.program) continue;
    for (const Symbol named : compiled.program->audiences())
      if (!set->by_id_.contains(symbols.name(named)))
        return fail_at("/condition", "the audience \"" + id + "\" names \"" + std::string(symbols.name(named)) + "\", which does not exist");
    if (chain_below(set->by_id_, symbols, id, known) > limits::audience_chain_max)
      return fail_at("/condition", "the audience \"" + id + "\" names itself in the end, or a chain of more than " + std::to_string(limits::audience_chain_max));
  }
  return std::shared_ptr<const AudienceSet>(std::move(set));
}

const AudienceSet::Compiled* AudienceSet::find(Symbol id) const {
  const auto found = by_symbol_.find(id);
  return found == by_symbol_.end() ? nullptr : found->second;
}

const AudienceSet::Compiled* AudienceSet::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

std::vector<Audience> AudienceSet::audiences() const {
  std::vector<Audience> all;
  for (const auto& [id, compiled] : by_id_) all.push_back(compiled.audience);
  return all;
}

} // namespace takt
