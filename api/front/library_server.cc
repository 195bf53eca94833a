#include "api/front/library_server.h"

#include "api/front/limits.h"
#include "core/check.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace takt {
namespace {

/// A head to read, an answer to write.
class MemoryStream final : public httplib::Stream {
public:
  explicit MemoryStream(Exchange& exchange) : exchange_(exchange) {}
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* target, std::size_t size) override {
    const std::size_t count = std::min(size, exchange_.head.size() - position_);
    std::memcpy(target, exchange_.head.data() + position_, count);
    position_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, std::size_t size) override {
    exchange_.output.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& address, int& port) const override {
    address = exchange_.address;
    port = exchange_.port;
  }
  void get_local_ip_and_port(std::string& address, int& port) const override {
    address.clear();
    port = 0;
  }
  socket_t socket() const override { return INVALID_SOCKET; }

private:
  Exchange& exchange_;
  std::size_t position_ = 0;
};

/// Travels with a request through the library, in a field that it only uses in clients.
struct Passenger {
  Exchange* exchange;
  bool operator()(std::uint64_t, std::uint64_t) const { return true; }
};

void remove_field(std::string& head, std::string_view name) {
  const std::size_t end = head.find("\r\n\r\n");
  const std::size_t at = head.find("\r\n" + std::string(name) + ":");
  if (at < end) head.erase(at, head.find("\r\n", at + 2) - at);
}

} // namespace

LibraryServer::LibraryServer(Answer answer) {
  set_keep_alive_max_count(1'000'000);
  set_keep_alive_timeout(front_limits::idle_time_max.count()); // what its Keep-Alive field promises
  svr_sock_ = 0; // never used: the library stops writing an answer where it believes that its socket is closed
  set_pre_routing_handler([answer = std::move(answer)](const httplib::Request& request, httplib::Response& response) {
    const auto* passenger = request.progress.target<Passenger>();
    TAKT_CHECK(passenger != nullptr, "a request without its exchange");
    answer(request, response, *passenger->exchange);
    return HandlerResponse::Handled;
  });
}

void LibraryServer::process(Exchange& exchange) {
  try {
    try_to_process(exchange);
  } catch (const std::exception&) { // out of memory while writing: half of an answer is none
    exchange.output.clear();
    exchange.next_piece = nullptr;
    exchange.close = true;
  }
}

void LibraryServer::try_to_process(Exchange& exchange) {
  MemoryStream stream(exchange);
  bool closed = false;
  const bool whole = process_request(stream, !exchange.keep_alive, closed, [&](httplib::Request& request) { request.progress = Passenger{&exchange}; });
  if (exchange.next_piece) { // the head is written, and the library believes that the body failed
    remove_field(exchange.output, "Content-Encoding");
    if (exchange.old_version) remove_field(exchange.output, "Transfer-Encoding");
  } else if (!whole || closed) {
    exchange.close = true;
  }
}

void LibraryServer::stream(httplib::Response& response, Exchange& exchange, const std::string& content_type, std::function<bool(std::string&)> next_piece) {
  // The library would make all pieces at once. It is only let write the head: its own provider fails at the first call, or is never
  // called (HEAD), and the pieces wait in the exchange for the provider to say that there is a body.
  auto waiting = std::make_shared<std::function<bool(std::string&)>>(std::move(next_piece));
  response.set_chunked_content_provider(content_type, [waiting, &exchange](std::size_t, httplib::DataSink&) {
    exchange.next_piece = std::move(*waiting);
    return false;
  });
}

} // namespace takt
