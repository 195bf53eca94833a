// Backups that a server makes by itself or is asked for: into the directory that its configuration names, never one that a caller names.
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "api/upkeep.h"

namespace takt {
namespace {

void write_backup(JsonWriter& json, const Backup& backup) {
  json.begin_object().field("id", backup.id).field("at", backup.at).field("takt", backup.takt);
  json.field("bytes", backup.bytes).field("bytes_added", backup.bytes_added).field("seconds", backup.seconds).end_object();
}

/// Newest first.
Result<std::string> list_of(const Backups& backups) {
  TAKT_TRY(found, backups.list());
  const BackupState state = backups.state();
  const bool is_paced = state.plan.every > Duration(0);
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (auto backup = found.rbegin(); backup != found.rend(); ++backup) write_backup(json, *backup);
  json.end_array().key("next_cursor").null();
  json.field_or_null("directory", state.plan.directory).field_or_null("every", is_paced ? format_duration(state.plan.every) : std::string());
  json.field("keep", std::uint64_t{state.plan.kept}).field("running", state.is_running).field_or_null("failure", state.failed_at ? state.failure : std::string());
  json.end_object();
  return json.take();
}

} // namespace

void add_backup_routes(Router& router, const Service& service) {
  router.add({"GET", "/api/v1/backups", [&service](const HttpRequest& http) {
    if (auto known = only_parameters(http, {}); !known) return refuse(known.error());
    return json_result(list_of(service.app.upkeep().backups()));
  }});
  router.add({"POST", "/api/v1/backups", [&service](const HttpRequest& http) {
    if (auto known = only_parameters(http, {}); !known) return refuse(known.error());
    if (auto begun = service.app.upkeep().backups().begin(); !begun) return refuse(begun.error());
    return json_answer(R"({"running":true})", 202);
  }});
}

} // namespace takt
