#pragma once
/// Evaluates a parsed condition (core/condition.h) for one item and, where the placement has one, its first anchor.
/// Fields: item.* and anchor.* with id, kind, group, title, brand, category (a path), tags, campaign, purpose, price.amount,
/// price.currency, list_price.amount, list_price.currency, value, stock, active, channels, regions, attributes.<name>.
/// A field that the item lacks satisfies only ne, not_in and exists:false. A number and a text that is a decimal compare as numbers,
/// because money is written "79.90". Comparing things of different types is false, never an error.
/// Threads: pure. Cost: O(nodes), text comparisons; nodes are bounded by limits::condition_nodes_max.
#include "core/condition.h"
#include "engine/catalogue.h"

#include <string_view>

namespace takt {

bool condition_holds(const Condition& condition, const CatalogueItem& item, const CatalogueItem* anchor);

/// Is this a field that condition_holds knows? The parser refuses the others.
bool is_condition_field(std::string_view path);

} // namespace takt
