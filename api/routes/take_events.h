#pragma once
/// Events on their way in, whatever the envelope: whose key, into the journal, into the counts, into the debugger, and the answer.
#include "api/json/codecs.h"
#include "api/routes/routes.h"

#include <string>
#include <string_view>

namespace takt {

/// Basic (with or without the colon), then the body's, then ?writeKey= of beacons: what SDKs really do. "default" where there is none.
std::string write_key(const HttpRequest& http, std::string_view of_body);

EventContext event_context(const Service& service, const World& world, std::string type);

/// 200 once it is durable, or the problem. `text`: as it came, for the debugger; the key and the clock are the call's.
HttpResponse take_event(const Service& service, Result<Event> event, const std::string& source, std::string_view text);
/// 200 with rejected[]; 503 where the store takes nothing: the client sends all of it again. Sources of the events are set.
HttpResponse take_events(const Service& service, EventBatch batch);

} // namespace takt
