#include "engine/person.h"

#include <algorithm>

namespace takt {
namespace {

/// What this call says about the purpose; a "no" among several answers wins.
std::optional<bool> answer_of_call(const RequestContext& context, Purpose purpose) {
  std::optional<bool> answer;
  for (const auto& [asked, granted] : context.consent)
    if (asked == purpose) answer = answer.value_or(true) && granted;
  return answer;
}

/// The newest recorded answer for this channel or for all channels; at the same instant a "no" wins.
std::optional<bool> answer_on_record(const CustomerRecord& record, Purpose purpose, Symbol channel) {
  const Consent* newest = nullptr;
  for (const Consent& consent : record.consents) {
    if (consent.purpose != purpose || (consent.channel != Symbol::none && consent.channel != channel)) continue;
    if (!newest || consent.at > newest->at || (consent.at == newest->at && !consent.granted)) newest = &consent;
  }
  return newest ? std::optional<bool>(newest->granted) : std::nullopt;
}

bool needs_recorded_yes(const ConsentPolicy& policy, Purpose purpose, Symbol channel) {
  if (purpose == Purpose::profile && policy.profile_opt_in) return true;
  return std::any_of(policy.require.begin(), policy.require.end(), [&](const ConsentRequirement& requirement) {
    return requirement.purpose == purpose &&
           std::find(requirement.channels.begin(), requirement.channels.end(), channel) != requirement.channels.end();
  });
}

} // namespace

bool consent_allows(const CustomerRecord& record, const ConsentPolicy& policy, const RequestContext& context, Purpose purpose, Symbol channel) {
  if (const auto answer = answer_of_call(context, purpose)) return *answer;
  if (const auto answer = answer_on_record(record, purpose, channel)) return *answer;
  return !needs_recorded_yes(policy, purpose, channel);
}

Person make_person(RecordPtr record, const DecisionRequest& request, const Policy& policy, const SymbolTable& symbols) {
  Person person;
  person.now = std::max(request.now, record->clock); // time of one customer never runs backwards
  person.time.session = record->session_state();
  for (const ZoneSpan& span : record->zones)   // a name that this machine's database does not have is no zone
    if (const auto zone = Zone::find(symbols.name(span.zone))) person.time.zones.push_back({span.from, *zone});
  if (person.time.zones.empty()) // a stranger, but the caller knows where
    if (const auto zone = Zone::find(request.context.timezone)) person.time.zones.push_back({UtcTime::min(), *zone});
  // These two are about the person, not about a channel: only answers for all channels count.
  person.profile_allowed = consent_allows(*record, policy.consent, request.context, Purpose::profile, Symbol::none);
  person.frequency_allowed = consent_allows(*record, policy.consent, request.context, Purpose::frequency, Symbol::none);
  const bool is_named = !request.user_id.empty() || !request.anonymous_id.empty();
  // Who brought a session id alone is known by it for that visit (engine/reserve.cc), and another one at the next.
  const auto& known_by = record->identities;
  const bool is_visit = known_by.size() == 1 ? known_by[0].identity.kind == IdentityKind::anonymous && known_by[0].identity.value.starts_with("session:")
                                             : known_by.empty() && !request.context.session_id.empty();
  const bool is_somebody = is_named || ((record->version != 0 || request.customer) && !is_visit);
  person.is_countable = person.frequency_allowed && is_somebody;
  person.record = std::move(record);
  return person;
}

} // namespace takt
