#include "tests/support/raw_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace takt::test {

RawClient::RawClient() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

RawClient::RawClient(int port, int receive_buffer_bytes) : RawClient() {
  if (receive_buffer_bytes > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  connect(port);
}

bool RawClient::connect(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), ended_(other.ended_), read_(std::move(other.read_)) {}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RawClient::half_close() { ::shutdown(socket_, SHUT_WR); }

bool RawClient::receive(int silence_ms) {
  pollfd ready{socket_, POLLIN, 0};
  if (ended_ || ::poll(&ready, 1, silence_ms) <= 0) return false;
  std::array<char, 65536> bytes;
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  ended_ = count <= 0;
  if (!ended_) read_.append(bytes.data(), static_cast<std::size_t>(count));
  return !ended_;
}

std::string RawClient::read_answer() {
  constexpr int silence_ms = 20'000;
  std::size_t head_end = 0;
  while ((head_end = read_.find("\r\n\r\n")) == std::string::npos)
    if (!receive(silence_ms)) return std::exchange(read_, {});
  head_end += 4;
  const std::string head = read_.substr(0, head_end);
  std::size_t end = head_end;
  if (head.find("Transfer-Encoding: chunked") != std::string::npos) {
    while ((end = read_.find("\r\n0\r\n\r\n", head_end - 2)) == std::string::npos)
      if (!receive(silence_ms)) return std::exchange(read_, {});
    end += 7;
  } else if (const std::size_t field = head.find("Content-Length: "); field != std::string::npos) {
    end = head_end + std::strtoull(head.c_str() + field + 16, nullptr, 10);
  }
  while (read_.size() < end)
    if (!receive(silence_ms)) return std::exchange(read_, {});
  std::string answer = read_.substr(0, end);
  read_.erase(0, end);
  return answer;
}

std::string RawClient::read_to_end(bool& closed, int silence_ms) {
  while (receive(silence_ms)) {}
  closed = ended_;
  return std::exchange(read_, {});
}

int RawClient::status_of(std::string_view answer) { return answer.size() < 12 ? 0 : std::atoi(std::string(answer.substr(9, 3)).c_str()); }

std::string RawClient::body_of(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

std::size_t RawClient::answers_in(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find("HTTP/1.1 ", at)) != std::string_view::npos; ++at) ++count;
  return count;
}

std::size_t resident_bytes() {
  std::size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace takt::test
