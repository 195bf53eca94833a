#include "tests/http/running_server.h"

#include "core/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace takt::test {

RunningServer::RunningServer(const std::function<void(Config&)>& change) {
  Config config;
  config.data_dir = directory_.path();
  config.cache_bytes = std::size_t{16} << 20;
  config.http_threads = 4; // fewer than any test has connections
  if (change) change(config);
  auto app = App::open(config, clock_);
  TAKT_CHECK(app.has_value(), app ? "" : app.error().message.c_str());
  app_ = std::move(*app);
  fill_shop();
  app_->on_erasure([this] { debugger_.clear(); });
  service_ = std::make_unique<Service>(Service{*app_, metrics_, debugger_, draining_});
  ServerOptions options;
  options.listen = {"127.0.0.1", 0};
  options.threads = config.http_threads;
  options.body_bytes_max = config.body_bytes_max;
  options.allowed_origins = config.allowed_origins;
  options.knows_origin = [this](const std::string& origin) { return app_->gatekeeper().knows_origin(origin); };
  options.connections_max = config.connections_max;
  options.per_address = {config.rate_per_address, config.rate_burst};
  options.limits_loopback = config.rate_loopback;
  options.trusted_proxies = TrustedProxies::parse(config.trusted_proxies).value();
  server_ = std::make_unique<HttpServer>(make_router(*service_), metrics_, options);
  const auto port = server_->bind();
  TAKT_CHECK(port.has_value(), "a free port");
  port_ = *port;
  loop_ = std::thread([this] { server_->run(); });
}

RunningServer::~RunningServer() { stop(); }

void RunningServer::stop() {
  server_->stop();
  if (loop_.joinable()) loop_.join();
}

void RunningServer::fill_shop() {
  std::vector<ImportLine> lines;
  for (int i = 1; i <= 12; ++i) {
    ImportLine line;
    line.kind = ImportLine::Kind::item;
    line.json = Json{{"id", "sku-" + std::to_string(i)}, {"kind", "product"}, {"title", "Thing " + std::to_string(i)},
                     {"category", {"Shoes", i % 2 == 0 ? "Pumps" : "Boots"}}, {"brand", "Acme"}, {"price", {{"amount", "79.90"}, {"currency", "EUR"}}}}
                    .dump();
    lines.push_back(std::move(line));
  }
  const auto taken = app_->put_documents(lines, false, [](std::size_t, const Error& error) { TAKT_CHECK(false, error.message.c_str()); });
  TAKT_CHECK(taken && *taken == 12, "the shop");
}

httplib::Client RunningServer::client() const {
  httplib::Client client("127.0.0.1", port_);
  client.set_tcp_nodelay(true);
  client.set_keep_alive(true);
  client.set_read_timeout(20);
  return client;
}

namespace {

RunningServer::Reply reply_of(const httplib::Result& result) {
  RunningServer::Reply reply;
  if (!result) return reply;
  reply.status = result->status;
  reply.body = result->body;
  reply.headers = result->headers;
  reply.json = Json::parse(reply.body, nullptr, false);
  if (reply.json.is_discarded()) reply.json = nullptr;
  return reply;
}

} // namespace

RunningServer::Reply RunningServer::get(const std::string& path, const httplib::Headers& headers) const { return reply_of(client().Get(path, headers)); }
RunningServer::Reply RunningServer::post(const std::string& path, const std::string& body, const httplib::Headers& headers) const {
  return reply_of(client().Post(path, headers, body, "application/json"));
}
RunningServer::Reply RunningServer::put(const std::string& path, const std::string& body, const httplib::Headers& headers) const {
  return reply_of(client().Put(path, headers, body, "application/json"));
}

std::string RunningServer::raw(const std::string& bytes, int silence_ms) const {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t count = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) break; // refused before the end: what was answered is still there to read
      sent += static_cast<std::size_t>(count);
    }
    std::array<char, 65536> buffer;
    for (pollfd ready{socket, POLLIN, 0}; ::poll(&ready, 1, silence_ms) > 0;) {
      const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (count <= 0) break;
      answer.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  ::close(socket);
  return answer;
}

std::string RunningServer::ask(const std::string& user, const std::string& placement, const Json& more) {
  Json body{{"customer", {{"user_id", user}}}, {"placements", {{{"placement", placement}}}}};
  body.update(more);
  return body.dump();
}

} // namespace takt::test
