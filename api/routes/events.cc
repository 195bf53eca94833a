// Segment's paths, in the long and the one-letter form, whatever the Content-Type says: SDKs send JSON as text/plain or as a form.
#include "api/guard.h"
#include "api/json/reader.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "api/routes/take_events.h"

#include <charconv>

namespace takt {
namespace {

HttpResponse take_one(const Service& service, const HttpRequest& http, const std::string& type) {
  if (http.body.size() > limits::event_bytes_max)
    return refuse(413, "too_large", "an event has at most " + std::to_string(limits::event_bytes_max) + " bytes");
  const WorldPtr world = service.app.world();
  return take_event(service, http.caller, parse_event(http.body, event_context(service, *world, type, http.caller)), source_of(http, write_key_in(http.body)), http.body);
}

HttpResponse take_batch(const Service& service, const HttpRequest& http) {
  if (auto refusal = refusal_of_large_batch(http)) return std::move(*refusal);
  const WorldPtr world = service.app.world();
  auto batch = parse_event_batch(http.body, event_context(service, *world, "", http.caller));
  if (!batch) return take_event(service, http.caller, tl::unexpected(batch.error()), source_of(http, ""), http.body);
  batch->write_key = source_of(http, batch->write_key);
  for (BatchItem& item : batch->items)
    if (item.event) item.event->source = batch->write_key;
  return take_events(service, http.caller, std::move(*batch));
}

/// The last ones, newest first: ?result=rejected&source=KEY&limit=50.
HttpResponse recent(const Service& service, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"result", "source", "limit"}); !known) return refuse(known.error());
  EventDebugger::Filter filter;
  filter.source = http.query_value("source").value_or("");
  const std::string result = http.query_value("result").value_or("all");
  if (result != "all" && result != "rejected") return refuse(fail_at("/result", "must be all or rejected").value());
  filter.only_rejected = result == "rejected";
  const std::string limit = http.query_value("limit").value_or(std::to_string(EventDebugger::events_max));
  const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), filter.limit);
  if (error != std::errc() || end != limit.data() + limit.size() || filter.limit < 1 || filter.limit > EventDebugger::events_max)
    return refuse(fail_at("/limit", "must be 1 to " + std::to_string(EventDebugger::events_max)).value());
  return json_answer(write_seen_events(service.debugger.newest(filter)));
}

} // namespace

void add_event_routes(Router& router, const Service& service) {
  static constexpr std::pair<std::string_view, std::string_view> types[]{
      {"track", "track"}, {"identify", "identify"}, {"alias", "alias"}, {"page", "page"}, {"screen", "screen"}, {"group", "group"},
      {"t", "track"},     {"i", "identify"},        {"a", "alias"},     {"p", "page"},    {"s", "screen"},      {"g", "group"}};
  for (const auto& [path, type] : types)
    router.add({"POST", "/v1/" + std::string(path), [&service, type = std::string(type)](const HttpRequest& http) { return take_one(service, http, type); }});
  for (const char* path : {"/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"})
    router.add({"POST", path, [&service](const HttpRequest& http) { return take_batch(service, http); }});
  // Measurements that Segment's browser SDK makes of itself: taken, of no use here.
  router.add({"POST", "/v1/m", [](const HttpRequest&) { return json_answer(R"({"success":true})"); }});
  router.add({"GET", "/api/v1/events/recent", [&service](const HttpRequest& http) { return recent(service, http); }});
}

} // namespace takt
