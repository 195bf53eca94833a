#include "api/front/listener.h"

#include "api/front/limits.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

namespace takt {
namespace {

/// The port that this one listens on, or nothing.
int try_to_listen(int socket, const addrinfo& address) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket, address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket, front_limits::backlog) != 0) return -1;
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return -1;
  std::string name;
  int port = 0;
  name_of(bound, name, port);
  return port;
}

sockaddr_in in_of(const sockaddr_storage& peer) {
  sockaddr_in address{};
  std::memcpy(&address, &peer, sizeof address);
  return address;
}
sockaddr_in6 in6_of(const sockaddr_storage& peer) {
  sockaddr_in6 address{};
  std::memcpy(&address, &peer, sizeof address);
  return address;
}

} // namespace

Result<int> Listener::open(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(code == 0 ? found : nullptr, [](addrinfo* list) {
    if (list != nullptr) ::freeaddrinfo(list);
  });
  for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
    socket_ = ::socket(one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol);
    if (socket_ < 0) continue;
    if (const int bound = try_to_listen(socket_, *one); bound > 0) return bound;
    close();
  }
  return fail(ErrorCode::unavailable, "cannot listen on " + host + ":" + std::to_string(port) + ": the port is taken or not allowed");
}

void Listener::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

Listener::Outcome Listener::accept(int& client, sockaddr_storage& peer) const {
  if (socket_ < 0) return Outcome::nothing;
  for (;;) {
    socklen_t size = sizeof peer;
    client = ::accept4(socket_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) break;
    if (errno == EINTR || errno == ECONNABORTED) continue; // that one has left already
    return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM ? Outcome::no_descriptors : Outcome::nothing;
  }
  const int yes = 1; // Nagle's algorithm waits 44 ms for the acknowledgement of a head before it sends the body
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return Outcome::taken;
}

std::uint64_t caller_of(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) return ntohl(in_of(peer).sin_addr.s_addr);
  if (peer.ss_family != AF_INET6) return 0;
  const in6_addr address = in6_of(peer).sin6_addr;
  std::uint64_t upper = 0;
  for (std::size_t i = 0; i < 8; ++i) upper = upper << 8 | address.s6_addr[i];
  if (upper != 0) return upper;
  std::uint64_t lower = 0;                           // ::1, and IPv4 written as IPv6
  for (std::size_t i = 8; i < 16; ++i) lower = lower << 8 | address.s6_addr[i];
  return lower;
}

bool is_loopback(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) return ntohl(in_of(peer).sin_addr.s_addr) >> 24 == 127;
  if (peer.ss_family != AF_INET6) return false;
  const in6_addr address = in6_of(peer).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&address) || (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

void name_of(const sockaddr_storage& peer, std::string& address, int& port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    const sockaddr_in in = in_of(peer);
    ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    port = ntohs(in.sin_port);
  } else {
    const sockaddr_in6 in = in6_of(peer);
    ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
    port = ntohs(in.sin6_port);
  }
  address = text.data();
}

std::size_t raise_files_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t enough = 2 * front_limits::connections_max; // more only makes closing "all descriptors" slow in programs that do that
  if (limit.rlim_cur < enough && limit.rlim_cur != RLIM_INFINITY) {
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? enough : std::min<rlim_t>(limit.rlim_max, enough);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur == RLIM_INFINITY ? enough : static_cast<std::size_t>(limit.rlim_cur);
}

} // namespace takt
