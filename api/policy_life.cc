#include "api/policy_life.h"

#include "api/json/codecs.h"
#include "api/json/deep_document.h"
#include "api/json/fields.h"
#include "api/json/writer.h"

#include <algorithm>

namespace takt {
namespace {

void write_error(JsonWriter& json, const Error& error) {
  json.begin_object().field("code", name_of(error.code)).field("message", error.message).key("errors").begin_array();
  for (const FieldError& field : error.fields) json.begin_object().field("pointer", field.pointer).field("detail", field.detail).end_object();
  json.end_array().end_object();
}

Error read_error(JsonValue value) {
  Error error{ErrorCode::invalid, "", {}};
  if (const auto message = value.find("message"); message && message->is(JsonKind::string)) error.message = message->text();
  if (const auto errors = value.find("errors"); errors && errors->is(JsonKind::array))
    for (const JsonValue field : errors->elements()) {
      const auto pointer = field.find("pointer"), detail = field.find("detail");
      if (pointer && detail) error.fields.push_back({std::string(pointer->text()), std::string(detail->text())});
    }
  return error;
}

/// Depth is bounded by the parser. What a condition names, however deep, is named where the rule has the condition.
void collect_uses(JsonValue value, const std::string& pointer, bool in_audience, std::vector<AudienceUse>& out) {
  if (value.is(JsonKind::array)) {
    std::size_t place = 0;
    for (const JsonValue element : value.elements()) {
      collect_uses(element, in_audience ? pointer : pointer_to(pointer, place), in_audience, out);
      ++place;
    }
  }
  if (!value.is(JsonKind::object)) return;
  for (const JsonMember member : value.members()) {
    const bool is_audience = member.key == "audience";
    const std::string here = in_audience ? pointer : pointer_to(pointer, member.key);
    if (is_audience && member.value.is(JsonKind::string)) out.push_back({here, std::string(member.value.text())});
    else collect_uses(member.value, here, in_audience || is_audience, out);
  }
}

struct Pause { std::string name, text; };

/// By id; a pause without one is itself.
std::vector<Pause> pauses_of(JsonValue policy) {
  std::vector<Pause> pauses;
  const auto list = policy.find("pauses");
  if (!list || !list->is(JsonKind::array)) return pauses;
  for (const JsonValue pause : list->elements()) {
    const auto id = pause.find("id");
    const bool named = id && id->is(JsonKind::string);
    pauses.push_back({named ? "id:" + std::string(id->text()) : canonical_json(pause), std::string(pause.source())});
  }
  return pauses;
}

bool contains(const std::vector<Pause>& pauses, const std::string& name) {
  return std::any_of(pauses.begin(), pauses.end(), [&](const Pause& pause) { return pause.name == name; });
}

/// Texts of the store are JSON: what is not has no members.
struct Parsed {
  JsonDocument document;
  explicit Parsed(std::string_view json) {
    if (!document.parse(json)) {
      const Status empty = document.parse("{}");
      static_cast<void>(empty);
    }
  }
};

} // namespace

std::string write_scheduled_policy(const ScheduledPolicy& scheduled) {
  JsonWriter json;
  json.begin_object().field("at", scheduled.at).field("note", scheduled.note).field("author", scheduled.author).field("draft", scheduled.draft);
  json.field("based_on", scheduled.based_on).field("failed_at", scheduled.failed_at).key("error");
  if (scheduled.error) write_error(json, *scheduled.error);
  else json.null();
  json.key("policy").raw(scheduled.json).end_object();
  return json.take();
}

Result<ScheduledPolicy> read_scheduled_policy(std::string_view json, std::string_view id, std::uint64_t version) {
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(json));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  ScheduledPolicy scheduled;
  scheduled.id = id;
  scheduled.version = version;
  scheduled.at = fields.time("at").value_or(UtcTime{});
  scheduled.note = fields.text("note").value_or("");
  scheduled.author = fields.text("author").value_or("");
  scheduled.draft = fields.natural("draft", 0, UINT64_MAX).value_or(0);
  scheduled.based_on = fields.natural("based_on", 0, UINT64_MAX).value_or(0);
  scheduled.failed_at = fields.time("failed_at");
  if (const auto error = fields.take("error")) scheduled.error = read_error(*error);
  if (const auto policy = fields.take("policy")) scheduled.json = policy->source();
  fields.need("policy", !scheduled.json.empty());
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return scheduled;
}

std::vector<AudienceUse> audiences_named_in(std::string_view policy_json) {
  std::vector<AudienceUse> uses;
  JsonDocument document;
  if (!parse_own_document(document, policy_json) || !document.root().is(JsonKind::object)) return uses;
  for (const JsonMember member : document.root().members())
    if (member.key != "consent") collect_uses(member.value, pointer_to("", member.key), false, uses); // its map has categories of the shop's own for keys
  return uses;
}

std::vector<std::string> pauses_running(std::string_view policy_json, UtcTime now, std::string_view without) {
  std::vector<std::string> kept;
  const Parsed policy(policy_json);
  const auto list = policy.document.root().find("pauses");
  if (!list || !list->is(JsonKind::array)) return kept;
  for (const JsonValue pause : list->elements()) {
    const auto id = pause.find("id"), until = pause.find("until");
    if (!without.empty() && id && id->is(JsonKind::string) && id->text() == without) continue;
    const auto schedule = pause.find("schedule");
    const auto to = schedule && schedule->is(JsonKind::object) ? schedule->find("to") : std::nullopt;
    const auto is_over = [&](const std::optional<JsonValue>& end) {
      if (!end || !end->is(JsonKind::string)) return false;
      const auto t = parse_utc(end->text());
      return t && *t <= now;
    };
    if (!is_over(until) && !is_over(to)) kept.emplace_back(pause.source());
  }
  return kept;
}

std::string with_pauses(std::string_view policy_json, const std::vector<std::string>& pauses) {
  const Parsed policy(policy_json);
  JsonWriter json;
  json.begin_object();
  for (const JsonMember member : policy.document.root().members())
    if (member.key != "pauses") json.key(member.key).raw(member.value.source());
  json.key("pauses").begin_array();
  for (const std::string& pause : pauses) json.raw(pause);
  json.end_array().end_object();
  return json.take();
}

std::string with_pauses_since(std::string_view later, std::string_view base, std::string_view current, UtcTime now) {
  const Parsed later_policy(later), base_policy(base);
  const std::string running = with_pauses(current, pauses_running(current, now, ""));
  const Parsed running_policy(running), current_policy(current);
  const auto meant = pauses_of(later_policy.document.root()), then = pauses_of(base_policy.document.root());
  const auto there = pauses_of(current_policy.document.root()), still = pauses_of(running_policy.document.root());
  std::vector<std::string> pauses;
  bool changed = false;
  for (const Pause& pause : meant) {
    const bool resumed = contains(then, pause.name) && !contains(there, pause.name);
    if (!resumed) pauses.push_back(pause.text);
    changed = changed || resumed;
  }
  for (const Pause& pause : still)
    if (!contains(then, pause.name) && !contains(meant, pause.name)) {
      pauses.push_back(pause.text);
      changed = true;
    }
  return changed ? with_pauses(later, pauses) : std::string(later);
}

} // namespace takt
