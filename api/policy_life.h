#pragma once
/// How a policy comes into force: who published it and why, and what waits for its time. Values only; App does the work.
/// There are no keys yet, so an author is what the caller says of himself.
#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

/// What kept beside each version says of it.
struct PolicyOrigin {
  std::string what = "publish";              ///< publish, scheduled, revert, pause, resume, import, apply, start
  std::string author = "api";
  std::string note = {};
  std::string of = {};                       ///< revert: the version it went back to; scheduled: the id; pause, resume: the pause
};

/// What to do with the draft.
struct Publishing {
  std::string note, author = "api";
  std::optional<UtcTime> at = {};            ///< none: now
  std::string replaces = {};                 ///< a waiting one that this one takes the place of, in the same write
  std::optional<std::uint64_t> draft = {};   ///< only if the draft is still that version
};

/// A policy that waits for its time. It is the draft's text at the moment it was scheduled: editing the draft later does not change it.
struct ScheduledPolicy {
  std::string id;
  std::uint64_t version = 0;                 ///< of this document, for If-Match
  UtcTime at{};                              ///< when it becomes the current one
  std::string note, author;
  std::uint64_t draft = 0;                   ///< version of the draft it was made from
  std::uint64_t based_on = 0;                ///< policy version in force when its draft was saved: what stops of selling its author saw
  std::optional<UtcTime> failed_at = {};     ///< its time came and it could not be published: nothing was changed, it is not tried again
  std::optional<Error> error = {};
  std::string json;                          ///< the policy
};
/// Together they would be a calendar of every day for months: more are a mistake of a program.
constexpr std::size_t scheduled_policies_max = 100;

/// What became of one whose time had come.
struct PublishedSchedule {
  std::string id;
  Result<std::uint64_t> version;             ///< of the policy
};

/// The document of kind "policy_scheduled".
std::string write_scheduled_policy(const ScheduledPolicy& scheduled);
Result<ScheduledPolicy> read_scheduled_policy(std::string_view json, std::string_view id, std::uint64_t version);

/// Where a policy's text names the audience: JSON pointers, in the text's order. Rules give an id or a condition that names some.
struct AudienceUse { std::string pointer, audience; };
std::vector<AudienceUse> audiences_named_in(std::string_view policy_json);

/// The pauses of a policy, as texts, and the policy with other ones; the rest stays as it was written.
/// `pauses_running` leaves out what has ended, and the pause of one id.
std::vector<std::string> pauses_running(std::string_view policy_json, UtcTime now, std::string_view without);
std::string with_pauses(std::string_view policy_json, const std::vector<std::string>& pauses);
/// The later policy, with what was paused and resumed since `base`: a stop of selling outlives a policy that knew nothing of it.
/// The very text of `later` where there is nothing to add or take out.
std::string with_pauses_since(std::string_view later, std::string_view base, std::string_view current, UtcTime now);

} // namespace takt
