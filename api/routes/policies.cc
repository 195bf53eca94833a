// The policy: versions that act at once, and a draft that two people cannot overwrite unseen.
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"

#include <charconv>

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

Result<Document> version_of(const Service& service, const std::string& text) {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size()) return fail(ErrorCode::not_found, "a policy version is a number");
  TAKT_TRY(found, service.app.store().documents().get_version("policy", "current", version));
  if (!found) return fail(ErrorCode::not_found, "there is no policy version " + text);
  return std::move(*found);
}

HttpResponse get_version(const Service& service, const HttpRequest& http) {
  auto found = version_of(service, http.parameter("version"));
  return found ? document_answer(http, *found) : refuse(found.error());
}

HttpResponse list_versions(const Service& service) {
  auto history = service.app.store().documents().history("policy", "current");
  if (!history) return refuse(history.error());
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (auto version = history->rbegin(); version != history->rend(); ++version) {
    json.begin_object().field("version", version->version).field("at", version->at).field("author", version->author);
    auto note = service.app.document("policy_note", std::to_string(version->version));
    JsonDocument document;
    const bool has_note = note && document.parse(note->json) && document.root().find("note");
    if (has_note) json.key("note").raw(document.root().find("note")->source());
    else json.key("note").null();
    json.end_object();
  }
  json.end_array().key("next_cursor").null().end_object();
  return json_answer(json.take());
}

HttpResponse put_draft(const Service& service, const HttpRequest& http) {
  if (http.header("if-match").empty()) return refuse(428, "precondition_required", "If-Match is required: the ETag of the draft that you have edited");
  auto expected = expected_version(http);
  if (!expected) return refuse(expected.error());
  auto draft = service.app.policy_draft();
  if (!draft) return refuse(draft.error());
  if (*expected && **expected != draft->version) return stale_answer(draft->version);
  auto saved = service.app.put_policy_draft(http.body, draft->version);
  if (!saved && saved.error().code == ErrorCode::conflict) {
    auto now = service.app.policy_draft();
    return stale_answer(now ? now->version : draft->version);
  }
  if (!saved) return refuse(saved.error());
  JsonWriter json;
  json.begin_object().field("version", saved->version).key("warnings").begin_array();
  for (const LintWarning& warning : saved->warnings)
    json.begin_object().field("pointer", warning.pointer).field("code", warning.code).field("text", warning.text).end_object();
  json.end_array().end_object();
  HttpResponse response = json_answer(json.take());
  response.headers.emplace_back("ETag", etag_of(saved->version));
  return response;
}

HttpResponse published(Result<std::uint64_t> version) {
  if (!version) return refuse(version.error());
  HttpResponse response = json_answer("{\"version\":" + std::to_string(*version) + "}");
  response.headers.emplace_back("ETag", etag_of(*version));
  return response;
}

/// {"note":"…","at":null}; a time in the future is not built yet.
Result<std::string> note_of(const std::string& body) {
  if (body.empty()) return std::string();
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(body));
  if (!document.root().is(JsonKind::object)) return fail_at("", "must be an object");
  std::string note;
  for (const JsonMember member : document.root().members()) {
    if (member.key == "note" && member.value.is(JsonKind::string)) note = member.value.text();
    else if (member.key == "note" && member.value.is(JsonKind::null)) continue;
    else if (member.key == "at" && member.value.is(JsonKind::null)) continue;
    else if (member.key == "at") return fail(ErrorCode::not_built, "publishing at a later time is not built in this release");
    else return fail_at("/" + std::string(member.key), "is not a field of this document");
  }
  return note;
}

HttpResponse publish_draft(const Service& service, const HttpRequest& http) {
  auto note = note_of(http.body);
  if (!note) return refuse(note.error());
  return published(service.app.publish_policy_draft(*note));
}

HttpResponse revert(const Service& service, const HttpRequest& http) {
  auto found = version_of(service, http.parameter("version"));
  if (!found) return refuse(found.error());
  return published(service.app.publish_policy(found->json, "revert to " + std::to_string(found->version)));
}

HttpResponse pause_sales(const Service& service, const HttpRequest& http) {
  auto paused = service.app.pause_sales(http.body);
  if (!paused) return refuse(paused.error());
  JsonWriter json;
  json.begin_object().field("version", paused->version).field("id", paused->id).end_object();
  HttpResponse response = json_answer(json.take());
  response.headers.emplace_back("ETag", etag_of(paused->version));
  return response;
}

} // namespace

void add_policy_routes(Router& router, const Service& service) {
  router.add({"GET", "/api/v1/policies/current", [&service](const HttpRequest& http) { return get_current(service, http); }, false});
  router.add({"GET", "/api/v1/policies/draft", [&service](const HttpRequest& http) { return get_draft(service, http); }, false});
  router.add({"PUT", "/api/v1/policies/draft", [&service](const HttpRequest& http) { return put_draft(service, http); }, false});
  router.add({"POST", "/api/v1/policies/draft/publish", [&service](const HttpRequest& http) { return publish_draft(service, http); }, false});
  router.add({"GET", "/api/v1/policies", [&service](const HttpRequest&) { return list_versions(service); }, false});
  router.add({"GET", "/api/v1/policies/{version}", [&service](const HttpRequest& http) { return get_version(service, http); }, false});
  router.add({"POST", "/api/v1/policies/{version}/revert", [&service](const HttpRequest& http) { return revert(service, http); }, false});
  router.add({"POST", "/api/v1/pause", [&service](const HttpRequest& http) { return pause_sales(service, http); }, false});
  router.add({"DELETE", "/api/v1/pause/{id}", [&service](const HttpRequest& http) { return published(service.app.resume_sales(http.parameter("id"))); }, false});
}

} // namespace takt
