// The description of the API is the API: every route that is built, nothing else, and of each what it asks of its caller. What the
// operations take and answer is tried by tests/tools/openapi_test.py.
#include "api/embedded_files.h"
#include "tests/http/running_server.h"

#include <array>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>

namespace takt::test {
namespace {

constexpr std::array<std::string_view, needs_count> need_names{"nothing", "ingest", "decide", "decide_link", "release", "look", "people", "edit", "people_edit", "approve", "administer"};

using Routes = std::set<std::pair<std::string, std::string>>;

Routes routes_of(const Router& router) {
  Routes routes;
  router.for_each([&](const Route& route) { routes.emplace(route.method, route.pattern); });
  return routes;
}

Routes built_routes(RunningServer& server) {
  Metrics metrics;
  EventDebugger debugger;
  const std::atomic<bool> draining{false};
  const Service service{server.app(), metrics, debugger, draining};
  Router not_built;
  add_routes_not_built(not_built);
  Routes routes = routes_of(make_router(service));
  for (const auto& route : routes_of(not_built)) EXPECT_EQ(routes.erase(route), 1U) << route.second;
  return routes;
}

struct Operation { std::string method, path; Json json; };

/// With one for each path that does the same.
std::vector<Operation> operations() {
  std::vector<Operation> found;
  const Json document = Json::parse(openapi_json());
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [name, json] : methods.items()) {
      std::string method;
      for (const char c : name) method += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      found.push_back({method, path, json});
      for (const auto& alias : json.value("x-takt-aliases", Json::array())) found.push_back({method, alias, json});
    }
  return found;
}

TEST(OpenapiHttp, DescribesEveryRouteThatIsBuiltAndNoOther) {
  RunningServer server;
  Routes described;
  for (const Operation& operation : operations()) EXPECT_TRUE(described.emplace(operation.method, operation.path).second) << "twice: " << operation.path;
  const Routes built = built_routes(server);
  for (const auto& [method, path] : built) EXPECT_TRUE(described.contains({method, path})) << method << " " << path << " is not described";
  for (const auto& [method, path] : described) EXPECT_TRUE(built.contains({method, path})) << method << " " << path << " is described and not there";
}

TEST(OpenapiHttp, SaysWhatEachOperationAsksOfItsCaller) {
  for (const Operation& operation : operations()) {
    SCOPED_TRACE(operation.method + " " + operation.path);
    const auto need = need_of(operation.method, operation.path);
    ASSERT_TRUE(need);
    EXPECT_EQ(operation.json["x-takt-need"], need_names[static_cast<std::size_t>(*need)]);
    EXPECT_EQ(operation.json.contains("security"), *need == Need::nothing) << "the document's own security is a key";
    EXPECT_EQ(operation.json["responses"].contains("401"), *need != Need::nothing);
  }
}

TEST(OpenapiHttp, IsServedAsItStandsInTheTree) {
  RunningServer server;
  const auto reply = server.get("/api/v1/openapi.json");
  ASSERT_EQ(reply.status, 200);
  std::ifstream file("api/openapi.json");
  EXPECT_EQ(reply.body, std::string((std::istreambuf_iterator<char>(file)), {}));
  EXPECT_EQ(reply.json["openapi"], "3.1.0");
  const std::string tag = reply.headers.find("ETag")->second;
  const auto again = server.get("/api/v1/openapi.json", {{"If-None-Match", tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
}

TEST(OpenapiHttp, ThePageForPeopleRunsNothingButItself) {
  RunningServer server;
  ASSERT_TRUE(server.app().create_key(R"({"role":"admin"})", "test"));
  const auto page = server.get("/api/docs");
  ASSERT_EQ(page.status, 200) << "without a key, as the description itself";
  EXPECT_EQ(page.headers.find("Content-Type")->second, "text/html; charset=utf-8");
  const std::string policy = page.headers.find("Content-Security-Policy")->second;
  for (const char* part : {"default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "connect-src 'self'", "frame-ancestors 'none'"})
    EXPECT_NE(policy.find(part), std::string::npos) << part << " in " << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  for (const char* foreign : {"//cdn", "src=\"http", "href=\"http", " style=\"", " onclick=\"", "innerHTML"})
    EXPECT_EQ(page.body.find(foreign), std::string::npos) << foreign << " would be blocked, or ask somebody else";
}

} // namespace
} // namespace takt::test
