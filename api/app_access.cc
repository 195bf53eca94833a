// Who may call, and who changed what.
#include "api/app.h"
#include "api/forgetting.h"
#include "api/json/fields.h"
#include "api/json/writer.h"
#include "api/router.h"

#include <algorithm>
#include <deque>
#include <random>

namespace takt {
namespace {

void write_texts(JsonWriter& json, const char* name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

void write_key(JsonWriter& json, const AccessKey& key) {
  json.field("id", key.id).field("role", to_text(key.role)).field("mode", key.mode == KeyMode::live ? "live" : "test").field("name", key.name);
  write_texts(json, "origins", key.origins);
  write_texts(json, "placements", key.placements);
  json.field("rate", key.rate.per_second > 0 ? std::optional(key.rate.per_second) : std::nullopt).field("burst", key.rate.per_second > 0 ? std::optional(key.rate.burst) : std::nullopt);
  json.field("created_at", key.created_at).field("revoked_at", key.revoked_at);
}

Result<AccessKey> wanted_key(std::string_view body) {
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(body));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  AccessKey key;
  const auto role = parse_role(fields.text("role", limits::id_bytes_max).value_or(""));
  if (!role) fields.complain("role", "must be publishable, decide, service, viewer, marketer, approver, analyst or admin");
  else key.role = *role;
  key.mode = fields.choice<KeyMode>("mode", {{"live", KeyMode::live}, {"test", KeyMode::test}}).value_or(KeyMode::live);
  key.name = fields.text("name", limits::id_bytes_max).value_or("");
  key.origins = fields.texts("origins", limits::selector_values_max);
  key.placements = fields.texts("placements", limits::selector_values_max);
  key.rate = read_rate(fields);
  if (!key.origins.empty() && key.role != Role::publishable) fields.complain("origins", "only a publishable key is used by pages");
  if (!key.placements.empty() && key.role != Role::decide) fields.complain("placements", "only a key of role decide is bound to placements");
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return key;
}

/// The change stands, whether or not its note does.
void put_note(Documents& documents, std::string json, UtcTime now) {
  // Ascending by time. Two changes of one millisecond differ by chance: their request ids are the callers' own words, and could be the same.
  Document note{"audit", "", 0, std::move(json), now, "takt"};
  for (int attempt = 0; attempt < 4; ++attempt) {
    note.id = audit_id(now, std::random_device{}());
    const auto put = documents.put(note, 0);
    if (put || put.error().code != ErrorCode::conflict) return;
  }
}

} // namespace

Result<std::string> App::create_key(std::string_view body, const std::string& author) {
  TAKT_TRY(wanted, wanted_key(body));
  const bool first = gatekeeper_->is_open();
  if (first && wanted.role != Role::admin) return fail_at("/role", "the first key must be an admin's: from then on every call needs one, also the call that makes the next");
  TAKT_TRY(made, gatekeeper_->create(std::move(wanted), clock_.utc_now(), author));
  JsonWriter json;
  json.begin_object();
  write_key(json, made.key);
  json.field("key", made.text).end_object();
  return json.take();
}

Status App::revoke_key(const std::string& id, const std::string& author) { return gatekeeper_->revoke(id, clock_.utc_now(), author); }

std::string App::keys_json() const {
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const Gatekeeper::Listed& listed : gatekeeper_->list()) {
    json.begin_object();
    write_key(json, listed.key);
    json.field("last_used_at", listed.last_used_at).end_object();
  }
  json.end_array().key("next_cursor").null().end_object();
  return json.take();
}

/// A person stands in the audit log as our own id of them, which an erasure can find again, never by a name that somebody else gave them; nor does a
/// fact about them, whose name may be about nobody else.
std::string App::path_without_names(const HttpRequest& http, std::string_view route) {
  constexpr std::string_view people = "/api/v1/customers/{id}";
  if (!route.starts_with(people)) return http.path;
  const auto customer = find_customer(http.parameter("id"));
  return "/api/v1/customers/" + (customer ? takt::to_text(*customer) : std::string("{id}")) + std::string(route.substr(people.size()));
}

void App::note_change(const HttpRequest& http, std::string_view route, int status) {
  const UtcTime now = clock_.utc_now();
  JsonWriter json;
  json.begin_object().field("at", now).field_or_null("key", http.caller.key_id).field_or_null("key_name", http.caller.name);
  json.field_or_null("author", http.header("takt-author")).field("method", http.method).field("path", path_without_names(http, route)).field("route", route);
  json.field("status", std::int64_t{status}).field("request_id", http.id).end_object();
  put_note(store_->documents(), json.take(), now);
}

void App::note_command(std::string_view command, std::string_view of) {
  const UtcTime now = clock_.utc_now();
  JsonWriter json;
  json.begin_object().field("at", now).key("key").null().key("key_name").null().field("author", "command line").field("method", "COMMAND");
  json.field("path", std::string(command) + (of.empty() ? "" : " ") + std::string(of)).field("route", command).field("status", std::int64_t{200}).field("request_id", "").end_object();
  put_note(store_->documents(), json.take(), now);
}

Result<std::string> App::audit_json(std::size_t limit) {
  std::deque<std::string> newest;
  TAKT_TRY_VOID(store_->documents().scan("audit", [&](const Document& document) {
    newest.push_back(document.json);
    if (newest.size() > limit) newest.pop_front();
    return true;
  }));
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (auto note = newest.rbegin(); note != newest.rend(); ++note) json.raw(*note);
  json.end_array().key("next_cursor").null().end_object();
  return json.take();
}

} // namespace takt
