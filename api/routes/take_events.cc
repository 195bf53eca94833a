// Segment's answers: exactly 200, since its Python client takes 202 for an error. Acknowledged means durable.
#include "api/routes/take_events.h"

#include "api/access/identity.h"
#include "api/front/limits.h"
#include "api/guard.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/upkeep.h"
#include "engine/resolve.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace takt {
namespace {

/// Accepted and duplicate alike are notes of what was seen; a refusal has its reason.
SeenEvent note_of(const Event& event, UtcTime now) {
  SeenEvent seen;
  seen.at = now;
  seen.source = event.source;
  seen.type = to_text(event.type);
  seen.name = event.name_text;
  seen.message_id = event.message_id;
  seen.person = event.user_id.empty() ? event.anonymous_id : event.user_id;
  seen.text = event.raw.substr(0, EventDebugger::text_bytes_max);
  if (!event.currency_without_rate.empty()) seen.message = "taken without its prices: the configuration has no rate for " + event.currency_without_rate;
  return seen;
}

SeenEvent refusal(SeenEvent seen, const Error& error) {
  seen.result = SeenEvent::Result::rejected;
  seen.code = name_of(error.code);
  seen.message = error.message;
  if (!error.fields.empty()) {
    seen.pointer = error.fields.front().pointer;
    seen.message = error.fields.front().detail;
  }
  return seen;
}

SeenEvent unreadable(const Error& error, const std::string& source, std::string_view text, const std::string& message_id, UtcTime now) {
  SeenEvent seen;
  seen.at = now;
  seen.source = source;
  seen.message_id = message_id;
  seen.text = text.substr(0, EventDebugger::text_bytes_max);
  return refusal(std::move(seen), error);
}

/// A page joins a browser and its user, and what the browser did before. It does not say that two users are one: whoever reads the key in
/// the page could join any two for good. `others`: all of its batch, which comes in beside it. This is for the answer; what two requests
/// at the same time may join is settled where records are sealed (Event::is_from_page). Cost: two reads.
Status check_alias(const Service& service, const Event& alias, std::span<const Event> others) {
  const auto refused = [] { return fail(ErrorCode::forbidden, "alias would make two known users one: that is for a secret key"); };
  for (const Event& other : others)
    if (other.type == EventType::alias && other.previous_id == alias.previous_id && other.user_id != alias.user_id) return refused();
  for (const Event& other : others)
    if (alias.previous_id != alias.user_id && (other.user_id == alias.previous_id || (other.anonymous_id == alias.previous_id && !other.user_id.empty() && other.user_id != alias.user_id))) return refused();
  Store& store = service.app.store();
  for (const IdentityKind kind : {IdentityKind::user, IdentityKind::anonymous}) {
    TAKT_TRY(known, store.identities().find({kind, alias.previous_id}));
    if (!known) continue;
    TAKT_TRY(record, read_canonical(store, known));
    const auto is_other_user = [&](const LinkedIdentity& linked) { return linked.identity.kind == IdentityKind::user && linked.identity.value != alias.user_id; };
    const bool is_same = std::any_of(record->identities.begin(), record->identities.end(), [&](const LinkedIdentity& linked) { return linked.identity == Identity{IdentityKind::user, alias.user_id}; });
    if (!is_same && std::any_of(record->identities.begin(), record->identities.end(), is_other_user)) return refused();
  }
  return {};
}

/// What the shop's own people and systems find out. A gate that its customer could open would be none.
bool is_of_the_back_end(EventName name) {
  switch (name) {
  case EventName::fact_set: case EventName::fact_cleared: case EventName::case_opened: case EventName::case_closed: case EventName::contact_made: return true;
  default: return false;
  }
}

bool needs_check(const Caller& caller, const Event& event) { return caller.role == Role::publishable && (event.type == EventType::alias || is_of_the_back_end(event.name)); }

Status check_page(const Service& service, const Event& event, std::span<const Event> others) {
  if (is_of_the_back_end(event.name)) return fail(ErrorCode::forbidden, event.name_text + " is for secret keys: facts, cases and contacts are not a page's to tell");
  return check_alias(service, event, others);
}

struct Rejected { std::size_t index; std::string message_id; Error error; };

/// Takes those out that a page may not send. All are judged before any is taken out: they come in side by side.
void refuse_of_pages(const Service& service, const Caller& caller, std::vector<Event>& events, std::vector<std::size_t>& positions, std::vector<Rejected>& rejected) {
  if (std::none_of(events.begin(), events.end(), [&](const Event& event) { return needs_check(caller, event); })) return;
  std::vector<Status> allowed;
  for (const Event& event : events) allowed.push_back(needs_check(caller, event) ? check_page(service, event, events) : Status{});
  std::size_t kept = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (allowed[i]) {
      if (kept != i) events[kept] = std::move(events[i]); // one event is not moved onto itself
      positions[kept++] = positions[i];
      continue;
    }
    service.metrics.event(events[i].type, EventResult::rejected);
    service.debugger.add(refusal(note_of(events[i], service.app.clock().utc_now()), allowed[i].error()));
    rejected.push_back({positions[i], events[i].message_id, allowed[i].error()});
  }
  events.erase(events.begin() + static_cast<std::ptrdiff_t>(kept), events.end());
  positions.resize(kept);
}

