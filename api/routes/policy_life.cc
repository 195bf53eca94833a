// How a policy comes into force: published now or at a time, who did it and why, and what two versions differ in.
#include "api/routes/policy_life.h"

#include "api/json/document_diff.h"
#include "api/json/fields.h"
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"

#include <algorithm>
#include <charconv>

namespace takt {

std::string author_of(const HttpRequest& http) {
  const std::string& author = http.header("takt-author");
  if (!author.empty() && !objection_to_text(author, limits::id_bytes_max)) return author;
  return http.caller.name.empty() ? "api" : http.caller.name;
}

Result<Publishing> publishing_of(const HttpRequest& http, std::initializer_list<std::string_view> known) {
  Publishing publishing;
  publishing.author = author_of(http);
  if (http.body.empty()) return publishing;
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(http.body));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  const auto takes = [&](std::string_view key) { return std::find(known.begin(), known.end(), key) != known.end(); };
  if (takes("note")) publishing.note = fields.text("note").value_or("");
  if (takes("author")) publishing.author = fields.text("author", limits::id_bytes_max).value_or(publishing.author);
  if (takes("at")) publishing.at = fields.time("at");
  if (takes("replaces")) publishing.replaces = fields.text("replaces", limits::id_bytes_max).value_or("");
  if (!publishing.replaces.empty() && !fields.has("at")) fields.complain("replaces", "only what waits for a time can be replaced: at is missing");
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return publishing;
}

HttpResponse published_answer(Result<std::uint64_t> version) {
  if (!version) return refuse(version.error());
  HttpResponse response = json_answer("{\"version\":" + std::to_string(*version) + "}");
  response.headers.emplace_back("ETag", etag_of(*version));
  return response;
}

namespace {

Result<ScheduledPolicy> scheduled_named(App& app, const std::string& id) {
  TAKT_TRY(document, app.document("policy_scheduled", id));
  return read_scheduled_policy(document.json, id, document.version);
}

} // namespace

Result<Document> policy_named(App& app, const std::string& name) {
  if (name == "current") return app.document("policy", "current");
  if (name == "draft") return app.policy_draft();
  if (name.starts_with("scheduled-")) {
    TAKT_TRY(scheduled, scheduled_named(app, name));
    return Document{"policy_scheduled", name, scheduled.version, std::move(scheduled.json), {}, scheduled.author};
  }
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (error != std::errc{} || end != name.data() + name.size()) return fail(ErrorCode::not_found, "a policy version is a number");
  TAKT_TRY(found, app.store().documents().get_version("policy", "current", version));
  if (!found) return fail(ErrorCode::not_found, "there is no policy version " + name);
  return std::move(*found);
}

namespace {

void write_scheduled(JsonWriter& json, const ScheduledPolicy& scheduled) {
  json.begin_object().field("id", scheduled.id).field("at", scheduled.at).field("state", scheduled.failed_at ? "failed" : "waiting");
  json.field("author", scheduled.author).field_or_null("note", scheduled.note).field("draft", scheduled.draft).field("based_on", scheduled.based_on);
  json.field("failed_at", scheduled.failed_at).key("error");
  if (scheduled.error) json.raw(problem_of(*scheduled.error).body);
  else json.null();
  json.end_object();
}

HttpResponse publish_draft(const Service& service, const HttpRequest& http) {
  auto publishing = publishing_of(http, {"note", "author", "at", "replaces"});
  if (!publishing) return refuse(publishing.error());
  auto expected = expected_version(http);
  if (!expected) return refuse(expected.error());
  publishing->draft = *expected;
  const auto refused = [&](const Error& error) {
    auto draft = service.app.policy_draft();
    const bool stale = error.code == ErrorCode::conflict && *expected && draft && draft->version != **expected;
    return stale ? stale_answer(draft->version) : refuse(error);
  };
  if (!publishing->at) {
    auto version = service.app.publish_policy_draft(*publishing);
    return version ? published_answer(*version) : refused(version.error());
  }
  auto scheduled = service.app.schedule_policy_draft(*publishing);
  if (!scheduled) return refused(scheduled.error());
  JsonWriter json;
  write_scheduled(json, *scheduled);
  HttpResponse response = json_answer(json.take(), 202);
  response.headers.emplace_back("ETag", etag_of(scheduled->version));
  response.headers.emplace_back("Location", "/api/v1/policies/scheduled/" + scheduled->id);
  return response;
}

HttpResponse list_scheduled(const Service& service) {
  auto all = service.app.scheduled_policies();
  if (!all) return refuse(all.error());
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const ScheduledPolicy& scheduled : *all) write_scheduled(json, scheduled);
  json.end_array().key("next_cursor").null().end_object();
  return json_answer(json.take());
}

