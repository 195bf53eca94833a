// decide: one call, one link of a mail template, or many lines.
#include "api/access/identity.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

constexpr std::size_t batch_bytes_max = std::size_t{16} << 20;  // some 50,000 lines; answers are streamed, not kept

/// Of things, and of what the caller says of its own call. Whoever may ask about the person reads off the answer what is known of her, a letter at a time.
bool is_of_things(const std::string& field) {
  if (field == "context.hour" || field == "context.weekday") return false; // on her wall: they tell where she lives
  return field.starts_with("item.") || field.starts_with("anchor.") || field.starts_with("context.");
}

bool asks_of_things_only(const Condition& condition) {
  const auto* reference = std::get_if<FieldRef>(&condition.value);
  switch (condition.kind) {
  case Condition::Kind::occurrence:
  case Condition::Kind::audience: return false;
  case Condition::Kind::compare: return is_of_things(condition.field) && (reference == nullptr || is_of_things(reference->path));
  case Condition::Kind::all:
  case Condition::Kind::any:
  case Condition::Kind::negation: break;
  }
  return std::all_of(condition.children.begin(), condition.children.end(), asks_of_things_only);
}

/// What a key may ask: whoever can read it off a page learns no reasons, and steers neither clock nor chance.
Status limit_to(const Caller& caller, DecisionRequest& request) {
  if (!caller.key_id.empty()) request.key_name = caller.key_id;
  if (caller.mode == KeyMode::test) request.dry_run = true;
  if (!caller.is_public()) return {};
  request.explain = Explain::none;
  if (request.seed != 0 || request.now != UtcTime{}) return fail(ErrorCode::forbidden, "seed and now are for secret keys");
  if (request.filter && !asks_of_things_only(*request.filter))
    return fail(ErrorCode::forbidden, "with this key a filter asks about items, anchors and the context; what is known of people is for secret keys");
  for (const PlacementRequest& asked : request.placements)
    if (!caller.placements.empty() && std::find(caller.placements.begin(), caller.placements.end(), asked.placement.text()) == caller.placements.end())
      return fail(ErrorCode::forbidden, "this key may not ask for " + asked.placement.text());
  return {};
}

/// A request as it was asked, and by whom.
struct Asked {
  Caller caller;
  std::string address;                                            ///< by which the caller reached this server
  AnswerWishes wishes;
};

Result<AnswerReader> reader_of(const Service& service, const Asked& asked, const DecisionRequest& request) {
  const std::vector<std::string>& secrets = service.app.config().identity_secrets;
  TAKT_TRY_VOID(check_identity(secrets, asked.caller, request.user_id, asked.wishes.user_hash));
  AnswerReader reader;
  reader.publishable = asked.caller.is_public();
  // The key of a mail template is no page's: who reads its answer is the mail tool.
  reader.knows_person = asked.caller.role == Role::decide || proves_identity(secrets, request.user_id, asked.wishes.user_hash);
  reader.links = asked.wishes.links;
  reader.address = asked.address;
  return reader;
}

Result<Answer> answer(const Service& service, const Asked& asked, Result<DecisionRequest> request) {
  Result<Answer> answered = [&]() -> Result<Answer> {
    TAKT_TRY(parsed, std::move(request));
    TAKT_TRY_VOID(limit_to(asked.caller, parsed));
    TAKT_TRY(reader, reader_of(service, asked, parsed));
    return service.app.answer(std::move(parsed), reader);
  }();
  if (answered) service.metrics.decision(answered->decision);
  else service.metrics.decision_failed(name_of(answered.error().code));
  return answered;
}

HttpResponse decide_once(const Service& service, const Asked& asked, Result<DecisionRequest> request) {
  auto answered = answer(service, asked, std::move(request));
  return answered ? json_answer(std::move(answered->json)) : refuse(answered.error());
}

HttpResponse decide_body(const Service& service, const HttpRequest& http) {
  Asked asked{http.caller, address_of(http), {}};
  auto request = parse_decision_request(http.body, &asked.wishes);
  return decide_once(service, asked, std::move(request));
}

