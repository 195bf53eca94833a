#pragma once
/// Named audiences (core/audience.h) compiled for asking. Threads: immutable. Cost: a look-up by symbol, then its condition or two
/// binary searches per identity of the person.
#include "core/audience.h"
#include "core/result.h"
#include "engine/condition.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace takt {

class AudienceSet {
public:
  /// Errors: invalid at /condition, where one names itself in the end, a chain is longer than limits::audience_chain_max, or a name is nobody's.
  static Result<std::shared_ptr<const AudienceSet>> build(std::vector<Audience> audiences, SymbolTable& symbols);

  struct Compiled {
    Audience audience;
    std::shared_ptr<const ConditionProgram> program;   ///< null: a list
    bool lists(const CustomerRecord& record) const;    ///< is the person in the list?
  };
  const Compiled* find(Symbol id) const;
  const Compiled* find(std::string_view id) const;
  std::vector<Audience> audiences() const;             ///< by id
  std::size_t size() const { return by_id_.size(); }

private:
  AudienceSet() = default;
  std::map<std::string, Compiled, std::less<>> by_id_;
  std::unordered_map<Symbol, const Compiled*> by_symbol_;
};

} // namespace takt
