// Who is in an audience: how many, how many may be reached, and their names. The documents themselves: documents.cc.
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "core/limits.h"

#include <charconv>

namespace takt {
namespace {

Result<AudienceScan> scan_of(const HttpRequest& http) {
  AudienceScan scan;
  scan.after = http.query_value("cursor").value_or("");
  const auto limit = http.query_value("limit");
  if (!limit) return scan;
  const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), scan.customers_max);
  if (error != std::errc{} || end != limit->data() + limit->size() || scan.customers_max == 0 || scan.customers_max > limits::audience_scan_max)
    return fail_at("/limit", "must be 1 to " + std::to_string(limits::audience_scan_max) + ": customers to look at");
  return scan;
}

HttpResponse count(App& app, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"limit", "cursor"}); !known) return refuse(known.error());
  const auto scan = scan_of(http);
  if (!scan) return refuse(scan.error());
  // Counts of the same people but one differ by that one.
  if (!may(http.caller.role, Need::people) && (http.query_value("limit") || http.query_value("cursor")))
    return refuse(403, "forbidden", "limit and cursor are for roles that see people: a count of one person is no figure");
  return json_result(app.audience_count(http.parameter("id"), *scan));
}

HttpResponse export_members(App& app, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"limit", "cursor", "format", "identities"}); !known) return refuse(known.error());
  const auto scan = scan_of(http);
  if (!scan) return refuse(scan.error());
  const std::string format = http.query_value("format").value_or("ndjson"), identities = http.query_value("identities").value_or("false");
  if (format != "ndjson" && format != "csv") return refuse(fail_at("/format", "must be ndjson or csv").value());
  if (identities != "true" && identities != "false") return refuse(fail_at("/identities", "must be true or false").value());
  auto page = app.audience_export(http.parameter("id"), *scan, format == "csv", identities == "true");
  if (!page) return refuse(page.error());
  HttpResponse response;
  response.body = std::move(page->body);
  response.content_type = format == "csv" ? "text/csv" : "application/x-ndjson";
  if (!page->next_cursor.empty()) response.headers.emplace_back("Takt-Next-Cursor", page->next_cursor);
  return response;
}

} // namespace

void add_audience_routes(Router& router, const Service& service) {
  App& app = service.app;
  router.add({"GET", "/api/v1/audiences/{id}/count", [&app](const HttpRequest& http) { return count(app, http); }});
  router.add({"GET", "/api/v1/audiences/{id}/export", [&app](const HttpRequest& http) { return export_members(app, http); }});
}

} // namespace takt
