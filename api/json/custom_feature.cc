#include "api/json/codecs.h"
#include "api/json/fields.h"
#include "api/json/writer.h"
#include "features/feature_row.h"

#include <algorithm>

namespace takt {
namespace {

constexpr std::size_t name_bytes_max = 64;
/// Beyond that a float holds no digit of what came in.
constexpr double number_max = 1e12;
constexpr double deviation_min = 1e-9;

/// Names stand in logs, in artefacts and in tables of weights.
bool is_column_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= name_bytes_max && name.front() >= 'a' && name.front() <= 'z' && std::all_of(name.begin(), name.end(), fits);
}

void read_id(Fields& fields, CustomFeature& feature) {
  feature.id = fields.text("id", name_bytes_max).value_or("");
  fields.need("id", !feature.id.empty());
  if (feature.id.empty()) return;
  if (!is_column_name(feature.id)) fields.complain("id", "must be a small letter, then small letters, digits and _");
  else if (feature_schema().find(feature.id) < feature_schema().columns.size()) fields.complain("id", "is a column that Takt has by itself");
}

void read_scale(Fields& fields, CustomFeature& feature) {
  const auto mean = fields.real("mean", -number_max, number_max), deviation = fields.real("deviation", deviation_min, number_max);
  const bool joins = !feature.trait.empty() && !feature.attribute.empty();
  if (feature.equals_json && (mean || deviation)) fields.complain("equals", "is yes or no: mean and deviation are for numbers");
  if (joins && mean) fields.complain("mean", "a distance has none: give deviation alone, or nothing where the two must be equal");
  if (!joins && fields.has("mean") != fields.has("deviation")) fields.complain(fields.has("mean") ? "deviation" : "mean", "is missing: both say what number is middling, and how far from it is much");
  feature.mean = mean.value_or(0);
  feature.deviation = deviation.value_or(1);
  feature.measures_distance = joins && deviation.has_value();
}

} // namespace

Result<CustomFeature> parse_custom_feature(std::string_view json) {
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(json));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  CustomFeature feature;
  if (const auto type = fields.text("type"); type && *type != "feature") fields.complain("type", "must be feature");
  read_id(fields, feature);
  feature.trait = fields.text("trait", limits::id_bytes_max).value_or("");
  feature.attribute = fields.text("attribute", limits::id_bytes_max).value_or("");
  if (feature.trait.empty() && feature.attribute.empty()) fields.complain("trait", "is missing: name a trait of the person, an attribute of the item, or both");
  if (const auto equals = fields.take("equals")) {
    if (!equals->is_scalar()) fields.complain("equals", "must be text, a number, true or false");
    else if (!feature.trait.empty() && !feature.attribute.empty()) fields.complain("equals", "goes with a trait or with an attribute; both together are compared with each other");
    else feature.equals_json = std::string(equals->source());
  }
  read_scale(fields, feature);
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return feature;
}

std::string write_custom_feature(const CustomFeature& feature) {
  JsonWriter json;
  json.begin_object().field("type", "feature").field("id", feature.id);
  if (!feature.trait.empty()) json.field("trait", feature.trait);
  if (!feature.attribute.empty()) json.field("attribute", feature.attribute);
  if (feature.equals_json) json.key("equals").raw(*feature.equals_json);
  else if (feature.measures_distance) json.field("deviation", feature.deviation);
  else if (feature.mean != 0 || feature.deviation != 1) json.field("mean", feature.mean).field("deviation", feature.deviation);
  json.end_object();
  return json.take();
}

} // namespace takt
