#pragma once
/// Responses per impression, smoothed: what everybody made of an item, and of what it is. Filled by engine/train/learn_rates.h.
/// Threads: immutable once filled. Cost: a look-up or two.
#include "core/ledger.h"
#include "core/symbol_map.h"

namespace takt {

struct Response {
  float click = 0, order = 0;
  bool operator==(const Response&) const = default;
};

struct ResponseRates {
  SymbolMap<Response> by_item, by_category, by_brand;
  Response of_all;

  /// Of its deepest known category, of its brand where it has none, else of everything.
  Response of_kind(const LabelSet& labels) const {
    for (auto prefix = labels.category.rbegin(); prefix != labels.category.rend(); ++prefix)
      if (const Response* known = by_category.find(*prefix)) return *known;
    const Response* brand = labels.brand == Symbol::none ? nullptr : by_brand.find(labels.brand);
    return brand ? *brand : of_all;
  }
  /// Its own; of what it is where nobody has seen it yet.
  Response of(const LabelSet& labels) const {
    const Response* own = by_item.find(labels.item);
    return own ? *own : of_kind(labels);
  }
};

} // namespace takt
