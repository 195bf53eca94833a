#pragma once
/// The feature rows of a logged decision as JSON: `"features":[{"placement","schema","shared":{name: value},"items":[{"item","values":{…}}]}]`, and "configured":{…} beside values
/// where there are such columns.
/// Zeros are left out. Rows of another schema than this build's have no names: their values come as lists.
#include "api/json/writer.h"
#include "core/custom_feature.h"
#include "core/decision.h"

#include <span>

namespace takt {

/// `features`: what is configured now, for the names of the columns.
void write_feature_rows(JsonWriter& json, const Decision& decision, std::span<const CustomFeature> features);

} // namespace takt
