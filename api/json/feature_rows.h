#pragma once
/// The feature rows of a logged decision as JSON: `"features":[{"placement","schema","shared":{name: value},"items":[{"item","values":{…}}]}]`.
/// Zeros are left out. Rows of another schema than this build's have no names: their values come as lists.
#include "api/json/writer.h"
#include "core/decision.h"

namespace takt {

void write_feature_rows(JsonWriter& json, const Decision& decision);

} // namespace takt
