#pragma once
/// The front door: one thread at a time looks after all sockets (epoll, edge-triggered) and reads whole requests into bounded memory;
/// workers answer them, and the one that has nothing to answer is the one that looks. A worker never waits for a socket and a socket never holds a worker, so idle and slow clients cost memory only. See docs/architecture.md.
/// Order: one request of a connection at a time; what a client pipelines waits in what was read ahead, then in the kernel.
/// Errors: a request that is refused is answered by the front itself (refusal.h). Threads: run() in one, the rest from any.
/// Cost: ~3 system calls a request, and half a thread switch.
#include "api/front/counters.h"
#include "api/front/exchange.h"
#include "api/front/limits.h"
#include "api/front/proxies.h"
#include "api/front/rate_limit.h"
#include "core/result.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace takt {

struct FrontOptions {
  int workers = 16;
  /// The largest body of a request, before its body is read. Of compressed ones: as it comes over the wire.
  std::function<std::size_t(std::string_view method, std::string_view target)> body_bytes_max;
  std::size_t body_inflated_bytes_max = std::size_t{4} << 20;
  std::function<void()> worker_begins = {};          ///< once on each worker's thread
  RateLimit per_address = {};
  bool limits_loopback = false;                      ///< callers on this machine, too
  TrustedProxies trusted_proxies = {};               ///< behind them the rate is that of whom they name
  std::function<void(FrontReason)> refused = {};     ///< told of each request that is not let in, on the loop's or a worker's thread; must not block
  std::size_t connections_max = front_limits::connections_max;
  std::size_t waiting_requests_max = front_limits::waiting_requests_max;
  std::size_t buffers_bytes_max = front_limits::buffers_bytes_max;
};

class Front {
public:
  Front(FrontOptions options, ExchangeHandler handler);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  /// Returns the port. Errors: unavailable.
  Result<int> bind(const std::string& host, int port);
  /// Serves until stop(); returns when everything that was admitted is answered, or after drain_time_max. After bind(), once.
  void run();
  /// From now on each answer ends its connection, so that clients go elsewhere before the door closes.
  void drain();
  /// No new connections; what has begun to arrive is still answered. Also before run(), which then returns at once.
  void stop();
  FrontCounts counts() const;

private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

} // namespace takt
