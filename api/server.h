#pragma once
/// HTTP for the Router: sockets, threads, limits, framing, graceful stop. server.cc is the only file that knows the HTTP library,
/// and closes its known holes (docs/http.md): body limits that it ignores for chunked and gzip bodies, request smuggling after an
/// unread body, two servers on one port, a backlog of five, 44 ms of Nagle. Not closed, because the library does not let us: headers
/// are read without a limit before ours applies, and of pipelined requests only the first is answered; a proxy in front does both.
/// Threads: one per open connection, `threads` at most.
#include "api/config.h"
#include "api/metrics.h"
#include "api/router.h"
#include "core/result.h"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace takt {

struct ServerOptions {
  ListenAddress listen;                                  ///< loopback only; port 0 = any free one
  int threads = 64;
  std::size_t body_bytes_max = limits::body_bytes_max;   ///< as it comes over the wire
  std::size_t body_inflated_bytes_max = limits::body_inflated_bytes_max;
  std::vector<std::string> allowed_origins;              ///< CORS; empty = none
  std::function<bool(const std::string& origin)> knows_origin; ///< besides these; empty = none
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
  /// From any thread, also before run().
  void stop();

private:
  struct Library;
  std::unique_ptr<Library> library_;
};

} // namespace takt
