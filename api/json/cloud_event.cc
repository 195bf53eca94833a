// CloudEvents 1.0 (github.com/cloudevents/spec, JSON format): an envelope around what Segment calls a track call. id → messageId, type →
// event, subject → userId, time → timestamp, data → properties; the extension attribute "anonymousid" → anonymousId.
#include "api/json/codecs.h"
#include "api/json/fields.h"
#include "api/json/writer.h"

namespace takt {

Result<CloudEvent> parse_cloud_event(JsonValue envelope) {
  if (!envelope.is(JsonKind::object)) return fail_at("", "a CloudEvent is an object");
  Complaints complaints;
  const auto text = [&](std::string_view name, bool needed) -> std::string {
    const auto value = envelope.find(name);
    if (value && value->is(JsonKind::string) && !value->text().empty()) return std::string(value->text());
    if (value && !value->is(JsonKind::null)) complaints.add("/" + std::string(name), "must be a text that is not empty");
    else if (needed) complaints.add("/" + std::string(name), "is missing");
    return {};
  };
  const std::string version = text("specversion", true), id = text("id", true), type = text("type", true), source = text("source", true);
  const std::string subject = text("subject", false), anonymous = text("anonymousid", false), time = text("time", false);
  if (!version.empty() && version != "1.0") complaints.add("/specversion", "must be \"1.0\"");
  if (subject.empty() && anonymous.empty()) complaints.add("/subject", "is missing: it says which user the event is about; a device goes into anonymousid");
  if (auto objection = objection_to_name(source, limits::id_bytes_max)) complaints.add("/source", *std::move(objection));
  const auto data = envelope.find("data");
  if (envelope.find("data_base64")) complaints.add("/data_base64", "binary data is not understood: send a JSON object as data");
  if (data && !data->is(JsonKind::object) && !data->is(JsonKind::null)) complaints.add("/data", "must be an object");
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  JsonWriter json;
  json.begin_object().field("type", "track").field("event", type).field("messageId", id);
  if (!subject.empty()) json.field("userId", subject);
  if (!anonymous.empty()) json.field("anonymousId", anonymous);
  if (!time.empty()) json.field("timestamp", time);
  if (data && data->is(JsonKind::object)) {
    json.key("properties").raw(data->source());
    if (const auto context = data->find("context"); context && context->is(JsonKind::object)) json.key("context").raw(context->source());
  }
  json.end_object();
  return CloudEvent{source, id, json.take()};
}

} // namespace takt
