#include "api/json/codecs.h"
#include "api/json/event_reader.h"
#include "api/json/fields.h"
#include "api/json/writer.h"

#include <algorithm>

namespace takt {

namespace {

/// The document without its "type": its members as they were written.
std::string without_type(JsonValue document) {
  std::string json = "{";
  for (const JsonMember member : document.members()) {
    if (member.key == "type") continue;
    if (json.size() > 1) json += ',';
    append_json_text(json, member.key);
    json += ':';
    json += member.value.source();
  }
  return json + "}";
}

Result<ImportLine> read_document(JsonValue root, std::string_view type, const ItemContext& items) {
  ImportLine line;
  line.json = without_type(root);
  if (const auto id = root.find("id"); id && id->is(JsonKind::string)) line.id = std::string(id->text());
  if (type == "item") {
    line.kind = ImportLine::Kind::item;
    TAKT_TRY(item, parse_item(line.json, items));
    line.id = item.id.text();
  } else if (type == "placement") {
    line.kind = ImportLine::Kind::placement;
    TAKT_TRY(placement, parse_placement(line.json));
    line.id = placement.id.text();
  } else if (type == "feature") {
    line.kind = ImportLine::Kind::feature;
    TAKT_TRY(feature, parse_custom_feature(line.json));
    line.id = feature.id;
  } else if (type == "audience") {
    line.kind = ImportLine::Kind::audience;
    TAKT_TRY(audience, parse_audience(line.json));
    line.id = audience.id;
  } else {
    line.kind = ImportLine::Kind::policy; // checked when it is published: its labels need the dictionary
  }
  return line;
}

} // namespace

bool is_import_document(std::string_view type) {
  return type == "item" || type == "placement" || type == "feature" || type == "audience" || type == "policy";
}

Result<ImportLine> parse_import_line(std::string_view text, const EventContext& context, const ItemContext& items) {
  if (text.size() > limits::import_line_bytes_max) return fail(ErrorCode::too_large, "a line of more than " + std::to_string(limits::import_line_bytes_max) + " bytes");
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(text));
  const JsonValue root = document.root();
  if (!root.is(JsonKind::object)) return fail_at("", "a line is one object: an event or a document");
  const auto value = root.find("type");
  const std::string_view type = value && value->is(JsonKind::string) ? value->text() : std::string_view{};
  if (is_import_document(type)) return read_document(root, type, items);
  for (const std::string_view planned : {"fact", "list", "experiment", "model", "key"})
    if (type == planned) return tl::unexpected<Error>(Error{ErrorCode::not_built, "documents of type " + std::string(type) + " are not built yet", {{"/type", "is not built yet"}}});
  ImportLine line;
  TAKT_TRY(event, EventReader(root, context, {}).read());
  line.event = std::move(event);
  return line;
}

std::optional<UtcTime> time_of_import_line(std::string_view text) {
  JsonDocument document;
  if (!document.parse(text)) return std::nullopt;
  std::optional<UtcTime> newest;
  for (const std::string_view key : {"timestamp", "originalTimestamp", "receivedAt"}) {
    const auto value = document.root().find(key);
    const auto time = value && value->is(JsonKind::string) ? parse_utc(value->text()) : fail(ErrorCode::invalid, "no time");
    if (time) newest = std::max(newest.value_or(*time), *time);
  }
  return newest;
}

} // namespace takt
