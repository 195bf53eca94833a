#pragma once
/// A whole Takt in this process: a data directory of its own, HTTP on a free port, a small shop of twelve items.
#include "api/app.h"
#include "api/clock.h"
#include "api/routes/routes.h"
#include "api/server.h"
#include "tests/support/temp_dir.h"

#include <atomic>
#include <functional>
#include <httplib.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

namespace takt::test {

using Json = nlohmann::json;

class RunningServer {
public:
  explicit RunningServer(const std::function<void(Config&)>& change = {});
  ~RunningServer();
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  App& app() { return *app_; }
  int port() const { return port_; }
  httplib::Client client() const;
  void drain() { draining_ = true; }
  void stop();                                        ///< as on SIGTERM: answers what is in flight, then closes

  /// Status and body; a JSON body is parsed, anything else is null.
  struct Reply { int status = 0; std::string body; Json json; httplib::Headers headers; };
  Reply get(const std::string& path, const httplib::Headers& headers = {}) const;
  Reply post(const std::string& path, const std::string& body, const httplib::Headers& headers = {}) const;
  Reply put(const std::string& path, const std::string& body, const httplib::Headers& headers = {}) const;
  /// Bytes as they are, on a fresh connection; what comes back until the server closes or is silent for `silence_ms`.
  std::string raw(const std::string& bytes, int silence_ms = 1500) const;

  /// {"customer":{"user_id":…},"placements":[{"placement":…}], …more}
  static std::string ask(const std::string& user, const std::string& placement, const Json& more = Json::object());

private:
  void fill_shop();
  TempDir directory_;
  SystemClock clock_;
  std::unique_ptr<App> app_;
  Metrics metrics_;
  EventDebugger debugger_;
  std::atomic<bool> draining_{false};
  std::unique_ptr<Service> service_;
  std::unique_ptr<HttpServer> server_;
  std::thread loop_;
  int port_ = 0;
};

} // namespace takt::test
