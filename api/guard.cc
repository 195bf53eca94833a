#include "api/guard.h"

#include "api/app.h"
#include "api/http_errors.h"
#include "api/json/reader.h"
#include "api/json/utf8.h"

#include <algorithm>

namespace takt {
namespace {

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

/// RFC 4648; stops at the first character that is none.
std::string decode_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) break;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  return bytes;
}

/// What one caller changed stands in the log, whoever they are and whatever it was; reading and the flood of events do not.
bool is_change(Need need) { return need == Need::edit || need == Need::people_edit || need == Need::approve || need == Need::administer; }

/// Of two names that are no text, each would be written as the same replacement: two people become one.
bool is_readable(const HttpRequest& http) {
  const auto fits = [](const auto& named) { return is_utf8(named.first) && is_utf8(named.second); };
  return std::all_of(http.parameters.begin(), http.parameters.end(), fits) && std::all_of(http.query.begin(), http.query.end(), fits);
}

/// "localhost:8080", "127.0.0.1", "[::1]:80", or nothing (HTTP/1.0).
bool is_own_name(std::string_view host) {
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find(':'));
  return host.empty() || host == "localhost" || (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

/// A page of another site in a browser here, which may send, if not read: browsers say whose it is. One that is named in allowed_origins is welcome.
bool is_of_another_site(const HttpRequest& http, const std::vector<std::string>& allowed) {
  const std::string& origin = http.header("origin");
  if (origin.empty()) return http.header("sec-fetch-site") == "cross-site";
  if (std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) return false;
  const std::size_t scheme = origin.find("://");
  return scheme == std::string::npos || !is_own_name(std::string_view(origin).substr(scheme + 3));
}

/// Without a key loopback is the only wall, and there are two more holes in it: a proxy on this machine, which makes the whole world look local, and
/// a page in somebody's browser here whose name suddenly means 127.0.0.1 (DNS rebinding). The one says for whom it asks, the other its own name.
bool comes_from_outside(const HttpRequest& http) {
  const auto is_set = [&](std::string_view name) { return !http.header(name).empty(); };
  return is_set("x-forwarded-for") || is_set("forwarded") || is_set("via") || !is_own_name(http.header("host"));
}

HttpResponse guarded(App& app, std::optional<Need> need, const Route& route, const HttpHandler& handler, const HttpRequest& http) {
  if (need != Need::nothing && app.gatekeeper().is_open() && comes_from_outside(http))
    return refuse(403, "key_needed", "without a key only this machine is answered, by its own name and not through a proxy: takt keys create --role admin first");
  if (need != Need::nothing && app.gatekeeper().is_open() && is_of_another_site(http, app.config().allowed_origins))
    return refuse(403, "key_needed", "without a key no page of another site is answered: name it in allowed_origins, or takt keys create --role admin first");
  const Gatekeeper::Moment moment{app.clock().utc_now(), std::chrono::nanoseconds(app.clock().steady_now().time_since_epoch()).count()};
  Credentials credentials{key_in_head(http), http.header("origin")};
  if (credentials.key.empty() && need == Need::ingest && !app.gatekeeper().is_open()) credentials.key = write_key_in(http.body);
  const Gatekeeper::Verdict verdict = app.gatekeeper().admit(credentials, need, app.config().allowed_origins, moment);
  if (verdict.status != 0) {
    HttpResponse response = refuse(verdict.status, verdict.code, verdict.detail);
    if (verdict.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (verdict.status == 429) response.headers.emplace_back("Retry-After", std::to_string(verdict.retry_seconds));
    return response;
  }
  if (!is_readable(http)) return refuse(400, "malformed", "path and query are UTF-8, percent-encoded");
  http.caller = verdict.caller;
  HttpResponse response = handler(http);
  if (need && is_change(*need) && http.method != "GET" && response.status < 400) app.note_change(http, route.pattern, response.status);
  return response;
}

} // namespace

std::string key_in_head(const HttpRequest& http) {
  const std::string& authorization = http.header("authorization");
  if (authorization.starts_with("Bearer ")) return authorization.substr(7);
  if (authorization.starts_with("Basic ")) {
    const std::string user = decode_base64(std::string_view(authorization).substr(6));
    if (const std::string key = user.substr(0, user.find(':')); !key.empty()) return key;
  }
  if (const std::string& key = http.header("x-api-key"); !key.empty()) return key;
  if (const auto key = http.query_value("writeKey")) return *key;
  return http.query_value("key").value_or("");
}

std::string write_key_in(std::string_view body) {
  JsonDocument document;
  if (!document.parse(body) || !document.root().is(JsonKind::object)) return {};
  const auto value = document.root().find("writeKey");
  return value && value->is(JsonKind::string) ? std::string(value->text()) : std::string();
}

void guard(Router& router, App& app) {
  router.wrap([&app](const Route& route) -> HttpHandler {
    const auto need = need_of(route.method, route.pattern);
    return [&app, need, named = Route{route.method, route.pattern, {}, route.personal, 0}, handler = route.handler](const HttpRequest& http) {
      return guarded(app, need, named, handler, http);
    };
  });
}

} // namespace takt
