// A policy that waits for its time: kept as a document of its own, so that a server that was down at that time publishes it when it comes back.
#include "api/app.h"

#include <algorithm>
#include <fmt/format.h>

namespace takt {
namespace {

constexpr const char* kind = "policy_scheduled";

} // namespace

Result<std::vector<ScheduledPolicy>> App::scheduled_policies() {
  std::vector<ScheduledPolicy> waiting;
  Status status;
  TAKT_TRY_VOID(store_->documents().scan(kind, [&](const Document& document) {
    if (document.json.empty()) return true;
    auto scheduled = read_scheduled_policy(document.json, document.id, document.version);
    if (scheduled) waiting.push_back(std::move(*scheduled));
    else status = tl::unexpected(scheduled.error());
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  std::stable_sort(waiting.begin(), waiting.end(), [](const ScheduledPolicy& one, const ScheduledPolicy& other) { return one.at < other.at; });
  return waiting;
}

/// Ids are never used again, so that what is said of one in the list of versions stays true.
Result<std::string> App::next_schedule_id() {
  std::size_t given = 0;
  TAKT_TRY_VOID(store_->documents().scan(kind, [&](const Document&) {
    ++given;
    return true;
  }));
  return fmt::format("scheduled-{}", given + 1);
}

Result<ScheduledPolicy> App::schedule_policy_draft(const Publishing& publishing) {
  const std::lock_guard lock(change_mutex_);
  const UtcTime now = clock_.utc_now();
  if (!publishing.at || *publishing.at <= now) return fail_at("/at", "has passed already: leave it out to publish now");
  TAKT_TRY(draft, draft_to_publish(publishing.draft));
  TAKT_TRY(policy, checked_policy(draft.json, 0)); // what it names may have gone since it was saved
  static_cast<void>(policy);
  TAKT_TRY_VOID(check_policy_audiences(draft.json));
  TAKT_TRY(current, document("policy", "current"));
  TAKT_TRY(base, policy_at(draft.at, std::move(current)));
  TAKT_TRY(waiting, scheduled_policies());
  TAKT_TRY(id, next_schedule_id());
  ScheduledPolicy scheduled{id, 1, *publishing.at, publishing.note, publishing.author, draft.version, base.version, {}, {}, std::move(draft.json)};
  std::vector<Document> documents{{kind, id, 0, write_scheduled_policy(scheduled), now, publishing.author}};
  if (!publishing.replaces.empty()) {
    if (std::none_of(waiting.begin(), waiting.end(), [&](const ScheduledPolicy& other) { return other.id == publishing.replaces; }))
      return fail_at("/replaces", fmt::format("nothing is scheduled as \"{}\"", publishing.replaces));
    documents.push_back({kind, publishing.replaces, 0, "", now, publishing.author});
  } else if (waiting.size() >= scheduled_policies_max) {
    return fail_at("/at", fmt::format("{} policies wait already: take some back", scheduled_policies_max));
  }
  TAKT_TRY_VOID(store_->documents().put_all(documents));
  return scheduled;
}

Status App::unschedule_policy(std::string_view id, std::optional<std::uint64_t> expected, std::string_view author) {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(there, store_->documents().get(kind, id));
  if (!there || there->json.empty()) return fail(ErrorCode::not_found, fmt::format("nothing is scheduled as \"{}\"", id));
  TAKT_TRY(version, store_->documents().put({kind, std::string(id), 0, "", clock_.utc_now(), std::string(author)}, expected));
  static_cast<void>(version);
  return {};
}

Result<std::uint64_t> App::publish_scheduled_locked(const ScheduledPolicy& scheduled) {
  TAKT_TRY(current, document("policy", "current"));
  TAKT_TRY(base, store_->documents().get_version("policy", "current", scheduled.based_on));
  const UtcTime now = clock_.utc_now();
  const std::string json = with_pauses_since(scheduled.json, base ? base->json : current.json, current.json, now);
  std::vector<Document> with{{kind, scheduled.id, 0, "", now, scheduled.author}};
  // Put back only if nobody edited it meanwhile: their draft goes on.
  TAKT_TRY(draft, store_->documents().get("policy_draft", "draft"));
  if (draft && !draft->json.empty() && draft->version == scheduled.draft) with.push_back({"policy_draft", "draft", 0, "", now, scheduled.author});
  return publish_policy_locked(json, {"scheduled", scheduled.author, scheduled.note, scheduled.id}, std::move(with));
}

Result<std::vector<PublishedSchedule>> App::publish_due_policies() {
  const std::lock_guard lock(change_mutex_);
  TAKT_TRY(waiting, scheduled_policies());
  std::vector<PublishedSchedule> done;
  for (ScheduledPolicy& scheduled : waiting) {
    const UtcTime now = clock_.utc_now();
    if (scheduled.at > now || scheduled.failed_at) continue;
    Result<std::uint64_t> version = publish_scheduled_locked(scheduled);
    if (!version) {
      if (version.error().code == ErrorCode::unavailable) return tl::unexpected(version.error()); // nothing is said of the policy: tried again
      scheduled.failed_at = now;
      scheduled.error = version.error();
      TAKT_TRY_VOID(store_->documents().put({kind, scheduled.id, 0, write_scheduled_policy(scheduled), now, scheduled.author}, std::nullopt).map([](std::uint64_t) {}));
    }
    done.push_back({scheduled.id, std::move(version)});
  }
  return done;
}

/// Nobody's rule may lose its audience unseen: not the one in force, not the one somebody writes, not the one that waits.
Status App::no_policy_is_for(std::string_view audience) {
  Error error{ErrorCode::conflict, fmt::format("a policy names the audience \"{}\": change it first", audience), {}};
  const auto look_at = [&](std::string_view json, std::string_view what) {
    for (const AudienceUse& use : audiences_named_in(json))
      if (use.audience == audience) error.fields.push_back({use.pointer, fmt::format("{} names it", what)});
  };
  TAKT_TRY(current, document("policy", "current"));
  look_at(current.json, "the current policy");
  TAKT_TRY(draft, store_->documents().get("policy_draft", "draft"));
  if (draft) look_at(draft->json, "the draft");
  TAKT_TRY(waiting, scheduled_policies());
  for (const ScheduledPolicy& scheduled : waiting)
    if (!scheduled.failed_at) look_at(scheduled.json, scheduled.id);
  if (error.fields.empty()) return {};
  return tl::unexpected<Error>(std::move(error));
}

} // namespace takt
