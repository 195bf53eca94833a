#pragma once
/// The listening socket. Threads: one.
#include "core/result.h"

#include <cstdint>
#include <string>
#include <sys/socket.h>

namespace takt {

class Listener {
public:
  Listener() = default;
  ~Listener() { close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// `port` 0 = any free one. Returns the port. Not SO_REUSEPORT: a second server on a port must fail, not take half of its traffic.
  /// Errors: unavailable (taken, no permission, no such host).
  Result<int> open(const std::string& host, int port);
  void close();
  int socket() const { return socket_; }

  enum class Outcome : std::uint8_t { taken, nothing, no_descriptors };
  /// One waiting client, non-blocking and without Nagle's delay.
  Outcome accept(int& client, sockaddr_storage& peer) const;

private:
  int socket_ = -1;
};

/// The number by which callers are limited: an IPv4 address, or the upper half of an IPv6 one (its owner has all of the lower).
std::uint64_t caller_of(const sockaddr_storage& peer);
bool is_loopback(const sockaddr_storage& peer);
/// "127.0.0.1" and the port.
void name_of(const sockaddr_storage& peer, std::string& address, int& port);
/// Lets this process open as many files as the system allows it. Returns how many.
std::size_t raise_files_max();

} // namespace takt
