// The policy: what is published acts on the next decision; a draft is published as a whole; a stop of selling is a version like any other,
// so that replay, revert and the list of versions know it.
#include "api/app.h"
#include "api/json/fields.h"
#include "api/json/writer.h"
#include "engine/policy_lint.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

constexpr const char* default_author = "api";

std::string note_json(std::string_view note) { return nlohmann::json{{"note", note}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

/// The policy with other pauses: everything else stays as it was written.
std::string with_pauses(JsonValue policy, const std::vector<std::string>& pauses) {
  JsonWriter json;
  json.begin_object();
  for (const JsonMember member : policy.members())
    if (member.key != "pauses") json.key(member.key).raw(member.value.source());
  json.key("pauses").begin_array();
  for (const std::string& pause : pauses) json.raw(pause);
  json.end_array().end_object();
  return json.take();
}

/// The pauses of a policy that still hold, but for one id.
std::vector<std::string> pauses_of(JsonValue policy, UtcTime now, std::string_view without) {
  std::vector<std::string> kept;
  const auto list = policy.find("pauses");
  if (!list) return kept;
  for (const JsonValue pause : list->elements()) {
    const auto id = pause.find("id"), until = pause.find("until");
    if (id && id->text() == without) continue;
    const auto end = until && until->is(JsonKind::string) ? parse_utc(until->text()) : fail(ErrorCode::invalid, "no end");
    if (!end || *end > now) kept.emplace_back(pause.source());
  }
  return kept;
}

/// A complaint about /pauses/2/until of the policy is one about /until of what was sent.
Error of_the_pause(Error error, std::size_t place) {
  const std::string prefix = "/pauses/" + std::to_string(place);
  for (FieldError& field : error.fields)
    if (field.pointer.starts_with(prefix)) field.pointer.erase(0, prefix.size());
  return error;
}

/// What was sent, with an id where it has none.
std::string named(JsonValue body, std::string_view id) {
  JsonWriter json;
  json.begin_object();
  const auto given = body.find("id");
  const bool has_id = given && !given->is(JsonKind::null);
  if (!has_id) json.field("id", id);
  for (const JsonMember member : body.members())
    if (has_id || member.key != "id") json.key(member.key).raw(member.value.source());
  json.end_object();
  return json.take();
}

} // namespace

Result<std::uint64_t> App::publish_policy(std::string_view json, std::string_view author) {
  const std::lock_guard lock(change_mutex_);
  return publish_policy_locked(json, author);
}

Result<std::uint64_t> App::publish_policy_locked(std::string_view json, std::string_view author) {
  TAKT_TRY(policy, checked_policy(json, 0));
  TAKT_TRY_VOID(check_rule_audiences(policy));
  TAKT_TRY(version, store_->documents().put({"policy", "current", 0, std::string(json), clock_.utc_now(), std::string(author)}, std::nullopt));
  TAKT_TRY_VOID(reload_rulebook());
  return version;
}

Result<Document> App::policy_draft() {
  TAKT_TRY(draft, store_->documents().get("policy_draft", "draft"));
  if (draft && !draft->json.empty()) return std::move(*draft);
  TAKT_TRY(current, document("policy", "current"));
  current.kind = "policy_draft";
  current.version = draft ? draft->version : 0;
  return current;
}

Result<SavedDraft> App::put_policy_draft(std::string_view json, std::uint64_t expected) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(policy, checked_policy(json, 0));
  TAKT_TRY_VOID(check_rule_audiences(policy));
  const UtcTime now = clock_.utc_now();
  TAKT_TRY(version, store_->documents().put({"policy_draft", "draft", 0, std::string(json), now, default_author}, expected));
  const WorldPtr current = world();
  return SavedDraft{version, lint_policy(policy, *current->rulebook, *current->catalogue, *current->symbols, now)};
}

Result<std::uint64_t> App::publish_policy_draft(std::string_view note) {
  TAKT_TRY(draft, store_->documents().get("policy_draft", "draft"));
  if (!draft || draft->json.empty()) return fail(ErrorCode::conflict, "no draft was started: there is nothing to publish");
  TAKT_TRY(version, publish_policy(draft->json, draft->author));
  if (!note.empty()) {
    TAKT_TRY(stored, store_->documents().put({"policy_note", std::to_string(version), 0, note_json(note), clock_.utc_now(), draft->author}, std::nullopt));
    static_cast<void>(stored);
  }
  // Put back only if nobody edited it meanwhile: their draft goes on.
  auto cleared = store_->documents().put({"policy_draft", "draft", 0, "", clock_.utc_now(), draft->author}, draft->version);
  if (!cleared && cleared.error().code != ErrorCode::conflict) return tl::unexpected(cleared.error());
  return version;
}

Result<PausedSales> App::pause_sales(std::string_view json) {
  JsonDocument body;
  TAKT_TRY_VOID(body.parse(json));
  if (!body.root().is(JsonKind::object)) return fail_at("", "must be an object: match, until, note");
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(current, document("policy", "current"));
  JsonDocument policy;
  TAKT_TRY_VOID(policy.parse(current.json));
  const UtcTime now = clock_.utc_now();
  PausedSales paused{0, fmt::format("pause-{}", current.version + 1)};
  if (const auto id = body.root().find("id"); id && id->is(JsonKind::string)) paused.id = id->text();
  std::vector<std::string> pauses = pauses_of(policy.root(), now, paused.id);   // the same id again: another end for the same stop
  pauses.push_back(named(body.root(), paused.id));
  const std::string next = with_pauses(policy.root(), pauses);
  auto checked = checked_policy(next, 0);
  if (!checked) return tl::unexpected(of_the_pause(checked.error(), pauses.size() - 1));
  if (const auto& until = checked->pauses.back().until; until && *until <= now) return fail_at("/until", "has passed already: nothing would be paused");
  TAKT_TRY(version, publish_policy_locked(next, default_author));
  paused.version = version;
  TAKT_TRY(stored, store_->documents().put({"policy_note", std::to_string(version), 0, note_json("paused: " + paused.id), now, default_author}, std::nullopt));
  static_cast<void>(stored);
  return paused;
}

Result<std::uint64_t> App::resume_sales(std::string_view id) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(current, document("policy", "current"));
  JsonDocument policy;
  TAKT_TRY_VOID(policy.parse(current.json));
  const auto list = policy.root().find("pauses");
  bool is_there = false;
  if (list)
    for (const JsonValue pause : list->elements()) is_there = is_there || (pause.find("id") && pause.find("id")->text() == id);
  if (!is_there) return fail(ErrorCode::not_found, fmt::format("nothing is paused as '{}'", id));
  return publish_policy_locked(with_pauses(policy.root(), pauses_of(policy.root(), clock_.utc_now(), id)), default_author);
}

} // namespace takt
