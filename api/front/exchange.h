#pragma once
/// One request that has wholly arrived, and its answer: what the front hands to a worker. Owned by one thread at a time.
#include <chrono>
#include <functional>
#include <string>

namespace takt {

struct Exchange {
  // ---- the request; a handler may move out of it
  std::string head;                                  ///< request line and fields as the library reads them, with the empty line
  std::string body;                                  ///< plain bytes: decoded and inflated
  std::string address;                               ///< of the peer: "127.0.0.1"
  int port = 0;
  bool keep_alive = true;
  bool old_version = false;                          ///< HTTP/1.0
  std::chrono::steady_clock::time_point arrived;     ///< its last byte

  // ---- the answer
  std::string output;                                ///< bytes for the wire
  bool close = false;                                ///< … and then nothing more
  /// Set: after `output`, each call appends the next piece of the body, false ends it. The front chunks it, and asks for more when the
  /// client has taken most of what there was, so neither memory nor a thread waits for a slow reader. Called by one thread at a time,
  /// not always the same.
  std::function<bool(std::string& piece)> next_piece;
};

/// Answers on a worker thread; must not throw.
using ExchangeHandler = std::function<void(Exchange&)>;

} // namespace takt
