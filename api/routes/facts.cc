// Facts about a person, set and cleared by people and systems that send no events, and who waits behind the gates that read them.
// A fact goes the way of its event (`Fact Set`, `Fact Cleared`): one journal, one fold, one commit protocol.
#include "api/gate_report.h"
#include "api/json/fields.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "core/hash.h"
#include "engine/resolve.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace takt {
namespace {

struct FactChange {
  std::string name, key, source = "api";
  std::optional<UtcTime> at, expires_at;
  bool on = true;
};

Result<FactChange> change_of(const HttpRequest& http, bool on) {
  if (auto known = only_parameters(http, on ? std::initializer_list<std::string_view>{} : std::initializer_list<std::string_view>{"key"}); !known) return tl::unexpected(known.error());
  FactChange change;
  change.on = on;
  change.name = http.parameter("name");
  if (const auto objection = objection_to_text(change.name, limits::id_bytes_max)) return fail_at("/name", *objection);
  change.key = http.query_value("key").value_or("");
  if (http.body.empty()) return change;
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(http.body));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  change.key = fields.text("key", limits::id_bytes_max).value_or(change.key);
  change.source = fields.text("source", limits::id_bytes_max).value_or(change.source);
  change.at = fields.time("at");
  if (on) change.expires_at = fields.time("expires_at");
  if (change.source.empty()) fields.complain("source", "must not be empty");
  if (change.expires_at && change.at && *change.expires_at <= *change.at) fields.complain("expires_at", "must come after at");
  fields.finish();
  if (!complaints.none()) return tl::unexpected<Error>(complaints.error());
  return change;
}

/// The event that says so. The same change of the same time is the same message, so that a retry changes nothing.
std::string event_text(const FactChange& change, const DecisionRequest& person, UtcTime now) {
  const UtcTime at = change.at.value_or(now);
  JsonWriter properties;
  properties.begin_object().field("name", change.name);
  if (!change.key.empty()) properties.field("key", change.key);
  if (change.expires_at) properties.field("expires_at", *change.expires_at);
  properties.end_object();
  const std::string said = properties.take();
  const std::string whom = person.user_id.empty() ? "anon:" + person.anonymous_id : "user:" + person.user_id;
  JsonWriter json;
  json.begin_object().field("type", "track").field("event", change.on ? "Fact Set" : "Fact Cleared");
  if (person.user_id.empty()) json.field("anonymousId", person.anonymous_id);
  else json.field("userId", person.user_id);
  json.field("messageId", fmt::format("fact-{:016x}", hash64(fmt::format("{}\x1f{}\x1f{}\x1f{}", whom, change.on, said, format_utc(at)))));
  json.field("timestamp", at).key("properties").raw(said).end_object();
  return json.take();
}

/// Who it is about, by a name that events know. Nobody yet: a name founds a customer, as an event would: a gate that waits for the first
/// visit is still a gate. A customer id that is nobody's is a mistake.
Status name_person(App& app, const std::string& text, DecisionRequest& person) {
  TAKT_TRY_VOID(app.name_customer(text, person));
  if (!person.customer) return text.starts_with("c-") && parse_customer_id(text) ? Status(fail(ErrorCode::not_found, "nobody is known under this id")) : Status();
  TAKT_TRY(record, read_canonical(app.store(), person.customer));
  for (const LinkedIdentity& linked : record->identities) // a login rather than a device: devices change hands
    (linked.identity.kind == IdentityKind::user ? person.user_id : person.anonymous_id) = linked.identity.value;
  if (person.user_id.empty() && person.anonymous_id.empty()) return fail(ErrorCode::not_found, "nobody is known under this id");
  return {};
}

Status send(App& app, const FactChange& change, const DecisionRequest& person, UtcTime not_before = {}) {
  EventContext context;
  context.source = change.source;
  context.received_at = std::max(app.clock().utc_now(), not_before);
  TAKT_TRY(event, parse_event(event_text(change, person, context.received_at), context));
  event.source = change.source;
  TAKT_TRY(outcome, app.track(event));
  static_cast<void>(outcome);
  return {};
}

const Fact* instance_of(const CustomerRecord& record, const SymbolTable& symbols, const FactChange& change) {
  for (const Fact& fact : record.facts)
    if (symbols.name(fact.name) == change.name && (fact.key == Symbol::none ? change.key.empty() : symbols.name(fact.key) == change.key)) return &fact;
  return nullptr;
}