std::string batch_answer(const IngestCounts& counts, std::vector<Rejected> rejected) {
  std::sort(rejected.begin(), rejected.end(), [](const Rejected& a, const Rejected& b) { return a.index < b.index; });
  JsonWriter json;
  json.begin_object().field("success", true);
  json.field("accepted", static_cast<std::int64_t>(counts.accepted)).field("duplicates", static_cast<std::int64_t>(counts.duplicates));
  json.key("rejected").begin_array();
  for (const Rejected& one : rejected) {
    json.begin_object().field("index", static_cast<std::int64_t>(one.index)).field("messageId", one.message_id);
    json.field("code", name_of(one.error.code)).field("message", one.error.message);
    json.field("pointer", one.error.fields.empty() ? std::string_view{} : std::string_view(one.error.fields.front().pointer));
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

/// Ingest does not say which of a batch were duplicates: all are counted with the type of its first event.
void count_events(const Service& service, std::span<const Event> events, const IngestCounts& counts) {
  std::size_t duplicates = counts.duplicates;
  std::array<std::uint64_t, 6> accepted{};
  for (const Event& event : events) ++accepted[static_cast<std::size_t>(event.type)];
  std::size_t others = duplicates + counts.rejected;
  for (std::size_t type = 0; type < accepted.size(); ++type) {
    const std::uint64_t taken = std::min<std::uint64_t>(accepted[type], others);
    service.metrics.event(static_cast<EventType>(type), EventResult::accepted, accepted[type] - taken);
    others -= taken;
  }
  service.metrics.event(events.front().type, EventResult::duplicate, duplicates);
  service.metrics.event(events.front().type, EventResult::rejected, counts.rejected);
}

/// A disk does not get room within a second, and every client asks again.
HttpResponse no_room(const Error& error) {
  HttpResponse response = refuse(error);
  for (auto& [name, value] : response.headers)
    if (name == "Retry-After") value = "30";
  return response;
}

} // namespace

std::string source_of(const HttpRequest& http, std::string_view of_body) {
  if (!http.caller.key_id.empty()) return http.caller.key_id; // never the text of a key: it would be kept with the event
  std::string key = key_in_head(http);
  if (key.empty()) key = of_body;
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return key.empty() || !printable || key.size() > limits::id_bytes_max ? "default" : key;
}

EventContext event_context(const Service& service, const World& world, std::string type, const Caller& caller) {
  EventContext context;
  context.source = "default";
  context.type_from_path = std::move(type);
  context.received_at = service.app.clock().utc_now();
  context.consent_map = &world.policy().consent.map;
  context.account_currency = service.app.config().account_currency;
  context.rates = &service.app.config().rates;
  if (const auto& secrets = service.app.config().identity_secrets; !secrets.empty())
    context.check_identity = [&secrets, caller](EventType event_type, std::string_view user_id, std::string_view user_hash) -> Status {
      // It makes two people one, and only one of them has signed. A login says the same of a browser and its user: identify.
      if (event_type == EventType::alias && caller.role == Role::publishable) return fail(ErrorCode::forbidden, "alias is for secret keys where user ids are signed; identify joins a browser and its user");
      return check_identity(secrets, caller, user_id, user_hash);
    };
  return context;
}

std::optional<HttpResponse> refusal_of_large_batch(const HttpRequest& http) {
  if (http.caller.role != Role::publishable || http.body.size() <= front_limits::page_batch_bytes_max) return std::nullopt;
  return refuse(413, "too_large", "with a publishable key a batch has at most " + std::to_string(front_limits::page_batch_bytes_max) + " bytes, unpacked");
}

HttpResponse take_event(const Service& service, const Caller& caller, Result<Event> event, const std::string& source, std::string_view text) {
  const UtcTime now = service.app.clock().utc_now();
  if (!event) {
    service.metrics.event_refused();
    service.debugger.add(unreadable(event.error(), source, text, "", now));
    return refuse(event.error());
  }
  event->source = source;
  event->is_from_page = caller.role == Role::publishable;
  SeenEvent seen = note_of(*event, now);
  if (needs_check(caller, *event))
    if (const Status allowed = check_page(service, *event, {}); !allowed) {
      service.metrics.event(event->type, EventResult::rejected);
      service.debugger.add(refusal(std::move(seen), allowed.error()));
      return refuse(allowed.error());
    }
  if (caller.mode == KeyMode::test) {
    service.debugger.add(std::move(seen));
    return json_answer(R"({"success":true,"accepted":1,"duplicates":0,"rejected":[],"test":true})");
  }
  if (const Status room = service.app.upkeep().disk().admit(); !room) return no_room(room.error());
  auto outcome = service.app.track(*event);
  if (!outcome) {
    service.metrics.event(event->type, EventResult::rejected);
    service.debugger.add(refusal(std::move(seen), outcome.error()));
    return refuse(outcome.error());
  }
  const bool accepted = *outcome == IngestOutcome::accepted;
  seen.result = accepted ? SeenEvent::Result::accepted : SeenEvent::Result::duplicate;
  service.debugger.add(std::move(seen));
  service.metrics.event(event->type, accepted ? EventResult::accepted : EventResult::duplicate);
  return json_answer(accepted ? R"({"success":true,"accepted":1,"duplicates":0,"rejected":[]})" : R"({"success":true,"accepted":0,"duplicates":1,"rejected":[]})");
}

HttpResponse take_events(const Service& service, const Caller& caller, EventBatch batch) {
  const UtcTime now = service.app.clock().utc_now();
  std::vector<Rejected> rejected;
  std::vector<Event> events;
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    BatchItem& item = batch.items[i];
    if (!item.event) {
      service.metrics.event_refused();
      service.debugger.add(unreadable(item.event.error(), batch.write_key, item.text, item.message_id, now));
      rejected.push_back({i, item.message_id, item.event.error()});
      continue;
    }
    events.push_back(std::move(*item.event));
    events.back().is_from_page = caller.role == Role::publishable;
    positions.push_back(i);
  }
  refuse_of_pages(service, caller, events, positions, rejected);
  if (caller.mode == KeyMode::test) {
    for (std::size_t i = events.size() - std::min(events.size(), EventDebugger::events_max); i < events.size(); ++i) service.debugger.add(note_of(events[i], now));
    return json_answer(batch_answer({.accepted = events.size(), .duplicates = 0, .rejected = 0}, std::move(rejected)));
  }
  if (const Status room = service.app.upkeep().disk().admit(); !room) return no_room(room.error()); // all of it again later: nothing was taken
  std::optional<Error> unavailable;
  std::vector<char> refused(events.size(), 0);
  auto counts = service.app.track_all(events, [&](std::size_t position, const Error& error) {
    if (error.code == ErrorCode::unavailable) unavailable = error;
    refused[position] = 1;
    service.debugger.add(refusal(note_of(events[position], now), error));
    rejected.push_back({positions[position], events[position].message_id, error});
  });
  if (!counts) return refuse(counts.error());
  if (!events.empty()) count_events(service, events, *counts);
  // Of a batch nobody says which of them were duplicates: they are shown as accepted.
  for (std::size_t i = events.size() - std::min(events.size(), EventDebugger::events_max); i < events.size(); ++i)
    if (refused[i] == 0) service.debugger.add(note_of(events[i], now));
  // Not stored for reasons of ours: the client must send it all again, what was taken is a duplicate then.
  if (unavailable) return refuse(*unavailable);
  return json_answer(batch_answer(*counts, std::move(rejected)));
}

} // namespace takt