/// ?placement=&user_id=&anonymous_id=&request_id=&limit=&locale=&key=: what fits into the template of a mail tool.
Result<DecisionRequest> request_of_query(const HttpRequest& http) {
  TAKT_TRY_VOID(only_parameters(http, {"key", "placement", "user_id", "anonymous_id", "request_id", "limit", "locale"}));
  TAKT_TRY(placement, PlacementId::parse(http.query_value("placement").value_or("")));
  nlohmann::json body{{"customer", nlohmann::json::object()}, {"placements", {{{"placement", placement.text()}}}}};
  for (const char* name : {"user_id", "anonymous_id"})
    if (const auto value = http.query_value(name)) body["customer"][name] = *value;
  if (const auto id = http.query_value("request_id")) body["request_id"] = *id;
  if (const auto locale = http.query_value("locale")) body["context"]["locale"] = *locale;
  if (const auto limit = http.query_value("limit")) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), value);
    if (error != std::errc{} || end != limit->data() + limit->size()) return fail_at("/limit", "must be a whole number");
    body["placements"][0]["limit"] = value;
  }
  // One parser for both ways of asking: the same checks, the same body hash for repeats.
  TAKT_TRY(request, parse_decision_request(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  request.key_name = http.query_value("key").value_or("");
  return request;
}

/// A template is rendered for a preview, for the text part, for the picture, and again when a worker of the mail tool is restarted: each asks.
HttpResponse decide_link(const Service& service, const HttpRequest& http) {
  Asked asked{http.caller, address_of(http), {}};
  asked.wishes.links = true; // no script runs in a mail
  auto request = request_of_query(http);
  if (request && !http.caller.key_id.empty()) request->key_name = http.caller.key_id;
  if (request && request->request_id.empty())
    if (auto named = service.app.name_link_request(*request); !named) return refuse(named.error());
  return decide_once(service, asked, std::move(request));
}

/// One line in, one line out, in order. An error is a line too: the others go on.
HttpResponse decide_batch(const Service& service, const HttpRequest& http) {
  HttpResponse response;
  response.content_type = "application/x-ndjson";
  auto body = std::make_shared<const std::string>(http.body);
  response.next_piece = [&service, asked = Asked{http.caller, address_of(http), {}}, body, position = std::size_t{0}](std::string& piece) mutable {
    // A few lines per piece: fewer system calls, and the client still sees answers while later ones are made.
    for (int lines = 0; lines < 16 && position < body->size();) {
      const std::size_t end = std::min(body->find('\n', position), body->size());
      const std::string_view line = std::string_view(*body).substr(position, end - position);
      position = end + 1;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      asked.wishes = {};
      auto request = parse_decision_request(line, &asked.wishes);
      auto answered = answer(service, asked, std::move(request));
      piece += answered ? answered->json : problem_of(answered.error()).body;
      piece += '\n';
      ++lines;
    }
    return position < body->size();
  };
  return response;
}

HttpResponse release(const Service& service, const HttpRequest& http) {
  if (http.caller.mode == KeyMode::test) return json_answer("{\"released\":0}"); // its own decisions were dry runs, and others' are real
  auto released = service.app.release(http.parameter("id"));
  if (!released) return refuse(released.error());
  return json_answer("{\"released\":" + std::to_string(*released) + "}");
}

} // namespace

void add_decision_routes(Router& router, const Service& service) {
  router.add({"POST", "/api/v1/decide", [&service](const HttpRequest& http) { return decide_body(service, http); }});
  router.add({"GET", "/api/v1/decide", [&service](const HttpRequest& http) { return decide_link(service, http); }});
  router.add({"POST", "/api/v1/decide:batch", [&service](const HttpRequest& http) { return decide_batch(service, http); }, true, batch_bytes_max});
  router.add({"POST", "/api/v1/decisions/{id}/release", [&service](const HttpRequest& http) { return release(service, http); }});
  router.add({"GET", "/api/v1/decisions/{id}", [&service](const HttpRequest& http) { return json_result(service.app.decision_json(http.parameter("id"))); }});
}

} // namespace takt