HttpResponse get_scheduled(const Service& service, const HttpRequest& http) {
  auto scheduled = scheduled_named(service.app, http.parameter("id"));
  if (!scheduled) return refuse(scheduled.error());
  std::string shown;
  JsonWriter head;
  write_scheduled(head, *scheduled);
  shown = head.take();
  shown.back() = ',';
  HttpResponse response = json_answer(shown + "\"policy\":" + scheduled->json + "}");
  response.headers.emplace_back("ETag", etag_of(scheduled->version));
  return response;
}

HttpResponse delete_scheduled(const Service& service, const HttpRequest& http) {
  auto expected = expected_version(http);
  if (!expected) return refuse(expected.error());
  const std::string& id = http.parameter("id");
  const Status gone = service.app.unschedule_policy(id, *expected, author_of(http));
  if (!gone && gone.error().code == ErrorCode::conflict) {
    auto now = service.app.store().documents().get("policy_scheduled", id);
    return stale_answer(now && *now ? (*now)->version : 0);
  }
  if (!gone) return refuse(gone.error());
  HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  return response;
}

/// What was done, of versions from before it was noted.
std::string_view deed_of(const Document& version) {
  if (version.author == "takt") return "start";
  if (version.author == "import") return "import";
  return version.author.starts_with("revert to ") ? "revert" : "publish";
}

HttpResponse list_versions(const Service& service) {
  auto history = service.app.store().documents().history("policy", "current");
  if (!history) return refuse(history.error());
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (auto version = history->rbegin(); version != history->rend(); ++version) {
    json.begin_object().field("version", version->version).field("at", version->at).field("author", version->author);
    auto kept = service.app.document("policy_note", std::to_string(version->version));
    JsonDocument document;
    const bool has_note = kept && document.parse(kept->json);
    const auto text = [&](std::string_view key) {
      const auto value = has_note ? document.root().find(key) : std::nullopt;
      return value && value->is(JsonKind::string) ? std::string(value->text()) : std::string();
    };
    const std::string what = text("what");
    json.field("what", what.empty() ? deed_of(*version) : std::string_view(what)).field_or_null("of", text("of")).field_or_null("note", text("note")).end_object();
  }
  json.end_array().key("next_cursor").null().end_object();
  return json_answer(json.take());
}

HttpResponse diff(const Service& service, const HttpRequest& http) {
  const std::string &from = http.parameter("from"), &to = http.parameter("to");
  auto before = policy_named(service.app, from), after = policy_named(service.app, to);
  if (!before) return refuse(before.error());
  if (!after) return refuse(after.error());
  JsonDocument old_policy, new_policy;
  if (auto parsed = old_policy.parse(before->json); !parsed) return refuse(parsed.error());
  if (auto parsed = new_policy.parse(after->json); !parsed) return refuse(parsed.error());
  const PolicyDiff differs = diff_policies(old_policy.root(), new_policy.root());
  JsonWriter json;
  json.begin_object().field("from", from).field("from_version", before->version).field("to", to).field("to_version", after->version);
  json.field("same", differs.empty());
  write_policy_diff(json, differs);
  json.end_object();
  return json_answer(json.take());
}

} // namespace

void add_policy_life_routes(Router& router, const Service& service) {
  router.add({"POST", "/api/v1/policies/draft/publish", [&service](const HttpRequest& http) { return publish_draft(service, http); }, false});
  router.add({"GET", "/api/v1/policies", [&service](const HttpRequest&) { return list_versions(service); }, false});
  router.add({"GET", "/api/v1/policies/scheduled", [&service](const HttpRequest&) { return list_scheduled(service); }, false});
  router.add({"GET", "/api/v1/policies/scheduled/{id}", [&service](const HttpRequest& http) { return get_scheduled(service, http); }, false});
  router.add({"DELETE", "/api/v1/policies/scheduled/{id}", [&service](const HttpRequest& http) { return delete_scheduled(service, http); }, false});
  router.add({"GET", "/api/v1/policies/{from}/diff/{to}", [&service](const HttpRequest& http) { return diff(service, http); }, false});
}

} // namespace takt
