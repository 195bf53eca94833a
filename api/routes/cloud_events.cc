// CloudEvents over HTTP (github.com/cloudevents/spec, HTTP binding): structured, batched and binary, on one path. (source, id) is what makes
// an event itself there, as (write key, messageId) does in Segment's world; so the CloudEvent's source is the event's source.
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "api/routes/take_events.h"
#include "core/hash.h"

#include <array>
#include <fmt/format.h>

namespace takt {
namespace {

/// Binary mode: the attributes are headers, the body is the data.
std::string envelope_of(const HttpRequest& http) {
  static constexpr std::array attributes{"specversion", "id", "type", "source", "subject", "time", "anonymousid"};
  JsonWriter json;
  json.begin_object();
  for (const char* name : attributes)
    if (const std::string value = decode_percent(http.header(std::string("ce-") + name), false); !value.empty()) json.field(name, value);
  JsonDocument body;
  if (!http.body.empty()) json.key("data").raw(body.parse(http.body) ? std::string_view(http.body) : std::string_view("\"not JSON\""));
  return json.end_object().take();
}

/// The event in Segment's shape, or why not; `text` keeps what the event's own text is a part of.
Result<Event> event_of(JsonValue envelope, const EventContext& context) {
  TAKT_TRY(translated, parse_cloud_event(envelope));
  TAKT_TRY(event, parse_event(translated.segment_json, context));
  event.source = translated.source;
  return event;
}

/// Whoever reads the key off a page could use up the ids of the shop's own events, which then came twice. A page's events are the key's.
void keep_to_its_key(const Caller& caller, Event& event) {
  if (caller.role != Role::publishable) return;
  event.message_id += fmt::format("@{:016x}", hash64(event.source));
  event.source = caller.key_id;
}

HttpResponse take_single(const Service& service, const Caller& caller, const std::string& text) {
  const WorldPtr world = service.app.world();
  const EventContext context = event_context(service, *world, "", caller);
  JsonDocument document;
  if (auto parsed = document.parse(text); !parsed) return take_event(service, caller, tl::unexpected(parsed.error()), "cloudevents", text);
  auto event = event_of(document.root(), context);
  if (event) keep_to_its_key(caller, *event);
  const std::string source = event ? event->source : "cloudevents";
  return take_event(service, caller, std::move(event), source, text);
}

HttpResponse take_many(const Service& service, const HttpRequest& http) {
  if (auto refusal = refusal_of_large_batch(http)) return std::move(*refusal);
  const WorldPtr world = service.app.world();
  const EventContext context = event_context(service, *world, "", http.caller);
  JsonDocument document;
  if (auto parsed = document.parse(http.body); !parsed) return take_event(service, http.caller, tl::unexpected(parsed.error()), "cloudevents", http.body);
  if (!document.root().is(JsonKind::array)) return refuse(fail_at("", "a batch of CloudEvents is an array").value());
  if (document.root().size() > limits::batch_events_max)
    return refuse(413, "too_large", "a batch has at most " + std::to_string(limits::batch_events_max) + " events");
  EventBatch batch;
  batch.write_key = "cloudevents";
  for (const JsonValue envelope : document.root().elements()) {
    const auto id = envelope.find("id");
    auto event = event_of(envelope, context);
    if (event) keep_to_its_key(http.caller, *event);
    std::string text = event ? std::string() : std::string(envelope.source());
    batch.items.push_back({std::move(event), id && id->is(JsonKind::string) ? std::string(id->text().substr(0, limits::id_bytes_max)) : std::string(), std::move(text)});
  }
  return take_events(service, http.caller, std::move(batch));
}

HttpResponse take(const Service& service, const HttpRequest& http) {
  const std::string& type = http.header("content-type");
  if (type.starts_with("application/cloudevents-batch+json")) return take_many(service, http);
  if (type.starts_with("application/cloudevents+json")) return take_single(service, http.caller, http.body);
  if (!http.header("ce-specversion").empty()) return take_single(service, http.caller, envelope_of(http));
  return refuse(415, "unsupported_media_type", "application/cloudevents+json, application/cloudevents-batch+json, or the attributes as ce- headers");
}

} // namespace

void add_cloud_event_routes(Router& router, const Service& service) {
  router.add({"POST", "/api/v1/events", [&service](const HttpRequest& http) { return take(service, http); }});
}

} // namespace takt
