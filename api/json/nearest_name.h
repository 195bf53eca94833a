#pragma once
/// What somebody probably meant. Edits are those of Damerau 1964: a letter too many, one too few, another one, two that changed places.
/// Threads: any. Cost: the product of the lengths for each name; only where something is refused.
#include <span>
#include <string_view>

namespace takt {

/// The name that is fewest edits away; "" where more than a third of the longer one would be edited. Upper and lower case are the same letter.
std::string_view nearest_name(std::string_view text, std::span<const std::string_view> names);

} // namespace takt
