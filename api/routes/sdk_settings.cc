// What browser SDKs ask for before their first event: Segment's analytics-next its settings, RudderStack's analytics-js its source. Both get
// the least that they accept: send everything here, load nothing else.
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"

namespace takt {
namespace {

/// The address that the browser reached us by, which is where its events go too. Without scheme, as the SDK joins it to its own.
HttpResponse segment_settings(const HttpRequest& http) {
  JsonWriter json;
  json.begin_object().key("integrations").begin_object().key("Segment.io").begin_object();
  json.field("apiKey", http.parameter("writeKey"));
  if (const std::string& host = http.header("host"); !host.empty()) json.field("apiHost", host + "/v1");
  json.field("protocol", http.header("x-forwarded-proto") == "https" ? "https" : "http");
  json.end_object().end_object().key("plan").begin_object().end_object().end_object();
  return json_answer(json.take());
}

HttpResponse rudder_source(const HttpRequest& http) {
  const std::string key = http.query_value("writeKey").value_or("default");
  JsonWriter json;
  json.begin_object().key("source").begin_object();
  json.field("id", key).field("name", "takt").field("workspaceId", "takt").field("enabled", true);
  json.key("config").begin_object().end_object().key("destinations").begin_array().end_array();
  json.end_object().end_object();
  return json_answer(json.take());
}

} // namespace

void add_sdk_settings_routes(Router& router) {
  router.add({"GET", "/v1/projects/{writeKey}/settings", segment_settings, false});
  for (const char* path : {"/sourceConfig", "/sourceConfig/"}) router.add({"GET", path, rudder_source, false});
}

} // namespace takt
