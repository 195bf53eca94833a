#pragma once
/// Which handler answers a method and path. Requests and answers are values of ours, so that routes never see the HTTP library.
/// Patterns are literal segments and {names}: "/api/v1/items/{id}". No regular expressions: they recurse on long paths.
/// Threads: build once, then `find` from any thread. Cost: linear in the routes with as many segments (~1 µs).
#include "api/access/caller.h"
#include "core/limits.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace takt {

struct HttpRequest {
  std::string method;
  std::string target;                                          ///< as sent: path and query
  std::string path;                                            ///< as sent, not decoded
  std::map<std::string, std::string, std::less<>> query;       ///< decoded; a repeated name keeps its first value
  std::map<std::string, std::string, std::less<>> headers;     ///< lower-case names; only those the routes read
  std::map<std::string, std::string, std::less<>> parameters;  ///< {names} of the pattern, decoded
  std::string body;                                            ///< inflated
  std::string id;                                              ///< X-Request-Id, or ours
  mutable Caller caller;                                       ///< set by the guard (api/guard.h) before a handler sees the request

  /// "" where absent.
  const std::string& header(std::string_view name) const;
  const std::string& parameter(std::string_view name) const;
  std::optional<std::string> query_value(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  /// Set: the answer is streamed; each call appends the next piece, false ends it. `body` is ignored.
  std::function<bool(std::string& piece)> next_piece;
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct Route {
  std::string method;
  std::string pattern;
  HttpHandler handler;
  bool personal = true;                                        ///< Cache-Control: no-store
  std::size_t body_bytes_max = 0;                              ///< 0 = the server's; plain bytes
};

class Router {
public:
  void add(Route route);
  /// Every handler is replaced by what `wrap` makes of its route.
  void wrap(const std::function<HttpHandler(const Route&)>& wrap);

  void for_each(const std::function<void(const Route&)>& visit) const;

  struct Match {
    const Route* route = nullptr;                              ///< none: 404, or 405 where `allowed` is not empty
    std::map<std::string, std::string, std::less<>> parameters;
    std::vector<std::string> allowed;                          ///< methods of that path
  };
  /// `path` without query. HEAD finds the route of GET.
  Match find(std::string_view method, std::string_view path) const;

private:
  struct Entry {
    std::vector<std::string> segments;                         ///< "{id}" is a name
    std::unique_ptr<Route> route;
  };
  std::vector<std::vector<Entry>> by_segments_count_;
};

/// Percent-decoding; '+' stays. A broken escape stays as it is.
std::string decode_percent(std::string_view text, bool plus_is_space);
/// "a=1&b=2" → values, decoded.
std::map<std::string, std::string, std::less<>> parse_query(std::string_view query);

} // namespace takt
