// What the contract names and this release does not do yet: said so, never accepted and ignored.
#include "api/guard.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"

namespace takt {

void add_routes_not_built(Router& router) {
  struct Planned { const char* method; const char* path; };
  static constexpr Planned planned[]{
      {"GET", "/"},
      {"POST", "/ofrep/v1/evaluate/flags"},
      {"POST", "/ofrep/v1/evaluate/flags/{key}"},
  };
  for (const Planned& path : planned)
    router.add({path.method, path.path, [](const HttpRequest&) { return refuse(501, "not_built", "this is in the contract, but not built in this release"); }, false});
}

Router make_router(const Service& service) {
  Router router;
  add_decision_routes(router, service);
  add_event_routes(router, service);
  add_cloud_event_routes(router, service);
  add_sdk_settings_routes(router);
  add_link_routes(router, service);
  add_key_routes(router, service);
  add_policy_routes(router, service);
  add_preview_routes(router, service);
  add_document_routes(router, service);
  add_audience_routes(router, service);
  add_customer_routes(router, service);
  add_fact_routes(router, service);
  add_export_routes(router, service);
  add_backup_routes(router, service);
  add_health_routes(router, service);
  add_docs_routes(router);
  add_routes_not_built(router);
  guard(router, service.app);
  return router;
}

} // namespace takt
