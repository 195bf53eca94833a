#pragma once
/// Between the router and the handlers: finds the key in a request, asks the gatekeeper, tells the handler who calls, and writes down every
/// change that somebody made. Threads: any.
#include "api/access/gatekeeper.h"
#include "api/router.h"

#include <string>
#include <string_view>

namespace takt {

class App;

/// Authorization: Bearer, or Basic with the key as user (with or without the colon); X-API-Key; ?writeKey= of beacons and ?key= of links.
std::string key_in_head(const HttpRequest& http);
/// {"writeKey":…}: all that Segment's Python client sends. "" where there is none.
std::string write_key_in(std::string_view body);

/// Every route of the router asks first. `app` must outlive it.
void guard(Router& router, App& app);

} // namespace takt
