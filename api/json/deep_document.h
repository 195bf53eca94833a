#pragma once
/// Parsing our own documents (policies, audiences, items, questions): one that is JSON but nested too deep is a mistake of its author at a
/// place in it (invalid, with the pointer), not a broken text (malformed). Nothing recurses. Cost: one more pass, of refused documents only.
#include "api/json/reader.h"

namespace takt {

Status parse_own_document(JsonDocument& document, std::string_view json);

} // namespace takt
