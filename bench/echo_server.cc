// The yardstick: plain cpp-httplib that sends the body back, TCP_NODELAY on, a thread per connection. Prints its port, ends on a signal.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <httplib.h>

namespace {
httplib::Server* running = nullptr;
}

int main(int argc, char** argv) {
  httplib::Server server;
  running = &server;
  std::signal(SIGTERM, [](int) { running->stop(); });
  std::signal(SIGINT, [](int) { running->stop(); });
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000);
  server.new_task_queue = [] { return new httplib::ThreadPool(64); };
  server.Post("/echo", [](const httplib::Request& request, httplib::Response& response) { response.set_content(request.body, "application/json"); });
  const int asked = argc > 1 ? std::atoi(argv[1]) : 0;
  const int port = asked != 0 ? (server.bind_to_port("127.0.0.1", asked) ? asked : -1) : server.bind_to_any_port("127.0.0.1");
  if (port < 0) return 1;
  std::printf("%d\n", port);
  std::fflush(stdout);
  return server.listen_after_bind() ? 0 : 1;
}
