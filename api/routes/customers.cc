// What is known about one person, and why they see what they see.
#include "api/routes/answers.h"
#include "api/routes/routes.h"

namespace takt {
namespace {

HttpResponse journey(const Service& service, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"limit"}); !known) return refuse(known.error());
  auto page = page_of(http);
  if (!page) return refuse(page.error());
  return json_result(service.app.journey_json(http.parameter("id"), page->limit));
}

HttpResponse why(const Service& service, const HttpRequest& http) {
  if (auto known = only_parameters(http, {"placement", "item", "decision"}); !known) return refuse(known.error());
  for (const char* name : {"placement", "item"})
    if (!http.query_value(name)) return refuse(Error{ErrorCode::invalid, std::string(name) + " is required", {{"/" + std::string(name), "is required"}}});
  return json_result(service.app.why(http.parameter("id"), *http.query_value("placement"), *http.query_value("item"), http.query_value("decision").value_or("")));
}

HttpResponse unmerge(const Service& service, const HttpRequest& http) {
  if (auto known = only_parameters(http, {}); !known) return refuse(known.error());
  return json_result(service.app.unmerge(http.parameter("id"), http.body));
}

HttpResponse erase(const Service& service, const HttpRequest& http) {
  if (auto known = only_parameters(http, {}); !known) return refuse(known.error());
  return json_result(service.app.erase_customer(http.parameter("id")));
}

} // namespace

void add_customer_routes(Router& router, const Service& service) {
  router.add({"GET", "/api/v1/customers/{id}", [&service](const HttpRequest& http) { return json_result(service.app.customer_json(http.parameter("id"))); }});
  router.add({"DELETE", "/api/v1/customers/{id}", [&service](const HttpRequest& http) { return erase(service, http); }});
  router.add({"GET", "/api/v1/customers/{id}/export", [&service](const HttpRequest& http) { return json_result(service.app.export_customer(http.parameter("id"))); }});
  router.add({"GET", "/api/v1/erasures/{id}", [&service](const HttpRequest& http) { return json_result(service.app.erasure_json(http.parameter("id"))); }});
  router.add({"POST", "/api/v1/customers/{id}/unmerge", [&service](const HttpRequest& http) { return unmerge(service, http); }});
  router.add({"GET", "/api/v1/customers/{id}/journey", [&service](const HttpRequest& http) { return journey(service, http); }});
  router.add({"GET", "/api/v1/customers/{id}/why", [&service](const HttpRequest& http) { return why(service, http); }});
}

} // namespace takt
