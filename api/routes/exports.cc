// Tables for data scientists, streamed: decisions, exposures, outcomes, customers.
#include "api/exports/export.h"
#include "api/http_errors.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"

#include <atomic>
#include <memory>

namespace takt {
namespace {

/// Each keeps one of those busy who answer requests.
constexpr int exports_at_once = 2;

/// What was promised with 200 and cannot be kept: a last line that is no row. Whoever counts on the rows sees it.
void append_broken_line(std::string& piece, const Error& error) {
  JsonWriter json;
  json.begin_object().key("error").begin_object().field("code", name_of(error.code)).field("message", error.message).end_object().end_object();
  piece += json.take() + "\n";
}

HttpResponse export_table(App& app, const std::shared_ptr<std::atomic<int>>& turns, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"from", "to", "cursor", "format", "identities", "window"}); !known) return refuse(known.error());
  const auto given = [&](std::string_view name) { return http.query_value(name); };
  auto options = parse_export({http.parameter("kind"), given("format"), given("from"), given("to"), given("cursor"), given("identities"), given("window")}, app.clock().utc_now());
  if (!options) return refuse(options.error());
  const bool is_csv = options->format == ExportFormat::csv;
  if (turns->fetch_add(1) >= exports_at_once) {
    --*turns;
    return refuse(Error{ErrorCode::unavailable, "two exports are running already: decisions need the others who work here", {}});
  }
  struct Running {
    Export rows;
    std::shared_ptr<std::atomic<int>> taken;
    std::string first = {};
    bool more = true;
    Running(Store& store, ExportOptions wanted, std::shared_ptr<std::atomic<int>> turn) : rows(store, std::move(wanted)), taken(std::move(turn)) {}
    ~Running() { --*taken; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
  };
  auto running = std::make_shared<Running>(app.store(), std::move(*options), turns);
  if (auto more = running->rows.next(running->first); more) running->more = *more; // an error of the first piece is still a problem document
  else return refuse(more.error());
  HttpResponse response;
  response.content_type = is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
  response.next_piece = [running](std::string& piece) {
    if (!running->first.empty()) {
      piece += std::exchange(running->first, {});
      return running->more;
    }
    if (!running->more) return false;
    auto more = running->rows.next(piece);
    if (!more) append_broken_line(piece, more.error());
    running->more = more && *more;
    return running->more;
  };
  return response;
}

} // namespace

void add_export_routes(Router& router, const Service& service) {
  auto turns = std::make_shared<std::atomic<int>>(0); // outlives the router: an answer on its way holds one
  router.add({"GET", "/api/v1/exports/{kind}", [&app = service.app, turns](const HttpRequest& http) { return export_table(app, turns, http); }});
}

} // namespace takt
