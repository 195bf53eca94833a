// Keys and roles through the socket: the table of roles, cell by cell, and what a key that everybody can read never learns.
#include "api/guard.h"
#include "tests/http/running_server.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sstream>

namespace takt::test {
namespace {

struct Answered { int status = 0; std::string body; Json json; };

class Person {
public:
  Person(RunningServer& server, std::string key) : client_(server.client()), key_(std::move(key)) {}
  Answered send(const std::string& method, const std::string& path, const std::string& body = "", httplib::Headers headers = {}) {
    httplib::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    request.headers = std::move(headers);
    if (!key_.empty()) request.headers.emplace("Authorization", "Bearer " + key_);
    if (method != "GET") request.headers.emplace("Content-Type", "application/json");
    const auto result = client_.send(request);
    if (!result) return {};
    return {result->status, result->body, Json::parse(result->body, nullptr, false)};
  }
  Answered get(const std::string& path) { return send("GET", path); }
  Answered post(const std::string& path, const Json& body) { return send("POST", path, body.dump()); }

private:
  httplib::Client client_;
  std::string key_;
};

std::string key_for(RunningServer& server, const Json& wanted) {
  const auto made = server.app().create_key(wanted.dump(), "test");
  EXPECT_TRUE(made) << made.error().message;
  return made ? Json::parse(*made)["key"].get<std::string>() : "";
}

std::string admin_of(RunningServer& server) { return key_for(server, {{"role", "admin"}, {"name", "first"}}); }

/// "/api/v1/items/{id}" → "/api/v1/items/none".
std::string some_path(const std::string& pattern) {
  std::string path;
  bool is_name = false;
  for (const char c : pattern) {
    if (c == '{') path += "none";
    is_name = c == '{' || (is_name && c != '}');
    if (!is_name && c != '}') path += c;
  }
  return path;
}

std::vector<std::pair<std::string, std::string>> routes_of(RunningServer& server) {
  Metrics metrics;
  EventDebugger debugger;
  const std::atomic<bool> draining{false};
  const Service service{server.app(), metrics, debugger, draining};
  std::vector<std::pair<std::string, std::string>> routes;
  make_router(service).for_each([&](const Route& route) { routes.emplace_back(route.method, route.pattern); });
  return routes;
}

TEST(AccessHttp, EveryRouteIsInTheTable) {
  RunningServer server;
  for (const auto& [method, pattern] : routes_of(server)) EXPECT_TRUE(need_of(method, pattern)) << method << " " << pattern;
}

TEST(AccessHttp, EveryRoleOnEveryRouteIsWhatTheTableSays) {
  RunningServer server;
  const auto routes = routes_of(server);
  ASSERT_GT(routes.size(), 70U);
  std::vector<std::string> keys{admin_of(server)};
  int cells = 0;
  const auto check = [&](const std::string& key, std::optional<Role> role) {
    Person caller(server, key);
    for (const auto& [method, pattern] : routes) {
      SCOPED_TRACE(method + " " + pattern + " as " + std::string(role ? to_text(*role) : "nobody"));
      const Need need = *need_of(method, pattern);
      const int status = caller.send(method, some_path(pattern)).status;
      ASSERT_NE(status, 0);
      const bool is_let_in = status != 401 && status != 403;
      EXPECT_EQ(is_let_in, role ? may(*role, need) : need == Need::nothing) << status;
      if (!is_let_in) {
        EXPECT_EQ(status, role ? 403 : 401);
      }
      ++cells;
    }
  };
  for (std::size_t role = 0; role < roles_count; ++role) {
    const auto name = static_cast<Role>(role);
    check(key_for(server, {{"role", to_text(name)}}), name);
  }
  check("", std::nullopt);
  EXPECT_EQ(cells, static_cast<int>(routes.size() * (roles_count + 1)));
}

/// docs/access.md has the table for people: it must not say anything else.
TEST(AccessHttp, TheDocumentedTableIsTheTable) {
  std::ifstream file("docs/access.md");
  std::string page((std::istreambuf_iterator<char>(file)), {});
  const std::size_t head = page.find("| | publishable");
  ASSERT_NE(head, std::string::npos);
  std::istringstream lines(page.substr(head));
  std::string line;
  std::getline(lines, line);
  for (std::size_t role = 0; role < roles_count; ++role) EXPECT_NE(line.find("| " + std::string(to_text(static_cast<Role>(role))) + " |"), std::string::npos);
  std::getline(lines, line);
  for (std::size_t need = 0; need < needs_count; ++need) {
    ASSERT_TRUE(std::getline(lines, line));
    std::string cells = line.substr(line.find(" | ") + 1);
    std::string expected;
    for (std::size_t role = 0; role < roles_count; ++role) expected += may(static_cast<Role>(role), static_cast<Need>(need)) ? "| yes " : "|  ";
    EXPECT_EQ(cells, expected + "|") << line;
  }
}

TEST(AccessHttp, OpenUntilTheFirstKeyAndTheFirstIsAnAdmins) {
  RunningServer server;
  Person nobody(server, "");
  EXPECT_EQ(nobody.get("/api/v1/policies/current").status, 200);
  EXPECT_EQ(nobody.post("/api/v1/keys", {{"role", "viewer"}}).status, 422) << "nobody could ever make another";
  const auto made = nobody.post("/api/v1/keys", {{"role", "admin"}, {"name", "me"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const auto refused = nobody.get("/api/v1/policies/current");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.json["code"], "key_missing");
  EXPECT_EQ(nobody.get("/healthz").status, 200);
  Person admin(server, made.json["key"]);
  EXPECT_EQ(admin.get("/api/v1/policies/current").status, 200);
  const auto listed = admin.get("/api/v1/keys");
  ASSERT_EQ(listed.json["data"].size(), 1U);
  EXPECT_FALSE(listed.json["data"][0]["last_used_at"].is_null());
  EXPECT_EQ(listed.body.find(made.json["key"].get<std::string>()), std::string::npos) << "shown once";
  EXPECT_EQ(listed.body.find("sha256"), std::string::npos);
}

TEST(AccessHttp, AKeyInEveryPlaceThatSdksPutIt) {
  RunningServer server;
  admin_of(server);
  const std::string key = key_for(server, {{"role", "publishable"}, {"name", "page"}});
  const std::string event = R"({"type":"track","event":"x","userId":"u","messageId":"m-)";
  Person nobody(server, "");
  const auto with = [&](const std::string& name, const std::string& value) { return nobody.send("POST", "/v1/track", event + value.substr(0, 9) + "\"}", {{name, value}}).status; };
  EXPECT_EQ(with("Authorization", "Bearer " + key), 200);
  EXPECT_EQ(with("X-API-Key", key), 200);
  const auto basic = [&](const std::string& user) { return nobody.send("POST", "/v1/track", event + "b\"}", {httplib::make_basic_authentication_header(user, "")}).status; };
  EXPECT_EQ(basic(key), 200);
  EXPECT_EQ(nobody.send("POST", "/v1/track?writeKey=" + key, event + "q\"}").status, 200);
  EXPECT_EQ(nobody.send("POST", "/v1/batch", Json{{"writeKey", key}, {"batch", {Json::parse(event + "w\"}")}}}.dump()).status, 200) << "Segment's Python SDK";
  EXPECT_EQ(nobody.send("POST", "/v1/batch", Json{{"batch", {Json::parse(event + "w\"}")}}}.dump()).status, 401);
  std::string wrong = key;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  EXPECT_EQ(basic(wrong), 401);
  EXPECT_EQ(basic(key.substr(0, key.size() - 1)), 401);
  const Json seen = Person(server, key_for(server, {{"role", "analyst"}})).get("/api/v1/events/recent").json;
  EXPECT_EQ(seen["data"][0]["source"], std::string(*key_id_in(key))) << "the id, never the key";
}

TEST(AccessHttp, APublishableKeyLearnsNothingAboutAnybody) {
  RunningServer server;
  admin_of(server);
  Person page(server, key_for(server, {{"role", "publishable"}}));
  Json ask = Json::parse(RunningServer::ask("u1", "home.hero"));
  ask["explain"] = "full";
  const auto answered = page.post("/api/v1/decide", ask);
  ASSERT_EQ(answered.status, 200) << answered.body;
  for (const char* word : {"\"score\"", "\"propensity\"", "\"customer_id\"", "\"explain\"", "\"blocked_by\"", "\"funnel\""})
    EXPECT_EQ(answered.body.find(word), std::string::npos) << word << " in " << answered.body;
  ask["seed"] = 7;
  EXPECT_EQ(page.post("/api/v1/decide", ask).status, 403);
  EXPECT_EQ(page.get("/api/v1/customers/u1").status, 403);
}

TEST(AccessHttp, APagesFilterAsksOfThingsAndNotOfPeople) {
  RunningServer server;
  admin_of(server);
  Person page(server, key_for(server, {{"role", "publishable"}})), shop(server, key_for(server, {{"role", "service"}}));
  ASSERT_EQ(shop.post("/v1/identify", {{"userId", "u1"}, {"traits", {{"tier", "gold"}}}}).status, 200);
  const auto asked_with = [&](Person& who, const Json& filter) {
    Json ask = Json::parse(RunningServer::ask("u1", "home.hero", {{"dry_run", true}}));
    ask["filter"] = filter;
    return who.post("/api/v1/decide", ask).status;
  };
  const Json of_tier{{"field", "customer.traits.tier"}, {"op", "eq"}, {"value", "gold"}};
  const Json of_price{{"field", "item.price.amount"}, {"op", "lt"}, {"value", 1000}};
  const std::vector<Json> of_people{
      of_tier, {{"not", of_tier}}, {{"and", {of_price, {{"or", {of_tier}}}}}}, {{"field", "fact.case_open"}, {"op", "eq"}, {"value", true}},
      {{"field", "item.brand"}, {"op", "eq"}, {"value", {{"ref", "customer.traits.tier"}}}}, {{"journey", {{"event", "Order Completed"}, {"at_least", 1}}}},
      {{"seen", {{"within", "30d"}, {"at_least", 1}}}}, {{"field", "context.hour"}, {"op", "ge"}, {"value", 0}}};
  for (const Json& filter : of_people) {
    EXPECT_EQ(asked_with(page, filter), 403) << filter;
    EXPECT_EQ(asked_with(shop, filter), 200) << filter;
  }
  EXPECT_EQ(asked_with(page, of_price), 200);
  EXPECT_EQ(asked_with(page, {{"field", "context.device"}, {"op", "ne"}, {"value", "mobile"}}), 200);
}

TEST(AccessHttp, WhatTheShopFindsOutIsNoPagesToTell) {
  RunningServer server;
  admin_of(server);
  Person page(server, key_for(server, {{"role", "publishable"}})), shop(server, key_for(server, {{"role", "service"}}));
  for (const char* name : {"Fact Set", "Fact Cleared", "Case Opened", "Case Closed", "Contact Made"}) {
    const Json event{{"type", "track"}, {"event", name}, {"userId", "u1"}, {"properties", {{"name", "vip"}, {"case_id", "c1"}}}};
    EXPECT_EQ(page.post("/v1/track", event).status, 403) << name;
    EXPECT_EQ(shop.post("/v1/track", event).status, 200) << name;
    const auto batch = page.post("/v1/batch", {{"batch", {event, {{"type", "track"}, {"event", "Product Viewed"}, {"userId", "u1"}, {"properties", {{"product_id", "sku-1"}}}}}}});
    EXPECT_EQ(batch.json["accepted"], 1) << batch.body;
    EXPECT_EQ(batch.json["rejected"][0]["code"], "forbidden") << batch.body;
  }
}

/// Whoever could use up the ids of the shop's own events would make its orders vanish as duplicates.
TEST(AccessHttp, APagesCloudEventsAreItsKeysOwn) {
  RunningServer server;
  admin_of(server);
  const std::string secret = key_for(server, {{"role", "service"}});
  Person page(server, key_for(server, {{"role", "publishable"}})), shop(server, secret);
  const auto sent = [](Person& who, const std::string& source, const std::string& id) {
    const Json event{{"specversion", "1.0"}, {"id", id}, {"source", source}, {"type", "Product Viewed"}, {"subject", "u1"}, {"data", {{"product_id", "sku-1"}}}};
    return who.send("POST", "/api/v1/events", event.dump(), {{"Content-Type", "application/cloudevents+json"}});
  };
  EXPECT_EQ(sent(page, "//shop.example/orders", "o-1").json["accepted"], 1);
  EXPECT_EQ(sent(page, "//shop.example/orders", "o-1").json["duplicates"], 1) << "its own come once";
  EXPECT_EQ(sent(page, "//shop.example/carts", "o-1").json["accepted"], 1) << "another source is another event";
  EXPECT_EQ(sent(shop, "//shop.example/orders", "o-1").json["accepted"], 1);
  EXPECT_EQ(sent(page, std::string(*key_id_in(secret)), "m-1").json["accepted"], 1);
  const Json track{{"event", "Product Viewed"}, {"userId", "u1"}, {"messageId", "m-1"}, {"properties", {{"product_id", "sku-1"}}}};
  EXPECT_EQ(shop.post("/v1/track", track).json["accepted"], 1);
}

TEST(AccessHttp, WithoutAKeyNoPageOfAnotherSiteActs) {
  RunningServer server;
  Person nobody(server, "");
  const auto paused_from = [&](const httplib::Headers& headers) { return nobody.send("POST", "/api/v1/pause", "{}", headers).status; };
  EXPECT_EQ(paused_from({{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(paused_from({{"Origin", "null"}}), 403);
  EXPECT_EQ(paused_from({{"Origin", "https://localhost.evil.example"}}), 403);
  EXPECT_EQ(paused_from({{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(nobody.send("GET", "/healthz", "", {{"Origin", "https://evil.example"}}).status, 200);
  EXPECT_EQ(Json::parse(server.get("/api/v1/policies/current").body)["pauses"].size(), 0U);
  EXPECT_EQ(paused_from({{"Origin", "http://localhost:3000"}, {"Sec-Fetch-Site", "cross-site"}}), 200) << "a page that is made on this machine";
  EXPECT_EQ(paused_from({}), 200);
}

TEST(AccessHttp, WhoSeesNoPeopleSeesHowManyAnAudienceHas) {
  RunningServer server;
  Person admin(server, admin_of(server)), viewer(server, key_for(server, {{"role", "viewer"}})), analyst(server, key_for(server, {{"role", "analyst"}}));
  ASSERT_EQ(admin.send("PUT", "/api/v1/audiences/few", R"({"customers":["user:u1","user:u2"]})").status, 200);
  for (const char* path : {"/api/v1/audiences/few", "/api/v1/audiences"}) {
    const auto seen = viewer.get(path);
    EXPECT_EQ(seen.body.find("u1"), std::string::npos) << seen.body;
    EXPECT_NE(seen.body.find("\"customers_hidden\":2"), std::string::npos) << seen.body;
    EXPECT_NE(analyst.get(path).body.find("user:u1"), std::string::npos);
  }
  EXPECT_EQ(viewer.get("/api/v1/audiences/few/count").status, 200);
  EXPECT_EQ(viewer.get("/api/v1/audiences/few/count?limit=1").status, 403);
  EXPECT_EQ(viewer.get("/api/v1/audiences/few/count?cursor=c-0000000000000").status, 403);
  EXPECT_EQ(analyst.get("/api/v1/audiences/few/count?limit=1").status, 200);
}

TEST(AccessHttp, AnIdThatWeGaveMeansThatCustomerWhoeverIsCalledSo) {
  RunningServer server;
  ASSERT_EQ(server.post("/v1/identify", R"({"userId":"victim","traits":{"tier":"gold"}})").status, 200);
  const std::string id = server.get("/api/v1/customers/victim").json["customer_id"];
  ASSERT_EQ(server.post("/v1/identify", R"({"userId":")" + id + R"(","traits":{"tier":"none"}})").status, 200);
  EXPECT_EQ(server.get("/api/v1/customers/" + id).json["traits"]["tier"], "gold");
  EXPECT_EQ(server.get("/api/v1/customers/user:" + id).json["traits"]["tier"], "none");
}

/// A browser and its user: yes. Two users: whoever reads the key in the page could join any two for good.
TEST(AccessHttp, APageSendsNoMoreAtOnceThanSdksDo) {
  RunningServer server;
  const std::string admin = admin_of(server);
  Person page(server, key_for(server, {{"role", "publishable"}})), shop(server, admin);
  const auto batch_of = [](std::size_t count) {
    Json batch = Json::array();
    for (std::size_t i = 0; i < count; ++i)
      batch.push_back({{"type", "track"}, {"event", "Seen"}, {"anonymousId", "device"}, {"messageId", "m" + std::to_string(i)}, {"properties", {{"note", std::string(20'000, 'x')}}}});
    return Json{{"batch", batch}};
  };
  EXPECT_EQ(page.post("/v1/batch", batch_of(25)).status, 200);
  const auto refused = page.post("/v1/batch", batch_of(27));
  EXPECT_EQ(refused.status, 413) << refused.body;
  EXPECT_EQ(shop.post("/v1/batch", batch_of(27)).json["accepted"], 27) << "other sources, other keys: none came twice";
}

TEST(AccessHttp, APageJoinsItsBrowserAndNotTwoUsers) {
  RunningServer server;
  const std::string admin = admin_of(server);
  Person page(server, key_for(server, {{"role", "publishable"}})), shop(server, admin);
  int number = 0;
  const auto event = [&](Json more) {
    more["messageId"] = "m" + std::to_string(++number);
    return more;
  };
  const auto seen = [&](const char* name) { return page.post("/v1/track", event({{"event", "Product Viewed"}, {"userId", name}, {"properties", {{"product_id", "sku-1"}}}})).status; };
  const auto alias = [&](const char* user, const char* previous) { return event({{"type", "alias"}, {"userId", user}, {"previousId", previous}}); };
  ASSERT_EQ(seen("anna"), 200);
  ASSERT_EQ(seen("ben"), 200);
  ASSERT_EQ(page.post("/v1/track", event({{"event", "Product Viewed"}, {"anonymousId", "device"}, {"properties", {{"product_id", "sku-1"}}}})).status, 200);
  EXPECT_EQ(page.post("/v1/alias", alias("anna", "ben")).status, 403);
  EXPECT_EQ(page.post("/v1/alias", alias("anna", "device")).status, 200) << "what the browser did before";
  EXPECT_EQ(page.post("/v1/alias", alias("ben", "device")).status, 403) << "the browser is anna's";
  EXPECT_EQ(page.post("/v1/alias", alias("anna", "device")).status, 200) << "said again";
  const auto batch = page.post("/v1/batch", {{"batch", {alias("anna", "ben"), event({{"type", "identify"}, {"userId", "carl"}, {"anonymousId", "phone"}}), alias("ben", "phone"), alias("ben", "tablet")}}});
  ASSERT_EQ(batch.status, 200) << batch.body;
  ASSERT_EQ(batch.json["rejected"].size(), 2U) << batch.body;
  EXPECT_EQ(batch.json["rejected"][0]["index"], 0);
  EXPECT_EQ(batch.json["rejected"][0]["code"], "forbidden");
  EXPECT_EQ(batch.json["rejected"][1]["index"], 2);
  const auto both = page.post("/v1/batch", {{"batch", {alias("anna", "stranger"), alias("ben", "stranger")}}});
  EXPECT_EQ(both.json["rejected"].size(), 2U) << "one who is nobody yet, twice: " << both.body;
  const auto id_of = [&](const char* name) { return shop.get("/api/v1/customers/" + std::string(name)).json["customer_id"]; };
  EXPECT_NE(id_of("anna"), id_of("ben"));
  EXPECT_NE(id_of("carl"), id_of("ben"));
  EXPECT_EQ(id_of("anna"), id_of("device"));
  EXPECT_EQ(shop.post("/v1/alias", alias("anna", "ben")).status, 200) << "a secret key speaks for everybody";
  EXPECT_EQ(id_of("anna"), id_of("ben"));
}

TEST(AccessHttp, APageOfAnotherOriginMayNotUseTheKey) {
  RunningServer server;
  admin_of(server);
  Person page(server, key_for(server, {{"role", "publishable"}, {"origins", {"https://shop.example"}}}));
  const std::string ask = RunningServer::ask("u1", "home.hero", {{"dry_run", true}});
  EXPECT_EQ(page.send("POST", "/api/v1/decide", ask, {{"Origin", "https://shop.example"}}).status, 200);
  EXPECT_EQ(page.send("POST", "/api/v1/decide", ask, {{"Origin", "https://evil.example"}}).json["code"], "origin_forbidden");
  EXPECT_EQ(page.send("POST", "/api/v1/decide", ask).status, 200) << "no browser";
  auto client = server.client();
  const auto preflight = client.Options("/api/v1/decide", {{"Origin", "https://shop.example"}, {"Access-Control-Request-Headers", "authorization"}});
  EXPECT_EQ(preflight->get_header_value("Access-Control-Allow-Origin"), "https://shop.example");
  EXPECT_EQ(client.Options("/api/v1/decide", {{"Origin", "https://evil.example"}})->get_header_value("Access-Control-Allow-Origin"), "");
}

TEST(AccessHttp, AMailsKeyAsksForItsPlacementsOnly) {
  RunningServer server;
  admin_of(server);
  const std::string key = key_for(server, {{"role", "decide"}, {"placements", {"home.hero"}}});
  Person nobody(server, "");
  EXPECT_EQ(nobody.get("/api/v1/decide?key=" + key + "&placement=home.hero&user_id=u1").status, 200);
  EXPECT_EQ(nobody.get("/api/v1/decide?key=" + key + "&placement=mail.weekly&user_id=u1").status, 403);
  EXPECT_EQ(nobody.send("POST", "/api/v1/decide?key=" + key, RunningServer::ask("u1", "home.hero")).status, 403);
}

TEST(AccessHttp, ATestKeysEventsReachTheDebuggerAndItsDecisionsReserveNothing) {
  RunningServer server;
  const std::string admin = admin_of(server);
  Person test(server, key_for(server, {{"role", "service"}, {"mode", "test"}}));
  const Json event{{"type", "track"}, {"event", "Product Viewed"}, {"userId", "u1"}, {"messageId", "m-1"}, {"properties", {{"product_id", "sku-1"}}}};
  EXPECT_EQ(test.post("/v1/track", event).json["test"], true);
  EXPECT_EQ(test.post("/v1/batch", {{"batch", {event, {{"type", "track"}}}}}).json["rejected"].size(), 1U);
  const auto decided = test.send("POST", "/api/v1/decide", RunningServer::ask("u1", "home.hero"));
  ASSERT_EQ(decided.status, 200);
  EXPECT_TRUE(decided.json["decision_id"].is_null());
  EXPECT_EQ(test.get("/api/v1/customers/u1").status, 404) << "nothing was kept";
  Person live(server, key_for(server, {{"role", "service"}}));
  const std::string real = live.send("POST", "/api/v1/decide", RunningServer::ask("u2", "home.hero")).json["decision_id"];
  EXPECT_EQ(test.post("/api/v1/decisions/" + real + "/release", Json::object()).json["released"], 0);
  EXPECT_GT(live.post("/api/v1/decisions/" + real + "/release", Json::object()).json["released"], 0);
  EXPECT_EQ(Person(server, admin).get("/api/v1/events/recent").json["data"].size(), 3U);
}

TEST(AccessHttp, ARevokedKeyOpensNothingAndEveryChangeIsWrittenDown) {
  RunningServer server;
  Person admin(server, admin_of(server));
  const std::string key = key_for(server, {{"role", "approver"}, {"name", "night shift"}});
  Person approver(server, key);
  ASSERT_EQ(approver.post("/api/v1/pause", {{"match", {{"kinds", {"product"}}}}, {"note", "recall"}}).status, 200);
  EXPECT_EQ(approver.send("DELETE", "/api/v1/keys/" + std::string(*key_id_in(key))).status, 403);
  EXPECT_EQ(admin.send("DELETE", "/api/v1/keys/" + std::string(*key_id_in(key))).status, 204);
  EXPECT_EQ(approver.post("/api/v1/pause", {{"match", {{"kinds", {"offer"}}}}}).json["code"], "key_revoked");
  const Json log = admin.get("/api/v1/audit").json["data"];
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0]["route"], "/api/v1/keys/{id}");
  EXPECT_EQ(log[1]["key_name"], "night shift");
  EXPECT_EQ(log[1]["path"], "/api/v1/pause");
  EXPECT_EQ(admin.get("/api/v1/policies").json["data"][0]["author"], "night shift") << "the version names who stopped selling";
  for (int i = 0; i < 20; ++i) ASSERT_EQ(admin.send("POST", "/api/v1/pause", R"({"match":{"kinds":["offer"]}})", {{"X-Request-Id", "the-same"}}).status, 200);
  EXPECT_EQ(admin.get("/api/v1/audit?limit=100").json["data"].size(), 22U) << "whatever a caller calls its requests";
}

} // namespace
} // namespace takt::test
