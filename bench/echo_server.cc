// The yardstick: cpp-httplib that sends the body back, TCP_NODELAY on. Prints its port, ends on a signal.
//   echo_server [PORT] [--front [--workers N]]     plain: a thread per connection; --front: the same library behind api/front/
#include "api/front/front.h"
#include "api/front/library_server.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <httplib.h>
#include <string_view>
#include <thread>

namespace {

int tell(int port) {
  std::printf("%d\n", port);
  std::fflush(stdout);
  return port;
}

httplib::Server* running = nullptr;

int serve_plain(int asked) {
  httplib::Server server;
  running = &server;
  std::signal(SIGTERM, [](int) { running->stop(); });
  std::signal(SIGINT, [](int) { running->stop(); });
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000);
  server.new_task_queue = [] { return new httplib::ThreadPool(64); };
  server.Post("/echo", [](const httplib::Request& request, httplib::Response& response) { response.set_content(request.body, "application/json"); });
  const int port = asked != 0 ? (server.bind_to_port("127.0.0.1", asked) ? asked : -1) : server.bind_to_any_port("127.0.0.1");
  if (port < 0) return 1;
  tell(port);
  return server.listen_after_bind() ? 0 : 1;
}

int serve_behind_front(int asked, int workers) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  takt::LibraryServer server([](const httplib::Request&, httplib::Response& response, takt::Exchange& exchange) {
    response.status = 200;
    response.set_content(exchange.body, "application/json");
  });
  takt::FrontOptions options;
  options.workers = workers;
  options.body_bytes_max = [](std::string_view, std::string_view) { return std::size_t{1} << 20; };
  takt::Front front(std::move(options), [&](takt::Exchange& exchange) { server.process(exchange); });
  const auto port = front.bind("127.0.0.1", asked);
  if (!port) return 1;
  std::thread loop([&] { front.run(); });
  tell(*port);
  int number = 0;
  sigwait(&signals, &number);
  front.stop();
  loop.join();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  int asked = 0, workers = 16;
  bool front = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--front") front = true;
    else if (argument == "--workers" && i + 1 < argc) workers = std::atoi(argv[++i]);
    else asked = std::atoi(argv[i]);
  }
  return front ? serve_behind_front(asked, workers) : serve_plain(asked);
}
