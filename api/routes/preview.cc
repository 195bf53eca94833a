// What would the stored draft have changed? A bounded sample of the past, on one thread, one preview at a time: decisions go first.
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "api/what_if.h"

#include <memory>
#include <mutex>

namespace takt {
namespace {

HttpResponse preview(const Service& service, const HttpRequest& http) {
  const Clock& clock = service.app.clock();
  auto options = preview_options(http.body, clock.utc_now());
  if (!options) return refuse(options.error());
  auto draft = service.app.policy_draft();
  if (!draft) return refuse(draft.error());
  const SteadyTime begin = clock.steady_now();
  const auto report = what_if_of(service.app, draft->json, *options);
  if (!report) return refuse(report.error());
  HttpResponse response = json_answer(what_if_json(*report, service.app.store().symbols(), std::chrono::duration<double>(clock.steady_now() - begin).count()));
  response.headers.emplace_back("ETag", etag_of(draft->version));
  return response;
}

} // namespace

void add_preview_routes(Router& router, const Service& service) {
  const auto running = std::make_shared<std::mutex>();
  router.add({"POST", "/api/v1/policies/draft/preview",
              [&service, running](const HttpRequest& http) {
                const std::unique_lock lock(*running, std::try_to_lock);
                if (!lock.owns_lock()) return refuse(503, "unavailable", "another preview is being computed; ask again in a few seconds");
                return preview(service, http);
              },
              false});
}

} // namespace takt
