// The policy: versions that act at once, and a draft that two people cannot overwrite unseen. How versions come and what they differ in:
// policy_life.cc.
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/policy_life.h"
#include "api/routes/routes.h"

namespace takt {
namespace {

HttpResponse get_current(const Service& service, const HttpRequest& http) {
  auto current = service.app.document("policy", "current");
  return current ? document_answer(http, *current) : refuse(current.error());
}

HttpResponse get_draft(const Service& service, const HttpRequest& http) {
  auto draft = service.app.policy_draft();
  return draft ? document_answer(http, *draft) : refuse(draft.error());
}

HttpResponse get_version(const Service& service, const HttpRequest& http) {
  auto found = policy_named(service.app, http.parameter("version"));
  return found ? document_answer(http, *found) : refuse(found.error());
}

void write_warnings(JsonWriter& json, const std::vector<LintWarning>& warnings) {
  json.key("warnings").begin_array();
  for (const LintWarning& warning : warnings)
    json.begin_object().field("pointer", warning.pointer).field("code", warning.code).field("text", warning.text).end_object();
  json.end_array();
}

HttpResponse put_draft(const Service& service, const HttpRequest& http) {
  if (http.header("if-match").empty()) return refuse(428, "precondition_required", "If-Match is required: the ETag of the draft that you have edited");
  auto expected = expected_version(http);
  if (!expected) return refuse(expected.error());
  auto draft = service.app.policy_draft();
  if (!draft) return refuse(draft.error());
  if (*expected && **expected != draft->version) return stale_answer(draft->version);
  auto saved = service.app.put_policy_draft(http.body, draft->version, author_of(http));
  if (!saved && saved.error().code == ErrorCode::conflict) {
    auto now = service.app.policy_draft();
    return stale_answer(now ? now->version : draft->version);
  }
  if (!saved) return refuse(saved.error());
  JsonWriter json;
  json.begin_object().field("version", saved->version);
  write_warnings(json, saved->warnings);
  json.end_object();
  HttpResponse response = json_answer(json.take());
  response.headers.emplace_back("ETag", etag_of(saved->version));
  return response;
}

HttpResponse revert(const Service& service, const HttpRequest& http) {
  const std::string& version = http.parameter("version");
  auto found = policy_named(service.app, version);
  if (!found) return refuse(found.error());
  auto body = publishing_of(http, {"note", "author"});
  if (!body) return refuse(body.error());
  return published_answer(service.app.publish_policy(found->json, PolicyOrigin{"revert", body->author, body->note, version}));
}

HttpResponse pause_sales(const Service& service, const HttpRequest& http) {
  auto paused = service.app.pause_sales(http.body, author_of(http));
  if (!paused) return refuse(paused.error());
  JsonWriter json;
  json.begin_object().field("version", paused->version).field("id", paused->id);
  write_warnings(json, paused->warnings);
  json.end_object();
  HttpResponse response = json_answer(json.take());
  response.headers.emplace_back("ETag", etag_of(paused->version));
  return response;
}

} // namespace

void add_policy_routes(Router& router, const Service& service) {
  router.add({"GET", "/api/v1/policies/current", [&service](const HttpRequest& http) { return get_current(service, http); }, false});
  router.add({"GET", "/api/v1/policies/draft", [&service](const HttpRequest& http) { return get_draft(service, http); }, false});
  router.add({"PUT", "/api/v1/policies/draft", [&service](const HttpRequest& http) { return put_draft(service, http); }, false});
  add_policy_life_routes(router, service);
  router.add({"GET", "/api/v1/policies/{version}", [&service](const HttpRequest& http) { return get_version(service, http); }, false});
  router.add({"POST", "/api/v1/policies/{version}/revert", [&service](const HttpRequest& http) { return revert(service, http); }, false});
  router.add({"GET", "/api/v1/caps/totals", [&service](const HttpRequest&) { return json_answer(service.app.totals_json()); }, false});
  router.add({"POST", "/api/v1/pause", [&service](const HttpRequest& http) { return pause_sales(service, http); }, false});
  router.add({"DELETE", "/api/v1/pause/{id}", [&service](const HttpRequest& http) { return published_answer(service.app.resume_sales(http.parameter("id"), author_of(http))); }, false});
}

} // namespace takt