HttpResponse fact_answer(App& app, const std::string& customer, const FactChange& change) {
  auto id = app.find_customer(customer);
  if (!id) return refuse(id.error());
  auto record = read_canonical(app.store(), *id);
  if (!record) return refuse(record.error());
  const Fact* fact = instance_of(**record, app.store().symbols(), change);
  JsonWriter json;
  json.begin_object().field("customer_id", to_text(*id)).field("name", change.name).field_or_null("key", change.key);
  if (fact && !fact->switches.empty()) {
    const Fact::Switch& latest = fact->switches.back();
    json.field("on", latest.on).field("at", latest.at).field("expires_at", latest.expires_at).field_or_null("source", app.store().symbols().name(fact->source));
  }
  json.end_object();
  return json_answer(json.take());
}

HttpResponse put_fact(const Service& service, const HttpRequest& http) {
  auto change = change_of(http, true);
  if (!change) return refuse(change.error());
  const std::string& customer = http.parameter("id");
  DecisionRequest person;
  if (auto named = name_person(service.app, customer, person); !named) return refuse(named.error());
  if (auto sent = send(service.app, *change, person); !sent) return refuse(sent.error());
  return fact_answer(service.app, customer, *change);
}

/// Has what was switched on ended by itself: by its own end, or by the TTL of every gate that asks for it?
bool has_lapsed(const Fact::Switch& on, const Fact& fact, const Policy& policy, UtcTime now) {
  if (on.expires_at && *on.expires_at <= now) return true;
  bool asked = false, lapsed = true;
  for (const GatePolicy& gate : policy.gates)
    if (gate.fact == fact.name) {
      asked = true;
      lapsed = lapsed && on.at + gate.ttl <= now;
    }
  return asked && lapsed;
}

/// What is off already, or has lapsed, stays as it is: a close would begin a cool-off that a lapse does not have (semantics.md "Facts").
HttpResponse delete_fact(const Service& service, const HttpRequest& http) {
  auto change = change_of(http, false);
  if (!change) return refuse(change.error());
  auto id = service.app.find_customer(http.parameter("id"));
  if (!id) return refuse(id.error());
  auto record = read_canonical(service.app.store(), *id);
  if (!record) return refuse(record.error());
  const Fact* fact = instance_of(**record, service.app.store().symbols(), *change);
  if (!fact) return refuse(404, "not_found", change->key.empty() ? "there is no such fact without a key: name its key" : "there is no such fact with this key");
  const bool is_off = !fact->switches.empty() && !fact->switches.back().on && fact->switches.back().at <= change->at.value_or(UtcTime::max());
  const bool is_over = !fact->switches.empty() && fact->switches.back().on && has_lapsed(fact->switches.back(), *fact, service.app.world()->policy(), service.app.clock().utc_now());
  if (!is_off && !is_over) {
    DecisionRequest person;
    if (auto named = name_person(service.app, http.parameter("id"), person); !named) return refuse(named.error());
    // At the same instant "on" wins: what was set this very millisecond is cleared in the next.
    const UtcTime after_it = fact->switches.empty() ? UtcTime{} : fact->switches.back().at + Duration{1};
    if (auto sent = send(service.app, *change, person, after_it); !sent) return refuse(sent.error());
  }
  HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  return response;
}

Result<std::size_t> count_of(const HttpRequest& http, const std::string& name, std::size_t most, std::size_t otherwise) {
  const auto text = http.query_value(name);
  if (!text) return otherwise;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value == 0 || value > most) return fail_at("/" + name, fmt::format("must be 1 to {}", most));
  return value;
}

HttpResponse gated(const Service& service, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"longer_than", "limit", "scan", "cursor"}); !known) return refuse(known.error());
  GateScan scan;
  scan.after = http.query_value("cursor").value_or("");
  auto named = count_of(http, "limit", 1000, scan.named_max), looked_at = count_of(http, "scan", limits::audience_scan_max, scan.customers_max);
  if (!named) return refuse(named.error());
  if (!looked_at) return refuse(looked_at.error());
  scan.named_max = *named;
  scan.customers_max = *looked_at;
  if (const auto text = http.query_value("longer_than")) {
    const auto longer = parse_duration(*text);
    if (!longer || *longer < Duration{0}) return refuse(fail_at("/longer_than", "must be a duration, like 14d").value());
    scan.longer_than = *longer;
  }
  return json_result(gated_customers(service.app, http.parameter("id"), scan));
}

} // namespace

void add_fact_routes(Router& router, const Service& service) {
  router.add({"PUT", "/api/v1/customers/{id}/facts/{name}", [&service](const HttpRequest& http) { return put_fact(service, http); }});
  router.add({"DELETE", "/api/v1/customers/{id}/facts/{name}", [&service](const HttpRequest& http) { return delete_fact(service, http); }});
  router.add({"GET", "/api/v1/gates/{id}/customers", [&service](const HttpRequest& http) { return gated(service, http); }});
}

} // namespace takt
