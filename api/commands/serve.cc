#include "api/clock.h"
#include "api/commands/command.h"
#include "api/control.h"
#include "api/routes/routes.h"
#include "api/server.h"
#include "api/upkeep.h"
#include "api/systemd.h"

#include <atomic>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace takt {
namespace {

/// /readyz answers 503 that long before the sockets close: a balancer that asks every 100 ms has turned away by then.
constexpr auto drain_time = std::chrono::milliseconds(300);

struct Options { std::string listen; bool check = false; };

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

/// A policy that waits for its time is in force within this of it; a look is a scan of a handful of documents.
constexpr timespec look_every{0, 200'000'000};

void publish_due(App& app, ProcessLog& log) {
  auto done = app.publish_due_policies();
  if (!done) {
    log.event(LogLevel::error, "cannot look for policies whose time has come: " + done.error().message);
    return;
  }
  for (const PublishedSchedule& one : *done) {
    if (one.version) log.event(LogLevel::info, fmt::format("{} is policy version {} now", one.id, *one.version));
    else log.event(LogLevel::error, fmt::format("{} could not be published, nothing was changed: {}", one.id, one.version.error().message));
  }
}

void look_after(App& app, ProcessLog& log) {
  publish_due(app, log);
  for (const std::string& sentence : app.upkeep().look()) log.event(LogLevel::info, sentence);
}

/// Until somebody asks to stop. The main thread has nothing else to do, so it looks after what comes with time.
void wait_for_the_end(App& app, ProcessLog& log, const sigset_t& signals) {
  while (sigtimedwait(&signals, nullptr, &look_every) < 0) look_after(app, log);
}

int serve(App& app, const ListenAddress& listen, Terminal& terminal, const CommonOptions& common, const sigset_t& signals) {
  std::atomic<bool> draining{false};
  ProcessLog log(app.config().log_format, STDERR_FILENO, app.clock());
  Metrics metrics;
  metrics.set_log([&log] { return log.dropped(); });
  EventDebugger debugger;
  app.on_erasure([&debugger] { debugger.clear(); }); // texts of anybody: rather none at all than one of somebody who was erased
  const Service service{app, metrics, debugger, draining};
  ServerOptions options;
  options.listen = listen;
  options.threads = app.config().http_threads;
  options.body_bytes_max = app.config().body_bytes_max;
  options.body_inflated_bytes_max = std::max(options.body_inflated_bytes_max, options.body_bytes_max);
  options.allowed_origins = app.config().allowed_origins;
  options.knows_origin = [&app](const std::string& origin) { return app.gatekeeper().knows_origin(origin); };
  options.connections_max = app.config().connections_max;
  options.per_address = {app.config().rate_per_address, app.config().rate_burst};
  options.limits_loopback = app.config().rate_loopback;
  options.log = &log;
  auto proxies = TrustedProxies::parse(app.config().trusted_proxies);
  if (!proxies) return report_error(terminal, common, proxies.error());
  options.trusted_proxies = std::move(*proxies);
  look_after(app, log); // what came due while nobody served
  HttpServer server(make_router(service), metrics, options);
  auto port = server.bind();
  if (!port) return report_error(terminal, common, port.error());
  app.begin_serving();
  ControlServer control(app);
  if (auto started = control.start(control_socket_of(app.config().data_dir)); !started) return report_error(terminal, common, started.error());
  std::thread loop([&server] { server.run(); });
  const bool bracketed = listen.host.find(':') != std::string::npos;
  const std::string address = fmt::format("http://{}{}{}:{}", bracketed ? "[" : "", listen.host, bracketed ? "]" : "", *port);
  if (common.json) terminal.out(fmt::format("{{\"listen\":\"{}\",\"items\":{}}}\n", address, app.world()->catalogue->size()));
  else terminal.out(fmt::format("takt serves {} on {} ({} items, model {})\n", app.config().data_dir, address, app.world()->catalogue->size(), app.world()->models->name));
  std::fflush(stdout);
  if (app.config().log_format == LogFormat::json) log.event(LogLevel::info, "serves " + app.config().data_dir + " on " + address); // people read that above
  tell_systemd("READY=1");
  wait_for_the_end(app, log, signals);
  tell_systemd("STOPPING=1");
  draining = true;
  server.drain();
  std::this_thread::sleep_for(drain_time);
  server.stop();
  loop.join();
  log.event(LogLevel::info, "stopped");
  return 0;
}

/// The key that the deployment brings, and no open door to a network.
Status keys_for(App& app, const ListenAddress& listen) {
  if (const std::string& path = app.config().bootstrap_key_file; !path.empty()) {
    std::ifstream file(path);
    std::string text;
    if (!(file >> text)) return fail(ErrorCode::unavailable, "the bootstrap key file " + path + " cannot be read");
    TAKT_TRY_VOID(app.gatekeeper().install(text, app.clock().utc_now()));
  }
  if (!app.gatekeeper().is_open()) return {};
  if (!app.config().trusted_proxies.empty())
    return fail(ErrorCode::forbidden, "trusted_proxies lets others in, and without a key whoever comes may do everything: takt keys create --role admin first");
  if (listen.is_loopback) return {};
  return fail(ErrorCode::forbidden, listen.host + " is not a loopback address, and without a key whoever reaches the port may do everything: takt keys create --role admin first");
}

int run(const Config& configured, Terminal& terminal, const CommonOptions& common, const Options& options) {
  Config config = configured;
  if (!options.listen.empty()) config.listen = options.listen;
  if (config.cache_bytes == 0) config.cache_bytes = cache_bytes_of_server();
  auto listen = parse_listen(config.listen);
  if (!listen) {
    report_error(terminal, common, listen.error());
    return 2;
  }
  if (options.check) {
    terminal.out(common.json ? "{\"valid\":true}\n" : "the configuration is valid\n");
    return 0;
  }
  // Before any thread exists: all of them inherit that these signals are waited for in one place.
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const SystemClock clock;
  auto app = App::open(config, clock);
  if (!app) return report_error(terminal, common, app.error());
  if (auto ready = keys_for(**app, *listen); !ready) return report_error(terminal, common, ready.error());
  return serve(**app, *listen, terminal, common, signals);
}

} // namespace

void add_serve(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("serve", "answer HTTP");
  command->add_option("--listen", options->listen, "host:port (127.0.0.1:8080); other than loopback only once there is a key");
  command->add_flag("--check", options->check, "check the configuration and stop");
  command->callback([&invocation, options] {
    invocation.alone = [options, &common = invocation.common](const Config& config, Terminal& terminal) { return run(config, terminal, common, *options); };
  });
}

} // namespace takt
