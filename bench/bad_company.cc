#include "bench/bad_company.h"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

int connect_to(int port, int receive_buffer_bytes) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer_bytes > 0) ::setsockopt(client, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (client >= 0 && ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const int on = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return client;
  }
  if (client >= 0) ::close(client);
  return -1;
}

BadCompany::BadCompany(int port, int idle, int slow, std::string path)
    : port_(port), request_("GET " + std::move(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") {
  for (int i = 0; i < idle; ++i) idle_.push_back(connect_to(port));
  for (int i = 0; i < slow; ++i) slow_.push_back({-1, i % 2 == 0, 0});
  for (Slow& one : slow_) begin(one);
  thread_ = std::thread([this] { run(); });
}

BadCompany::~BadCompany() {
  ending_ = true;
  thread_.join();
  for (const int client : idle_) ::close(client);
  for (const Slow& one : slow_) ::close(one.socket);
}

int BadCompany::idle_alive() {
  int alive = 0;
  for (const int client : idle_) {
    char byte = 0;
    const ssize_t count = ::recv(client, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (client >= 0 && count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ++alive;
  }
  return alive;
}

void BadCompany::run() {
  for (int tick = 0; !ending_; ++tick) { // a twentieth of them each 100 ms: a byte every two seconds
    for (std::size_t i = static_cast<std::size_t>(tick % 20); i < slow_.size(); i += 20) step(slow_[i]);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void BadCompany::begin(Slow& one) {
  if (one.socket >= 0) ::close(one.socket);
  one.socket = connect_to(port_, one.reads ? 2048 : 0);
  one.said = 0;
  if (one.reads) ::send(one.socket, request_.data(), request_.size(), MSG_NOSIGNAL);
}

void BadCompany::step(Slow& one) {
  char byte = 0;
  const ssize_t received = ::recv(one.socket, &byte, 1, MSG_DONTWAIT);
  bool alive = received > 0 ? one.reads : received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK); // a writer only hears that it is refused
  if (alive && !one.reads) {
    alive = one.said + 4 < request_.size() && ::send(one.socket, request_.data() + one.said, 1, MSG_NOSIGNAL) == 1;
    ++one.said;
  }
  if (alive) return;
  ++cut_;
  begin(one);
}
