// Links that were in an answer, followed by whoever read the mail or the page: no key, the signature is the right.
#include "api/json/event_names.h"
#include "api/routes/answers.h"
#include "api/routes/routes.h"
#include "api/routes/take_events.h"

#include <array>

namespace takt {
namespace {

/// One transparent pixel, GIF89a.
constexpr std::array<unsigned char, 43> pixel{'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21, 0xf9, 4,
                                              1,   0,   0,   0,   0,   0x2c, 0, 0, 0, 0, 1,    0, 1, 0, 0, 2, 2,    0x44, 1,    0,    0x3b};

constexpr const char* source = "links";              // where their events come from, in the journal and in `takt doctor`

/// Nobody looks: a scanner asks for the head only, a browser fetches ahead of its user, a crawler says that it is one.
bool is_nobody(const HttpRequest& http) {
  if (http.method == "HEAD" || is_known_bot(http.header("user-agent"))) return true;
  for (const char* name : {"sec-purpose", "purpose", "x-purpose", "x-moz"})
    if (const std::string& purpose = http.header(name); purpose.find("prefetch") != std::string::npos || purpose.find("preview") != std::string::npos) return true;
  return false;
}

/// Whoever followed the link gets their picture or their page, whatever becomes of the count: what was lost is in the metrics.
void count(const Service& service, const HttpRequest& http, const Link& link) {
  if (is_nobody(http)) return;
  auto text = service.app.link_event(link);
  if (!text) {
    service.metrics.event(EventType::track, EventResult::rejected);
    return;
  }
  if (!*text) return;
  const WorldPtr world = service.app.world();
  EventContext context = event_context(service, *world, "", Caller{});
  context.source = source;
  take_event(service, Caller{}, parse_event(**text, context), source, **text);
}

HttpResponse picture(int status) {
  HttpResponse response;
  response.status = status;
  response.content_type = "image/gif";
  response.body.assign(reinterpret_cast<const char*>(pixel.data()), pixel.size());
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "cross-origin");
  return response;
}

HttpResponse impression(const Service& service, const HttpRequest& http) {
  const auto link = read_link(*service.app.links().keys(), http.parameter("token"));
  if (!link || link->action != LinkAction::impression) return picture(404); // a picture all the same: a mail must not show a broken one
  count(service, http, *link);
  return picture(200);
}

/// ASCII only: header fields hold nothing else.
std::string location_of(std::string_view target) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string location;
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) location += c;
    else location.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return location;
}

HttpResponse click(const Service& service, const HttpRequest& http) {
  const auto link = read_link(*service.app.links().keys(), http.parameter("token"));
  if (!link || link->action != LinkAction::click) return refuse(404, "not_found", "this is no link of ours, or its key was taken out of use");
  count(service, http, *link);
  HttpResponse response;
  response.status = 302;
  response.content_type.clear();
  response.headers.emplace_back("Location", location_of(link->target));
  response.headers.emplace_back("Referrer-Policy", "no-referrer"); // the token is nobody else's business
  response.headers.emplace_back("X-Robots-Tag", "noindex, nofollow");
  return response;
}

} // namespace

void add_link_routes(Router& router, const Service& service) {
  router.add({"GET", "/links/impression/{token}", [&service](const HttpRequest& http) { return impression(service, http); }});
  router.add({"GET", "/links/click/{token}", [&service](const HttpRequest& http) { return click(service, http); }});
}

} // namespace takt
