#include "api/json/codecs.h"
#include "api/json/fields.h"
#include "api/json/condition_reader.h"
#include "api/json/deep_document.h"
#include "api/json/names.h"
#include "api/json/policy_caps.h"
#include "api/json/policy_exploration.h"
#include "api/json/policy_merchandising.h"
#include "api/json/policy_time.h"
#include "api/json/selector.h"
#include "core/hash.h"

#include <algorithm>

namespace takt {

namespace {

constexpr std::size_t rules_max = 50;

ConsentPolicy read_consent(Fields& policy, SymbolTable& symbols) {
  ConsentPolicy consent;
  const auto value = policy.take("consent");
  if (!value) return consent;
  Fields fields(*value, policy.pointer("consent"), policy.complaints());
  if (const auto map = fields.take("map")) {
    if (!map->is(JsonKind::object) || map->size() > rules_max) fields.complain("map", "must be an object: category → purpose");
    else for (const JsonMember member : map->members()) {
      const auto purpose = member.value.is(JsonKind::string) ? parse_purpose(member.value.text()) : std::nullopt;
      if (purpose) consent.map.push_back({std::string(member.key), *purpose});
      else policy.complaints().add(pointer_to(fields.pointer("map"), member.key), "must be one of " + std::string(purpose_names));
    }
  }
  for (const auto& [requirement, pointer] : fields.list("require", rules_max)) {
    Fields inner(requirement, pointer, policy.complaints());
    const auto name = inner.text("purpose");
    const auto purpose = parse_purpose(name.value_or(""));
    if (!purpose) inner.complain("purpose", "must be one of " + std::string(purpose_names));
    auto channels = parse_symbols(inner, "channels", symbols);
    if (channels.empty()) inner.complain("channels", "must name at least one channel");
    inner.finish();
    consent.require.push_back({purpose.value_or(Purpose::marketing), std::move(channels)});
  }
  consent.profile_opt_in = fields.choice<bool>("profile", {{"opt_out", false}, {"opt_in", true}}).value_or(false);
  fields.finish();
  return consent;
}

void read_fatigue(Fields& policy, FatiguePolicy& fatigue) {
  const auto value = policy.take("fatigue");
  if (!value) return;
  Fields fields(*value, policy.pointer("fatigue"), policy.complaints());
  fatigue.per = parse_per(fields, fatigue.per);
  fatigue.beta = fields.real("beta", 0, 5).value_or(fatigue.beta);
  fatigue.half_life = fields.duration("half_life", minutes(1), days(365)).value_or(fatigue.half_life);
  fatigue.enabled = fields.flag("enabled").value_or(true);
  fatigue.learn = fields.flag("learn").value_or(false);
  fields.finish();
}

/// "30d"; or "learnt", with what holds until a cycle is known, and how short or long a learnt one may be.
void read_pause_length(Fields& fields, PausePolicy& pause) {
  const auto written = fields.take("pause");
  if (!written || !written->is(JsonKind::string) || written->text() != "learnt") {
    const auto length = fields.duration("pause", seconds(1), days(400));
    fields.need("pause", length.has_value());
    pause.pause = length.value_or(pause.pause);
    for (const std::string_view key : {"fallback", "min", "max"})
      if (fields.take(key)) fields.complain(key, "only a learnt pause has it");
    return;
  }
  LearntPause learnt;
  pause.pause = fields.duration("fallback", seconds(1), days(400)).value_or(pause.pause);
  learnt.shortest = fields.duration("min", seconds(1), days(3650)).value_or(learnt.shortest);
  learnt.longest = fields.duration("max", seconds(1), days(3650)).value_or(learnt.longest);
  if (learnt.shortest > learnt.longest) fields.complain("min", "must not be longer than max");
  pause.learnt = learnt;
}

std::vector<PausePolicy> read_pauses(Fields& policy, SymbolTable& symbols) {
  std::vector<PausePolicy> pauses;
  std::vector<std::string> ids;
  for (const auto& [value, pointer] : policy.list("post_purchase", rules_max)) {
    Fields fields(value, pointer, policy.complaints());
    PausePolicy pause;
    pause.id = fields.text("id", limits::id_bytes_max).value_or("");
    if (fields.has("id")) check_distinct_id(pause.id, ids, pointer, policy.complaints());
    pause.per = fields.choice<Per>("per", {{"item", Per::item}, {"group", Per::group}, {"category", Per::category}}).value_or(Per::group);
    read_pause_length(fields, pause);
    pause.match = parse_selector(fields, "match", symbols).value_or(Selector{});
    pause.exempt = parse_selector(fields, "exempt", symbols);
    pause.schedule = read_schedule(fields);
    pause.audience = read_audience(fields, "audience");
    fields.finish();
    pauses.push_back(std::move(pause));
  }
  return pauses;
}

std::vector<GatePolicy> read_gates(Fields& policy, SymbolTable& symbols) {
  std::vector<GatePolicy> gates;
  std::vector<std::string> ids;
  for (const auto& [value, pointer] : policy.list("gates", rules_max)) {
    Fields fields(value, pointer, policy.complaints());
    GatePolicy gate;
    const auto fact = fields.text("fact", limits::id_bytes_max);
    if (!fact || fact->empty()) fields.complain("fact", "must be the name of a fact");
    gate.fact = symbols.intern(fact.value_or(""));
    gate.id = fields.text("id", limits::id_bytes_max).value_or(fact.value_or(""));
    if (!gate.id.empty()) check_distinct_id(gate.id, ids, pointer, policy.complaints());
    gate.match = parse_selector(fields, "match", symbols).value_or(Selector{});
    // Absent: nothing passes. An empty selector would let everything pass.
    Selector nothing;
    nothing.items.emplace();
    gate.allow = parse_selector(fields, "allow", symbols).value_or(nothing);
    gate.ttl = fields.duration("ttl", seconds(1), days(400)).value_or(gate.ttl);
    gate.cool_off = fields.duration("cool_off", Duration{0}, days(400)).value_or(gate.cool_off);
    gate.exempt = parse_selector(fields, "exempt", symbols);
    gate.schedule = read_schedule(fields);
    gate.audience = read_audience(fields, "audience");
    fields.finish();
    gates.push_back(std::move(gate));
  }
  return gates;
}

Arbitration read_arbitration(Fields& policy, SymbolTable& symbols, std::vector<MerchandisingRule>& levers) {
  Arbitration arbitration;
  arbitration.never_hold = {symbols.intern("service")};
  const auto value = policy.take("arbitration");
  if (!value) return arbitration;
  Fields fields(*value, policy.pointer("arbitration"), policy.complaints());
  levers = read_levers(fields, symbols);
  arbitration.default_value_micros = fields.micros("default_value").value_or(arbitration.default_value_micros);
  if (const auto price = fields.micros("attention_price")) arbitration.attention_price = static_cast<double>(*price) / 1e6;
  if (fields.has("never_hold")) arbitration.never_hold = parse_symbols(fields, "never_hold", symbols);
  else fields.take("never_hold");
  fields.finish();
  return arbitration;
}

Diversity read_diversity(Fields& policy) {
  Diversity diversity;
  const auto value = policy.take("diversity");
  if (!value) return diversity;
  Fields fields(*value, policy.pointer("diversity"), policy.complaints());
  diversity.method = fields.choice<DiversityMethod>("method", {{"none", DiversityMethod::none}, {"mmr", DiversityMethod::mmr}, {"dpp", DiversityMethod::dpp}})
                         .value_or(diversity.method);
  diversity.strength = fields.real("strength", 0, 1).value_or(diversity.strength);
  diversity.calibration = fields.real("calibration", 0, 1).value_or(diversity.calibration);
  fields.finish();
  return diversity;
}

} // namespace

Result<Policy> parse_policy(std::string_view json, SymbolTable& symbols) {
  if (json.size() > limits::body_bytes_max) return fail(ErrorCode::too_large, "a policy of more than 1 MB");
  JsonDocument document;
  TAKT_TRY_VOID(parse_own_document(document, json));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  Policy policy;
  if (const auto type = fields.text("type"); type && *type != "policy") fields.complain("type", "must be policy");
  policy.consent = read_consent(fields, symbols);
  read_caps(fields, symbols, policy);
  read_fatigue(fields, policy.fatigue);
  policy.post_purchase = read_pauses(fields, symbols);
  policy.gates = read_gates(fields, symbols);
  policy.quiet_hours = read_quiet_hours(fields, symbols);
  policy.pauses = read_sales_pauses(fields, symbols);
  policy.merchandising = read_merchandising(fields, symbols);
  std::vector<MerchandisingRule> levers;
  policy.arbitration = read_arbitration(fields, symbols, levers);
  for (std::size_t i = 0; i < levers.size(); ++i)   // an answer names the rule: one name, one rule
    if (std::any_of(policy.merchandising.begin(), policy.merchandising.end(), [&](const MerchandisingRule& rule) { return rule.id == levers[i].id; }))
      complaints.add(pointer_to(pointer_to("/arbitration/levers", i), "id"), "a merchandising rule has this id");
  std::move(levers.begin(), levers.end(), std::back_inserter(policy.merchandising));
  policy.diversity = read_diversity(fields);
  policy.exploration = read_exploration(fields);
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  policy.hash = hash64(canonical_json(document.root()));
  return policy;
}

} // namespace takt
