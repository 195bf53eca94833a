// Keys: made, listed, revoked; and what was changed by whom.
#include "api/routes/answers.h"
#include "api/routes/policy_life.h"
#include "api/routes/routes.h"

namespace takt {

void add_key_routes(Router& router, const Service& service) {
  router.add({"GET", "/api/v1/keys", [&service](const HttpRequest&) { return json_answer(service.app.keys_json()); }});
  router.add({"POST", "/api/v1/keys", [&service](const HttpRequest& http) {
    auto made = service.app.create_key(http.body, author_of(http));
    return made ? json_answer(std::move(*made), 201) : refuse(made.error());
  }});
  router.add({"DELETE", "/api/v1/keys/{id}", [&service](const HttpRequest& http) {
    auto revoked = service.app.revoke_key(http.parameter("id"), author_of(http));
    return revoked ? json_answer("", 204) : refuse(revoked.error());
  }});
  router.add({"GET", "/api/v1/audit", [&service](const HttpRequest& http) {
    if (auto known = only_parameters(http, {"limit"}); !known) return refuse(known.error());
    auto page = page_of(http);
    if (!page) return refuse(page.error());
    return json_result(service.app.audit_json(page->limit));
  }});
}

} // namespace takt
