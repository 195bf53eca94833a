#include "api/front/connection.h"

#include "api/front/limits.h"

#include <cerrno>
#include <charconv>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace takt {

Connection::~Connection() { ::close(socket); }

bool Connection::send_some() {
  while (!is_sent()) {
    const ssize_t count = ::send(socket, exchange.output.data() + sent, exchange.output.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    sent += static_cast<std::size_t>(count);
    phase_bytes += static_cast<std::uint64_t>(count);
  }
  exchange.output.clear();
  sent = 0;
  return true;
}

std::uint64_t Connection::unread_bytes() const {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

void Connection::make_pieces() {
  std::string piece;
  while (exchange.next_piece && exchange.output.size() - sent < front_limits::unsent_bytes_high) {
    piece.clear();
    const bool more = exchange.next_piece(piece);
    if (!piece.empty() && !exchange.old_version) {
      char digits[16];
      const auto [end, error] = std::to_chars(digits, digits + sizeof digits, piece.size(), 16);
      exchange.output.append(digits, end).append("\r\n").append(piece).append("\r\n");
    } else {
      exchange.output.append(piece);
    }
    if (more) continue;
    if (!exchange.old_version) exchange.output.append("0\r\n\r\n");
    exchange.next_piece = nullptr;
  }
}

} // namespace takt
