// Tables for data scientists, streamed: decisions, exposures, outcomes, customers.
#include "api/exports/export.h"
#include "api/http_errors.h"
#include "api/json/writer.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"

#include <memory>

namespace takt {
namespace {

/// What was promised with 200 and cannot be kept: a last line that is no row. Whoever counts on the rows sees it.
void append_broken_line(std::string& piece, const Error& error) {
  JsonWriter json;
  json.begin_object().key("error").begin_object().field("code", name_of(error.code)).field("message", error.message).end_object().end_object();
  piece += json.take() + "\n";
}

HttpResponse export_table(App& app, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"from", "to", "cursor", "format", "identities", "window"}); !known) return refuse(known.error());
  const auto given = [&](std::string_view name) { return http.query_value(name); };
  auto options = parse_export({http.parameter("kind"), given("format"), given("from"), given("to"), given("cursor"), given("identities"), given("window")}, app.clock().utc_now());
  if (!options) return refuse(options.error());
  const bool is_csv = options->format == ExportFormat::csv;
  struct Running { Export rows; std::string first; bool more = true; };
  auto running = std::make_shared<Running>(Running{Export(app.store(), std::move(*options)), "", true});
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
  router.add({"GET", "/api/v1/exports/{kind}", [&app = service.app](const HttpRequest& http) { return export_table(app, http); }});
}

} // namespace takt
