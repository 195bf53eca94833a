#pragma once
/// HTTP for the Router: api/front/ reads whole requests and writes answers, cpp-httplib parses heads and words answers, and this turns
/// one into our values and back. What the front refuses never comes here; everything else is answered in one place, without the library's
/// routes (regular expressions) and its reading of bodies. Threads: `threads` answer requests; connections cost none.
#include "api/config.h"
#include "api/front/limits.h"
#include "api/front/proxies.h"
#include "api/front/rate_limit.h"
#include "api/metrics.h"
#include "api/process_log.h"
#include "api/router.h"
#include "core/result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace takt {

struct ServerOptions {
  ListenAddress listen;                                  ///< port 0 = any free one
  int threads = 16;                                      ///< that answer requests
  std::size_t body_bytes_max = limits::body_bytes_max;   ///< as it comes over the wire
  std::size_t body_inflated_bytes_max = limits::body_inflated_bytes_max;
  std::vector<std::string> allowed_origins;              ///< CORS; empty = none
  std::function<bool(const std::string& origin)> knows_origin; ///< besides these; empty = none
  RateLimit per_address = {};                            ///< requests of one peer; none by default
  bool limits_loopback = false;                          ///< … also of callers on this machine
  TrustedProxies trusted_proxies = {};                   ///< whose word about their callers is taken
  ProcessLog* log = nullptr;                             ///< a line per request; must outlive the server
  std::size_t connections_max = front_limits::connections_max;
};

class HttpServer {
public:
  HttpServer(Router router, Metrics& metrics, ServerOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Returns the port. Errors: unavailable (taken, no permission).
  Result<int> bind();
  /// Serves until stop(); returns when every request in flight has been answered. Call after bind().
  void run();
  /// Answers end their connections from now on, so that clients leave before stop().
  void drain();
  /// From any thread, also before run().
  void stop();

private:
  struct Library;
  std::unique_ptr<Library> library_;
};

} // namespace takt
