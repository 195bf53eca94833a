#pragma once
/// Every path of the contract. Handlers parse, call one verb of App, and write the answer; what is in the contract and not yet built
/// answers 501. Threads: handlers run on any request thread.
#include "api/app.h"
#include "api/event_debugger.h"
#include "api/metrics.h"
#include "api/router.h"

#include <atomic>

namespace takt {

struct Service {
  App& app;
  Metrics& metrics;
  EventDebugger& debugger;
  const std::atomic<bool>& draining;                 ///< /readyz answers 503 from then on
};

/// All of them. `service` must outlive the router.
Router make_router(const Service& service);

void add_decision_routes(Router& router, const Service& service);
void add_event_routes(Router& router, const Service& service);        ///< Segment's and RudderStack's paths; the debugger
void add_cloud_event_routes(Router& router, const Service& service);
void add_sdk_settings_routes(Router& router);
void add_link_routes(Router& router, const Service& service);         ///< followed out of mails and pages
void add_key_routes(Router& router, const Service& service);
void add_policy_routes(Router& router, const Service& service);
void add_preview_routes(Router& router, const Service& service);    ///< what a draft would have changed
void add_document_routes(Router& router, const Service& service);   ///< items, placements, audiences, configured features
void add_audience_routes(Router& router, const Service& service);   ///< who is in them
void add_customer_routes(Router& router, const Service& service);
void add_fact_routes(Router& router, const Service& service);       ///< set and cleared; who waits behind a gate
void add_export_routes(Router& router, const Service& service);     ///< tables for data scientists
void add_backup_routes(Router& router, const Service& service);     ///< made by themselves, or asked for
void add_health_routes(Router& router, const Service& service);
void add_docs_routes(Router& router);                                ///< this API, described
void add_routes_not_built(Router& router);

} // namespace takt
