#pragma once
/// A document for people and for git: two blanks per level, one field per line, lists of plain values on one line. The same content gives
/// the same bytes, whatever the order and blanks it was written with: names of things first, then by the alphabet. Numbers stay as written.
#include "api/json/reader.h"

#include <string>

namespace takt {

/// Ends with a line break.
std::string pretty_json(JsonValue value);

} // namespace takt
