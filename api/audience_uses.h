#pragma once
/// Who needs an audience: asked before one goes.
#include "core/result.h"
#include "engine/catalogue.h"

#include <string_view>

namespace takt {

/// Errors: invalid, where an item is for this audience. Cost: one pass over the catalogue.
Status no_item_is_for(const Catalogue& catalogue, std::string_view audience);

} // namespace takt
