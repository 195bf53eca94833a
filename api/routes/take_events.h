#pragma once
/// Events on their way in, whatever the envelope: whose key, into the journal, into the counts, into the debugger, and the answer.
#include "api/json/codecs.h"
#include "api/routes/routes.h"

#include <optional>
#include <string>
#include <string_view>

namespace takt {

/// Where the event comes from: the id of the caller's key; as long as there are no keys the write key that the SDK was given, in the head or
/// in the body. "default" where there is none.
std::string source_of(const HttpRequest& http, std::string_view of_body);

EventContext event_context(const Service& service, const World& world, std::string type, const Caller& caller);

/// 413 where a page sends more at once than the SDKs of pages do.
std::optional<HttpResponse> refusal_of_large_batch(const HttpRequest& http);

/// 200 once it is durable, or the problem. Of a test key: seen by the debugger, kept nowhere. `text`: as it came, for the debugger; the key and the clock are the call's.
HttpResponse take_event(const Service& service, const Caller& caller, Result<Event> event, const std::string& source, std::string_view text);
/// 200 with rejected[]; 503 where the store takes nothing: the client sends all of it again. Sources of the events are set.
HttpResponse take_events(const Service& service, const Caller& caller, EventBatch batch);

} // namespace takt
