// Segment's paths, in the long and the one-letter form, whatever the Content-Type says: SDKs send JSON as text/plain or as a form.
// Answers exactly 200: Segment's Python client takes 202 for an error. Acknowledged means durable.
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"

#include <algorithm>
#include <array>

namespace takt {
namespace {

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

/// RFC 4648; stops at the first character that is none.
std::string decode_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) break;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  return bytes;
}

/// Basic (with or without the colon), then the body, then ?writeKey= of beacons; ecosystem: what SDKs really do.
std::string write_key(const HttpRequest& http, std::string_view of_body) {
  const std::string& authorization = http.header("authorization");
  std::string key;
  if (authorization.starts_with("Basic ")) {
    key = decode_base64(std::string_view(authorization).substr(6));
    key = key.substr(0, key.find(':'));
  }
  if (key.empty()) key = of_body;
  if (key.empty()) key = http.query_value("writeKey").value_or("");
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return key.empty() || !printable || key.size() > limits::id_bytes_max ? "default" : key;
}

std::string write_key_in(std::string_view body) {
  JsonDocument document;
  if (!document.parse(body) || !document.root().is(JsonKind::object)) return {};
  const auto value = document.root().find("writeKey");
  return value && value->is(JsonKind::string) ? std::string(value->text()) : std::string();
}

EventContext context_of(const Service& service, const World& world, std::string type) {
  EventContext context;
  context.source = "default";
  context.type_from_path = std::move(type);
  context.received_at = service.app.clock().utc_now();
  context.consent_map = &world.policy().consent.map;
  return context;
}

HttpResponse take_one(const Service& service, const HttpRequest& http, const std::string& type) {
  if (http.body.size() > limits::event_bytes_max)
    return refuse(413, "too_large", "an event has at most " + std::to_string(limits::event_bytes_max) + " bytes");
  const WorldPtr world = service.app.world();
  auto event = parse_event(http.body, context_of(service, *world, type));
  if (!event) {
    service.metrics.event_refused();
    return refuse(event.error());
  }
  event->source = write_key(http, write_key_in(http.body));
  auto outcome = service.app.track(*event);
  if (!outcome) {
    service.metrics.event(event->type, EventResult::rejected);
    return refuse(outcome.error());
  }
  const bool accepted = *outcome == IngestOutcome::accepted;
  service.metrics.event(event->type, accepted ? EventResult::accepted : EventResult::duplicate);
  return json_answer(accepted ? R"({"success":true,"accepted":1,"duplicates":0,"rejected":[]})" : R"({"success":true,"accepted":0,"duplicates":1,"rejected":[]})");
}

struct Rejected { std::size_t index; std::string message_id; Error error; };

std::string batch_answer(const IngestCounts& counts, std::vector<Rejected> rejected) {
  std::sort(rejected.begin(), rejected.end(), [](const Rejected& a, const Rejected& b) { return a.index < b.index; });
  JsonWriter json;
  json.begin_object().field("success", true);
  json.field("accepted", static_cast<std::int64_t>(counts.accepted)).field("duplicates", static_cast<std::int64_t>(counts.duplicates));
  json.key("rejected").begin_array();
  for (const Rejected& one : rejected) {
    json.begin_object().field("index", static_cast<std::int64_t>(one.index)).field("messageId", one.message_id);
    json.field("code", name_of(one.error.code)).field("message", one.error.message);
    json.field("pointer", one.error.fields.empty() ? std::string_view{} : std::string_view(one.error.fields.front().pointer));
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

/// Ingest does not say which of a batch were duplicates: all are counted with the type of its first event.
void count_events(const Service& service, std::span<const Event> events, const IngestCounts& counts) {
  std::size_t duplicates = counts.duplicates;
  std::array<std::uint64_t, 6> accepted{};
  for (const Event& event : events) ++accepted[static_cast<std::size_t>(event.type)];
  std::size_t others = duplicates + counts.rejected;
  for (std::size_t type = 0; type < accepted.size(); ++type) {
    const std::uint64_t taken = std::min<std::uint64_t>(accepted[type], others);
    service.metrics.event(static_cast<EventType>(type), EventResult::accepted, accepted[type] - taken);
    others -= taken;
  }
  service.metrics.event(events.front().type, EventResult::duplicate, duplicates);
  service.metrics.event(events.front().type, EventResult::rejected, counts.rejected);
}

HttpResponse take_batch(const Service& service, const HttpRequest& http) {
  const WorldPtr world = service.app.world();
  auto batch = parse_event_batch(http.body, context_of(service, *world, ""));
  if (!batch) {
    service.metrics.event_refused();
    return refuse(batch.error());
  }
  const std::string key = write_key(http, batch->write_key);
  std::vector<Rejected> rejected;
  std::vector<Event> events;
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < batch->items.size(); ++i) {
    BatchItem& item = batch->items[i];
    if (!item.event) {
      service.metrics.event_refused();
      rejected.push_back({i, item.message_id, item.event.error()});
      continue;
    }
    events.push_back(std::move(*item.event));
    events.back().source = key;
    positions.push_back(i);
  }
  std::optional<Error> unavailable;
  auto counts = service.app.track_all(events, [&](std::size_t position, const Error& error) {
    if (error.code == ErrorCode::unavailable) unavailable = error;
    rejected.push_back({positions[position], events[position].message_id, error});
  });
  if (!counts) return refuse(counts.error());
  if (!events.empty()) count_events(service, events, *counts);
  // Not stored for reasons of ours: the client must send it all again, what was taken is a duplicate then.
  if (unavailable) return refuse(*unavailable);
  return json_answer(batch_answer(*counts, std::move(rejected)));
}

} // namespace

void add_event_routes(Router& router, const Service& service) {
  static constexpr std::pair<std::string_view, std::string_view> types[]{
      {"track", "track"}, {"identify", "identify"}, {"alias", "alias"}, {"page", "page"}, {"screen", "screen"}, {"group", "group"},
      {"t", "track"},     {"i", "identify"},        {"a", "alias"},     {"p", "page"},    {"s", "screen"},      {"g", "group"}};
  for (const auto& [path, type] : types)
    router.add({"POST", "/v1/" + std::string(path), [&service, type = std::string(type)](const HttpRequest& http) { return take_one(service, http, type); }});
  for (const char* path : {"/v1/batch", "/v1/b", "/v1/import"})
    router.add({"POST", path, [&service](const HttpRequest& http) { return take_batch(service, http); }});
  // Measurements that Segment's browser SDK makes of itself: taken, of no use here.
  router.add({"POST", "/v1/m", [](const HttpRequest&) { return json_answer(R"({"success":true})"); }});
}

} // namespace takt
