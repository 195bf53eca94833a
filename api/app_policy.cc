// The policy: what is published acts on the next decision; a draft is published as a whole; a stop of selling is a version like any other,
// so that replay, revert and the list of versions know it. What waits for its time: app_policy_schedule.cc.
#include "api/app.h"
#include "api/json/fields.h"
#include "api/json/writer.h"
#include "engine/policy_lint.h"
#include "engine/stage/timed_rules.h"

#include <algorithm>
#include <fmt/format.h>

namespace takt {
namespace {

std::string note_json(const PolicyOrigin& origin) {
  JsonWriter json;
  json.begin_object().field("note", origin.note).field("what", origin.what).field_or_null("of", origin.of).end_object();
  return json.take();
}

/// A complaint about /pauses/2/until of the policy is one about /until of what was sent.
Error of_the_pause(Error error, std::size_t place) {
  const std::string prefix = "/pauses/" + std::to_string(place);
  for (FieldError& field : error.fields)
    if (field.pointer.starts_with(prefix)) field.pointer.erase(0, prefix.size());
  return error;
}

/// And so with warnings; those about other rules are none of this caller's.
std::vector<LintWarning> of_the_pause(std::vector<LintWarning> warnings, std::size_t place) {
  const std::string prefix = "/pauses/" + std::to_string(place);
  const auto is_its_own = [&](const LintWarning& warning) { return warning.pointer == prefix || warning.pointer.starts_with(prefix + "/"); };
  std::erase_if(warnings, [&](const LintWarning& warning) { return !is_its_own(warning); });
  for (LintWarning& warning : warnings) warning.pointer.erase(0, prefix.size());
  return warnings;
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

Result<std::uint64_t> App::publish_policy(std::string_view json, std::string_view author) { return publish_policy(json, PolicyOrigin{"publish", std::string(author)}); }

Result<std::uint64_t> App::publish_policy(std::string_view json, const PolicyOrigin& origin) {
  count_ahead(json);
  const std::lock_guard lock(change_mutex_);
  return publish_policy_locked(json, origin, {});
}

/// A scan of a large shop takes seconds; whoever wants to stop selling meanwhile must not wait for it.
void App::count_ahead(std::string_view policy_json) {
  const auto policy = checked_policy(policy_json, 0);
  if (policy) static_cast<void>(store_->count_for(policy->total_caps));
}

/// The policy, what is said of it and what goes with it in one write: a crash leaves all of it or nothing.
Result<std::uint64_t> App::publish_policy_locked(std::string_view json, const PolicyOrigin& origin, std::vector<Document> with) {
  TAKT_TRY(policy, checked_policy(json, 0));
  TAKT_TRY(totals, store_->count_for(policy.total_caps)); // counted before it is in force, and kept until then
  std::map<std::string, Audience> coming;
  for (const Document& document : with)
    if (document.kind == "audience" && !document.json.empty()) coming.try_emplace(document.id);
  TAKT_TRY_VOID(check_policy_audiences(json, coming));
  TAKT_TRY(current, store_->documents().get("policy", "current"));
  const std::uint64_t version = (current ? current->version : 0) + 1; // change_mutex_ is held, and the directory is ours alone
  TAKT_TRY(at, next_policy_at());
  with.push_back({"policy", "current", 0, std::string(json), at, origin.author});
  with.push_back({"policy_note", std::to_string(version), 0, note_json(origin), at, origin.author});
  TAKT_TRY_VOID(store_->documents().put_all(with));
  TAKT_TRY_VOID(reload_rulebook());
  return version;
}

/// What a rule names must be there: an audience nobody knows would be nobody, and the rule would never hold.
Status App::check_policy_audiences(std::string_view json, const std::map<std::string, Audience>& coming) const {
  const WorldPtr now_served = world();
  const auto& known = now_served->rulebook->audiences;
  Error error{ErrorCode::invalid, "the policy names an audience that is not there", {}};
  for (const AudienceUse& use : audiences_named_in(json))
    if (!coming.contains(use.audience) && !(known && known->find(use.audience))) error.fields.push_back({use.pointer, fmt::format("there is no audience \"{}\"", use.audience)});
  if (error.fields.empty()) return {};
  return tl::unexpected<Error>(std::move(error));
}

Result<Document> App::policy_draft() {
  TAKT_TRY(draft, store_->documents().get("policy_draft", "draft"));
  if (draft && !draft->json.empty()) return std::move(*draft);
  TAKT_TRY(current, document("policy", "current"));
  current.kind = "policy_draft";
  current.version = draft ? draft->version : 0;
  return current;
}

Result<SavedDraft> App::put_policy_draft(std::string_view json, std::uint64_t expected, std::string_view author) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(policy, checked_policy(json, 0));
  TAKT_TRY_VOID(check_policy_audiences(json));
  const UtcTime now = clock_.utc_now();
  TAKT_TRY(in_force, document("policy", "current"));
  TAKT_TRY(version, store_->documents().put({"policy_draft", "draft", 0, std::string(json), std::max(now, in_force.at), std::string(author)}, expected));
  const WorldPtr current = world();
  return SavedDraft{version, lint_policy(policy, *current->rulebook, *current->catalogue, *current->symbols, now)};
}

Result<Document> App::draft_to_publish(std::optional<std::uint64_t> expected) {
  TAKT_TRY(draft, store_->documents().get("policy_draft", "draft"));
  if (!draft || draft->json.empty()) return fail(ErrorCode::conflict, "no draft was started: there is nothing to publish");
  if (expected && *expected != draft->version) return fail(ErrorCode::conflict, "the draft was edited since it was read");
  return std::move(*draft);
}

/// Later than any policy and than the draft, as it is: a stop within the millisecond in which a draft was saved, or after the clock went back,
/// would else pass for one that its author saw and took out.
Result<UtcTime> App::next_policy_at() {
  TAKT_TRY(current, store_->documents().get("policy", "current"));
  TAKT_TRY(draft, store_->documents().get("policy_draft", "draft"));
  UtcTime at = clock_.utc_now();
  if (current) at = std::max(at, current->at);
  if (draft && !draft->json.empty()) at = std::max(at, draft->at + Duration{1});
  return at;
}

/// What was in force when a draft was saved: a stop of selling that came later is no part of what its author took out.
Result<Document> App::policy_at(UtcTime t, Document current) {
  while (current.at > t && current.version > 1) {
    TAKT_TRY(before, store_->documents().get_version("policy", "current", current.version - 1));
    if (!before) break;
    current = std::move(*before);
  }
  return current;
}

Result<std::uint64_t> App::publish_policy_draft(const Publishing& publishing) {
  if (const auto draft = policy_draft()) count_ahead(draft->json);
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(draft, draft_to_publish(publishing.draft));
  const UtcTime now = clock_.utc_now();
  TAKT_TRY(current, document("policy", "current"));
  TAKT_TRY(base, policy_at(draft.at, current));
  const std::string json = with_pauses_since(draft.json, base.json, current.json, now);
  return publish_policy_locked(json, {"publish", publishing.author, publishing.note}, {{"policy_draft", "draft", 0, "", now, publishing.author}});
}

Result<PausedSales> App::pause_sales(std::string_view json, std::string_view author) {
  JsonDocument body;
  TAKT_TRY_VOID(body.parse(json));
  if (!body.root().is(JsonKind::object)) return fail_at("", "must be an object: match, until, note");
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(current, document("policy", "current"));
  const UtcTime now = clock_.utc_now();
  PausedSales paused{0, fmt::format("pause-{}", current.version + 1)};
  if (const auto id = body.root().find("id"); id && id->is(JsonKind::string)) paused.id = id->text();
  std::vector<std::string> pauses = pauses_running(current.json, now, paused.id);   // the same id again: another end for the same stop
  pauses.push_back(named(body.root(), paused.id));
  const std::string next = with_pauses(current.json, pauses);
  auto checked = checked_policy(next, 0);
  if (!checked) return tl::unexpected(of_the_pause(checked.error(), pauses.size() - 1));
  if (const auto end = pause_until(checked->pauses.back()); end && *end <= now)
    return fail_at(checked->pauses.back().until == end ? "/until" : "/schedule/to", "has passed already: nothing would be paused");
  const auto version = publish_policy_locked(next, {"pause", std::string(author), "paused: " + paused.id, paused.id}, {});
  if (!version) return tl::unexpected(of_the_pause(version.error(), pauses.size() - 1));
  paused.version = *version;
  const WorldPtr served = world(); // after it is in force: a stop does not wait for a look at the catalogue
  paused.warnings = of_the_pause(lint_policy(*checked, *served->rulebook, *served->catalogue, *served->symbols, now), pauses.size() - 1);
  return paused;
}

Result<std::uint64_t> App::resume_sales(std::string_view id, std::string_view author) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(current, document("policy", "current"));
  JsonDocument policy;
  TAKT_TRY_VOID(policy.parse(current.json));
  const auto list = policy.root().find("pauses");
  bool is_there = false;
  if (list)
    for (const JsonValue pause : list->elements()) is_there = is_there || (pause.find("id") && pause.find("id")->text() == id);
  if (!is_there) return fail(ErrorCode::not_found, fmt::format("nothing is paused as '{}'", id));
  return publish_policy_locked(with_pauses(current.json, pauses_running(current.json, clock_.utc_now(), id)),
                               {"resume", std::string(author), "", std::string(id)}, {});
}

} // namespace takt
