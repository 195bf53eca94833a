#include "api/what_if.h"

#include "api/json/reader.h"
#include "api/past_worlds.h"

#include <algorithm>

namespace takt {
namespace {

Result<UtcTime> time_at(const JsonMember& member) {
  const std::string pointer = "/" + std::string(member.key);
  if (!member.value.is(JsonKind::string)) return fail_at(pointer, "must be a time, RFC 3339 with a zone");
  auto time = parse_utc(member.value.text());
  if (!time) return fail_at(pointer, time.error().message);
  return *time;
}

Status take_member(const JsonMember& member, what_if::Options& options, bool& has_from) {
  const bool is_known = member.key == "from" || member.key == "to" || member.key == "sample";
  if (!is_known) return fail_at("/" + std::string(member.key), "is not a field of a preview: from, to, sample");
  if (member.value.is(JsonKind::null)) return {};
  if (member.key == "sample") {
    if (!member.value.is(JsonKind::number)) return fail_at("/sample", "must be a number: a share of the customers");
    options.sample = member.value.real();
    return {};
  }
  TAKT_TRY(time, time_at(member));
  (member.key == "from" ? options.range.from : options.range.to) = time;
  has_from = has_from || member.key == "from";
  return {};
}

} // namespace

Result<what_if::Report> what_if_of(App& app, std::string_view policy_json, const what_if::Options& options) {
  TAKT_TRY(draft, app.checked_policy(policy_json, 0));
  const WorldPtr current = app.world();
  PastWorlds worlds(app, current);
  return what_if::run(app.store(), [&](const Versions& versions) { return worlds.find(versions); }, current->policy(), std::make_shared<const Policy>(std::move(draft)), options,
                      app.clock());
}

Result<what_if::Options> preview_options(std::string_view body, UtcTime now) {
  what_if::Options options;
  options.threads = preview_threads;
  options.decisions_max = preview_decisions_max;
  options.customers_max = preview_customers_max;
  bool has_from = false;
  JsonDocument document; // its values look into `body`
  if (!body.empty()) {
    TAKT_TRY_VOID(document.parse(body));
    if (!document.root().is(JsonKind::object)) return fail_at("", "must be an object: from, to, sample");
    for (const JsonMember member : document.root().members()) TAKT_TRY_VOID(take_member(member, options, has_from));
  }
  if (!has_from) options.range.from = std::min(options.range.to, now) - preview_range;
  return options;
}

std::string_view doubt_text(std::string_view code) {
  if (code == "histories_part_early") return "Under the draft most histories soon part from what was logged; what people answered afterwards says nothing about it.";
  if (code == "effective_sample_too_small") return "The logged answers that count for the draft amount to too few decisions.";
  if (code == "too_few_responses") return "Too few people responded.";
  if (code == "draft_shows_what_the_log_could_not") return "The draft shows things that the policy of then could not have shown: nobody can have answered them.";
  if (code == "odds_unknown") return "For too many decisions it is not known how likely the logged answer would be under the draft.";
  return code;
}

} // namespace takt
