// Named audiences: checked together, stored with a version, asked of every customer.
#include "api/app.h"

#include "api/exports/table.h"
#include "api/json/writer.h"
#include "core/limits.h"
#include "engine/audience.h"
#include "engine/named_audiences.h"
#include "engine/person.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace takt {
namespace {

/// Names of one kind, the latest last.
std::vector<std::string_view> names_of(const CustomerRecord& record, IdentityKind kind) {
  std::vector<std::string_view> names;
  for (const LinkedIdentity& linked : record.identities)
    if (linked.identity.kind == kind) names.push_back(linked.identity.value);
  return names;
}

std::string ndjson_row(const CustomerRecord& record, bool identities) {
  JsonWriter json;
  json.begin_object().field("customer_id", to_text(record.id));
  if (identities)
    for (const auto& [key, kind] : {std::pair{"user_ids", IdentityKind::user}, std::pair{"anonymous_ids", IdentityKind::anonymous}}) {
      json.key(key).begin_array();
      for (const std::string_view name : names_of(record, kind)) json.text(name);
      json.end_array();
    }
  json.end_object();
  return json.take() + "\n";
}

/// One row per customer: the latest of several names.
std::string csv_row(const CustomerRecord& record, bool identities) {
  std::string row = to_text(record.id);
  if (identities)
    for (const IdentityKind kind : {IdentityKind::user, IdentityKind::anonymous}) {
      const auto names = names_of(record, kind);
      row += ',' + (names.empty() ? std::string() : csv_field(without_formula(names.back())));
    }
  return row + "\n";
}

/// Every channel that the rules know: of placements, and those that need a recorded yes.
std::vector<Symbol> channels_of(const Rulebook& rulebook) {
  std::set<Symbol> channels;
  for (const auto& [id, rules] : rulebook.placements) channels.insert(rules.channel);
  for (const ConsentRequirement& requirement : rulebook.policy->consent.require) channels.insert(requirement.channels.begin(), requirement.channels.end());
  channels.erase(Symbol::none);
  return {channels.begin(), channels.end()};
}

} // namespace

Status App::check_audience_names(const std::optional<Condition>& audience, const std::map<std::string, Audience>& coming) const {
  if (!audience) return {};
  const WorldPtr now_served = world();
  const auto& known = now_served->rulebook->audiences;
  for (const std::string& id : named_audiences(*audience))
    if (!coming.contains(id) && !(known && known->find(id))) return fail_at("/audience", fmt::format("there is no audience \"{}\"", id));
  return {};
}

/// All audiences as they would be: each must be there for the others, and none may name itself in the end.
Status App::check_audiences(const std::map<std::string, Audience>& changed, std::string_view removed) {
  std::map<std::string, Audience> all = changed;
  const WorldPtr now_served = world();
  if (const auto& known = now_served->rulebook->audiences)
    for (Audience& audience : known->audiences())
      if (audience.id != removed) all.try_emplace(audience.id, audience);
  if (all.size() > limits::audiences_max) return fail(ErrorCode::invalid, fmt::format("at most {} audiences can be configured", limits::audiences_max));
  std::vector<Audience> listed;
  for (auto& [id, audience] : all) listed.push_back(std::move(audience));
  TAKT_TRY(set, AudienceSet::build(std::move(listed), store_->symbols()));
  static_cast<void>(set);
  return {};
}

Result<std::string> App::scan_audience(std::string_view id, const AudienceScan& scan, const std::function<void(const CustomerRecord&, const ConditionInputs&)>& member) {
  const WorldPtr now_served = world();
  const auto& audiences = now_served->rulebook->audiences;
  const AudienceSet::Compiled* audience = audiences ? audiences->find(id) : nullptr;
  if (!audience) return fail(ErrorCode::not_found, fmt::format("there is no audience \"{}\"", id));
  CustomerId after;
  if (!scan.after.empty()) {
    auto parsed = parse_customer_id(scan.after);
    if (!parsed) return fail_at("/cursor", "is not one that an earlier page gave");
    after = *parsed;
  }
  const RequestContext no_call;
  const UtcTime now = clock_.utc_now();
  std::size_t scanned = 0;
  std::string next;
  Status status;
  TAKT_TRY_VOID(store_->records().for_each_customer([&](CustomerId customer) {
    if (customer <= after) return true;
    if (scanned == scan.customers_max) { // there is one more
      next = to_text(after);
      return false;
    }
    after = customer;
    ++scanned;
    if (scan.progress && scanned % 1000 == 0) scan.progress(scanned);
    auto record = store_->records().read(customer, Deadline{});
    if (!record) status = tl::unexpected(record.error());
    if (!status || (*record)->version == 0 || (*record)->sealed_into || (*record)->is_bot) return status.has_value();
    ConditionInputs inputs;
    inputs.record = record->get();
    inputs.symbols = now_served->symbols;
    inputs.consent = &now_served->policy().consent;
    inputs.audiences = audiences.get();
    inputs.gates = now_served->policy().gates;
    inputs.profile_allowed = consent_allows(**record, *inputs.consent, no_call, Purpose::profile, Symbol::none);
    inputs.frequency_allowed = consent_allows(**record, *inputs.consent, no_call, Purpose::frequency, Symbol::none);
    const bool is_in = audience->program ? condition_holds(*audience->program, inputs, std::max(now, (*record)->clock)) : audience->lists(**record);
    if (is_in) member(**record, inputs);
    return true;
  }));
  TAKT_TRY_VOID(std::move(status));
  return next;
}

Result<std::string> App::audience_count(std::string_view id, const AudienceScan& scan) {
  const WorldPtr now_served = world();
  const std::vector<Symbol> channels = channels_of(*now_served->rulebook);
  std::map<std::string, std::uint64_t> reachable;
  for (const Symbol channel : channels) reachable[std::string(now_served->symbols->name(channel))] = 0;
  std::uint64_t count = 0;
  const RequestContext no_call;
  TAKT_TRY(next, scan_audience(id, scan, [&](const CustomerRecord& record, const ConditionInputs& inputs) {
    ++count;
    for (const Symbol channel : channels)
      if (consent_allows(record, *inputs.consent, no_call, Purpose::marketing, channel)) ++reachable[std::string(now_served->symbols->name(channel))];
  }));
  JsonWriter json;
  json.begin_object().field("audience", id).field("count", count).key("reachable").begin_object();
  for (const auto& [channel, people] : reachable) json.field(channel, people);
  json.end_object().field("at", clock_.utc_now()).field_or_null("next_cursor", next).end_object();
  return json.take();
}

Result<AudiencePage> App::audience_export(std::string_view id, const AudienceScan& scan, bool csv, bool identities) {
  AudiencePage page;
  if (csv) page.body = identities ? "customer_id,user_id,anonymous_id\n" : "customer_id\n";
  TAKT_TRY(next, scan_audience(id, scan, [&](const CustomerRecord& record, const ConditionInputs&) {
    page.body += csv ? csv_row(record, identities) : ndjson_row(record, identities);
  }));
  page.next_cursor = std::move(next);
  return page;
}

} // namespace takt
