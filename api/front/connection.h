#pragma once
/// One client's socket and where it stands. All of it belongs to the event loop. While the phase is `working`, `framing`, `exchange`,
/// what is sent and the sending half of the socket are a worker's, until it puts the connection on the list of returned ones.
#include "api/front/exchange.h"
#include "api/front/framing.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace takt {

struct Connection {
  using Time = std::chrono::steady_clock::time_point;
  enum class Phase : std::uint8_t {
    idle,                                            ///< between two requests
    head,
    body,
    working,                                         ///< in the queue or with a worker
    writing,
    lingering,                                       ///< everything is said; what still comes is thrown away
    closed,                                          ///< buried at the end of the loop's turn
  };

  explicit Connection(int the_socket) : socket(the_socket) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// What is read ahead and not yet framed.
  std::string_view ahead() const { return std::string_view(ahead_bytes).substr(ahead_begin); }
  /// Sends what there is of the answer without waiting. False: the client is gone.
  bool send_some();
  bool is_sent() const { return sent == exchange.output.size(); }
  /// Bytes that the kernel has taken and the client not yet acknowledged.
  std::uint64_t unread_bytes() const;
  /// Makes more of a streamed answer, up to the high-water mark. Only when next_piece is set.
  void make_pieces();
  std::size_t held_bytes() const { return framing.held_bytes() + ahead_bytes.capacity() + exchange.head.capacity() + exchange.body.capacity() + exchange.output.capacity(); }

  const int socket;
  std::size_t index = 0;                             ///< in the loop's list
  Phase phase = Phase::idle;
  bool readable = false;                             ///< as far as the loop knows: edges are told once
  bool hung_up = false;                              ///< the client has closed its half: after the last byte comes the end
  bool ready = false;                                ///< is on the loop's list of those to look at
  bool lingers = false;                              ///< something of the client's may be unread when this closes
  Time phase_begin;
  std::uint64_t phase_bytes = 0;                     ///< read or sent in this phase
  std::uint64_t unread_before = 0;                   ///< when the phase `writing` began
  RequestFraming framing;
  std::string ahead_bytes;
  std::size_t ahead_begin = 0;
  Exchange exchange;
  std::size_t sent = 0;                              ///< of exchange.output
  bool gone = false;                                 ///< sending failed
  bool packed = false;                               ///< the body is gzip still; a worker inflates it
  std::size_t inflated_bytes_max = 0;
  bool loop_waits = false;                           ///< the loop has more to do with it as soon as it is returned
  std::atomic<bool> event_missed{false};             ///< something happened to the socket while it was a worker's
  std::size_t counted_bytes = 0;                     ///< of held_bytes(), in the loop's sum
  sockaddr_storage peer{};
  std::uint64_t caller = 0;                          ///< for the rate limit: the address, of IPv6 the network
  bool is_loopback = false;
  bool is_proxy = false;                             ///< one whose word about its callers is taken: each request has another
};

} // namespace takt
