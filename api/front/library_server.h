#pragma once
/// cpp-httplib as a function from a request in memory to an answer in memory: it parses heads and writes answers, and sees neither sockets
/// nor bodies. One of the few files that know it (tools/check_layers.py). Threads: process() from any, at the same time.
/// Cost: ~10 µs a request, most of it the library's.
#include "api/front/exchange.h"

#include <functional>
#include <httplib.h>
#include <string>

namespace takt {

class LibraryServer final : private httplib::Server {
public:
  /// The body is in the exchange, not in the library's request.
  using Answer = std::function<void(const httplib::Request&, httplib::Response&, Exchange&)>;

  explicit LibraryServer(Answer answer);
  /// What it answers where it cannot read a head, or a handler throws.
  using Server::set_error_handler;
  using Server::set_exception_handler;

  /// Fills the answering half of `exchange`. Does not throw.
  void process(Exchange& exchange);
  /// For an Answer: the body comes in pieces, see Exchange::next_piece.
  static void stream(httplib::Response& response, Exchange& exchange, const std::string& content_type, std::function<bool(std::string&)> next_piece);

private:
  void try_to_process(Exchange& exchange);
};

} // namespace takt
