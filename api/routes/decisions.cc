// decide: one call, one link of a mail template, or many lines.
#include "api/routes/answers.h"
#include "api/routes/routes.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

constexpr std::size_t batch_bytes_max = std::size_t{16} << 20;  // some 50,000 lines; answers are streamed, not kept

/// What a key may ask: whoever can read it off a page learns no reasons, and steers neither clock nor chance.
Status limit_to(const Caller& caller, DecisionRequest& request) {
  if (!caller.key_id.empty()) request.key_name = caller.key_id;
  if (caller.mode == KeyMode::test) request.dry_run = true;
  if (!caller.is_public()) return {};
  request.explain = Explain::none;
  if (request.seed != 0 || request.now != UtcTime{}) return fail(ErrorCode::forbidden, "seed and now are for secret keys");
  for (const PlacementRequest& asked : request.placements)
    if (!caller.placements.empty() && std::find(caller.placements.begin(), caller.placements.end(), asked.placement.text()) == caller.placements.end())
      return fail(ErrorCode::forbidden, "this key may not ask for " + asked.placement.text());
  return {};
}

Result<Answer> answer(const Service& service, const Caller& caller, Result<DecisionRequest> request) {
  Result<Answer> answered = [&]() -> Result<Answer> {
    TAKT_TRY(parsed, std::move(request));
    TAKT_TRY_VOID(limit_to(caller, parsed));
    return service.app.answer(std::move(parsed), {caller.is_public()});
  }();
  if (answered) service.metrics.decision(answered->decision);
  else service.metrics.decision_failed(name_of(answered.error().code));
  return answered;
}

HttpResponse decide_once(const Service& service, const Caller& caller, Result<DecisionRequest> request) {
  auto answered = answer(service, caller, std::move(request));
  return answered ? json_answer(std::move(answered->json)) : refuse(answered.error());
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

/// One line in, one line out, in order. An error is a line too: the others go on.
HttpResponse decide_batch(const Service& service, const HttpRequest& http) {
  HttpResponse response;
  response.content_type = "application/x-ndjson";
  auto body = std::make_shared<const std::string>(http.body);
  response.next_piece = [&service, caller = http.caller, body, position = std::size_t{0}](std::string& piece) mutable {
    // A few lines per piece: fewer system calls, and the client still sees answers while later ones are made.
    for (int lines = 0; lines < 16 && position < body->size();) {
      const std::size_t end = std::min(body->find('\n', position), body->size());
      const std::string_view line = std::string_view(*body).substr(position, end - position);
      position = end + 1;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      auto answered = answer(service, caller, parse_decision_request(line));
      piece += answered ? answered->json : problem_of(answered.error()).body;
      piece += '\n';
      ++lines;
    }
    return position < body->size();
  };
  return response;
}

HttpResponse release(const Service& service, const HttpRequest& http) {
  auto released = service.app.release(http.parameter("id"));
  if (!released) return refuse(released.error());
  return json_answer("{\"released\":" + std::to_string(*released) + "}");
}

} // namespace

void add_decision_routes(Router& router, const Service& service) {
  router.add({"POST", "/api/v1/decide", [&service](const HttpRequest& http) { return decide_once(service, http.caller, parse_decision_request(http.body)); }});
  router.add({"GET", "/api/v1/decide", [&service](const HttpRequest& http) { return decide_once(service, http.caller, request_of_query(http)); }});
  router.add({"POST", "/api/v1/decide:batch", [&service](const HttpRequest& http) { return decide_batch(service, http); }, true, batch_bytes_max});
  router.add({"POST", "/api/v1/decisions/{id}/release", [&service](const HttpRequest& http) { return release(service, http); }});
  router.add({"GET", "/api/v1/decisions/{id}", [&service](const HttpRequest& http) { return json_result(service.app.decision_json(http.parameter("id"))); }});
}

} // namespace takt
