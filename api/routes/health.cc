// For those who operate it: is it alive, does it take traffic, what does it do, does what arrives make sense.
#include "api/recall_check.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "api/upkeep.h"

namespace takt {

void add_health_routes(Router& router, const Service& service) {
  router.add({"GET", "/healthz", [](const HttpRequest&) { return json_answer(R"({"status":"ok"})"); }, false});
  router.add({"GET", "/readyz", [&service](const HttpRequest&) {
    if (service.draining) return refuse(503, "draining", "this process is stopping; ask another one");
    return json_answer(R"({"status":"ready"})");
  }, false});
  router.add({"GET", "/metrics", [&service](const HttpRequest&) {
    service.metrics.items(service.app.world()->catalogue->size());
    service.metrics.labels(service.app.store().symbols().size());
    const OnlineRecall recall = service.app.online_recall();
    service.metrics.recall(recall.searches, recall.recall_at_100());
    service.metrics.upkeep(service.app.upkeep().figures());
    HttpResponse response = json_answer(service.metrics.text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  }, false});
  router.add({"GET", "/api/v1/features", [&service](const HttpRequest&) { return json_answer(service.app.features_json()); }, false});
  router.add({"GET", "/api/v1/integration", [&service](const HttpRequest&) { return json_result(service.app.doctor()); }});
}

} // namespace takt
