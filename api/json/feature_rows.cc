#include "api/json/feature_rows.h"

#include "features/feature_row.h"

#include <algorithm>
#include <cstdio>
#include <span>

namespace takt {
namespace {

std::string hex(std::uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

/// `first`: the row's first column in the schema.
void write_row(JsonWriter& json, std::span<const float> row, std::size_t first, bool has_names) {
  if (!has_names) {
    json.begin_array();
    for (const float value : row) json.number(static_cast<double>(value));
    json.end_array();
    return;
  }
  const auto& columns = feature_schema().columns;
  json.begin_object();
  for (std::size_t c = 0; c < row.size(); ++c)
    if (row[c] != 0) json.field(columns[first + c].name, static_cast<double>(row[c]));
  json.end_object();
}

/// By name; by what it meant where that is not configured any more.
void write_custom(JsonWriter& json, const LoggedFeatures& logged, std::size_t row, std::span<const CustomFeature> features) {
  const std::size_t width = logged.custom_columns.size();
  json.key("configured").begin_object();
  for (std::size_t c = 0; c < width && (row + 1) * width <= logged.custom.size(); ++c) {
    const auto known = std::find_if(features.begin(), features.end(), [&](const CustomFeature& feature) { return print_of(feature) == logged.custom_columns[c]; });
    const float value = logged.custom[row * width + c];
    if (value != 0) json.field(known == features.end() ? hex(logged.custom_columns[c]) : known->id, static_cast<double>(value));
  }
  json.end_object();
}

} // namespace

void write_feature_rows(JsonWriter& json, const Decision& decision, std::span<const CustomFeature> features_now) {
  const FeatureSchema& schema = feature_schema();
  json.key("features").begin_array();
  for (const PlacementDecision& placement : decision.placements) {
    const LoggedFeatures& features = placement.features;
    if (features.schema == 0) continue;
    const std::size_t width = features.items.empty() ? 0 : features.own.size() / features.items.size();
    const bool has_names = features.schema == schema.fingerprint && features.shared.size() == schema.shared_count && (width == 0 || width == schema.columns.size() - schema.shared_count);
    json.begin_object().field("placement", placement.placement.text()).field("schema", hex(features.schema)).key("shared");
    write_row(json, features.shared, 0, has_names);
    json.key("items").begin_array();
    for (std::size_t i = 0; i < features.items.size(); ++i) {
      json.begin_object().field("item", features.items[i].text()).key("values");
      write_row(json, std::span(features.own).subspan(i * width, width), schema.shared_count, has_names);
      if (!features.custom_columns.empty()) write_custom(json, features, i, features_now);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

} // namespace takt
