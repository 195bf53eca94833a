#pragma once
/// How soon people buy again, per category, as their orders tell it: what a pause after a purchase is when the policy says "learnt".
/// A value; threads: immutable once served. Times are ms.
#include "core/symbol.h"
#include "core/time.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace takt {

/// Of one category and all below it.
struct RepurchaseCycle {
  Duration cycle{};                          ///< what serves: drawn towards the parent's as far as the own customers are few
  Duration observed{};                       ///< median of the own customers' medians
  std::uint64_t customers = 0, intervals = 0;
  bool operator==(const RepurchaseCycle&) const = default;
};

struct RepurchaseModel {
  std::map<Symbol, RepurchaseCycle> by_category;           ///< by the path's prefix; only what was learnt
  std::map<Symbol, std::uint64_t> refused;                 ///< too few customers bought again: as many did
  std::uint64_t customers_needed = 0;
  std::uint64_t customers = 0, orders = 0;                 ///< that were read
  bool operator==(const RepurchaseModel&) const = default;

  /// The deepest category of the path that has a cycle; none where nothing was learnt of it. `path`: prefixes, root first.
  struct Found { Symbol category = Symbol::none; const RepurchaseCycle* cycle = nullptr; };
  Found of(std::span<const Symbol> path) const {
    for (std::size_t i = path.size(); i > 0; --i)
      if (const auto found = by_category.find(path[i - 1]); found != by_category.end()) return {found->first, &found->second};
    return {};
  }
};

/// Sentences for `takt train`: the commonest categories with their cycles, and which were refused.
std::vector<std::string> told(const RepurchaseModel& model, const SymbolTable& symbols);

} // namespace takt
