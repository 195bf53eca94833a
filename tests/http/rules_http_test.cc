// Rules for some people, slots kept free, and what is put forward by hand: published through the socket, acting on the next decision.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

/// Publishes over the current draft; the reply of the PUT where that failed.
RunningServer::Reply publish(const RunningServer& server, const std::string& policy) {
  const auto draft = server.get("/api/v1/policies/draft");
  const auto put = server.put("/api/v1/policies/draft", policy, {{"If-Match", draft.headers.find("ETag")->second}});
  return put.status == 200 ? server.post("/api/v1/policies/draft/publish", R"({"note":"test"})") : put;
}

std::string first_item(const RunningServer& server, const std::string& user) {
  const auto answer = server.post("/api/v1/decide", RunningServer::ask(user, "home.hero", {{"dry_run", true}}));
  const Json items = answer.json["placements"][0]["items"];
  return items.empty() ? "" : items[0]["item"].get<std::string>();
}

TEST(RulesHttp, APinAndItsCostAreInTheTrace) {
  RunningServer server;
  ASSERT_EQ(server.put("/api/v1/items/dull", R"({"kind":"product","title":"Dull","value":"0.01"})").status, 200);
  const auto published = publish(server, R"({"merchandising":[{"id":"front","match":{"placements":["home.hero"]},"pin":[{"item":"dull","slot":1}]}]})");
  ASSERT_EQ(published.status, 200) << published.body;
  const auto answer = server.post("/api/v1/decide", RunningServer::ask("u", "home.hero", {{"explain", "full"}, {"dry_run", true}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json first = answer.json["placements"][0]["items"][0];
  EXPECT_EQ(first["item"], "dull") << answer.body;
  EXPECT_EQ(first["source"], "pinned");
  EXPECT_EQ(first["propensity"], 1.0);
  EXPECT_EQ(first["reasons"][0]["code"], "pinned");
  EXPECT_EQ(first["reasons"][0]["rule"], "front");
  ASSERT_EQ(answer.json["explain"]["merchandising"].size(), 1U) << answer.body;
  EXPECT_EQ(answer.json["explain"]["merchandising"][0]["placement"], "home.hero");
  EXPECT_GT(answer.json["explain"]["merchandising"][0]["cost"].get<double>(), 0);
}

TEST(RulesHttp, ABoostMovesAnItemAndHidingTakesItOff) {
  RunningServer server;
  const std::string before = first_item(server, "u");
  ASSERT_EQ(publish(server, R"({"exploration":{"temperature":0},"merchandising":[{"id":"own","boost":[{"match":{"items":["sku-7"]},"factor":5}]}]})").status, 200);
  EXPECT_EQ(first_item(server, "u"), "sku-7") << "was " << before;
  ASSERT_EQ(publish(server, R"({"exploration":{"temperature":0},"merchandising":[{"id":"recall","hide":{"items":["sku-7"]}}]})").status, 200);
  EXPECT_NE(first_item(server, "u"), "sku-7");
  const auto why = server.get("/api/v1/customers/u/why?placement=home.hero&item=sku-7");
  EXPECT_EQ(why.json["verdict"], "blocked") << why.body;
  EXPECT_EQ(why.json["blocked_by"][0]["code"], "hidden");
  EXPECT_EQ(why.json["blocked_by"][0]["rule"], "recall");
}

TEST(RulesHttp, ARuleForAnAudienceBindsItsPeopleFromTheNextDecisionOn) {
  RunningServer server;
  ASSERT_EQ(server.put("/api/v1/audiences/gold", R"({"condition":{"field":"customer.traits.tier","op":"eq","value":"gold"}})").status, 200);
  ASSERT_EQ(server.post("/v1/identify", R"({"userId":"g","traits":{"tier":"gold"}})").status, 200);
  ASSERT_EQ(server.post("/v1/identify", R"({"userId":"s","traits":{"tier":"silver"}})").status, 200);
  const auto published = publish(server, R"({"caps":[{"id":"none-for-gold","limit":0,"window":{"kind":"lifetime"},"audience":"gold"}]})");
  ASSERT_EQ(published.status, 200) << published.body;
  EXPECT_EQ(first_item(server, "g"), "");
  EXPECT_NE(first_item(server, "s"), "");
  ASSERT_EQ(server.post("/v1/identify", R"({"userId":"g","traits":{"tier":"silver"}})").status, 200);
  EXPECT_NE(first_item(server, "g"), "");
}

TEST(RulesHttp, AnAudienceThatIsNotThereIsRefusedWithEveryPointer) {
  RunningServer server;
  const auto refused = publish(server, R"({"caps":[{"id":"a","min_gap":"1h"},{"id":"b","min_gap":"1h","audience":"vip"}],"quiet_hours":[{"from":"21:00","to":"08:00","audience":{"not":{"audience":"vip"}}}],
    "merchandising":[{"hide":{"items":["x"]},"audience":"vip"}],"arbitration":{"levers":[{"factor":2,"audience":"vip"}]}})");
  EXPECT_EQ(refused.status, 422) << refused.body;
  std::vector<std::string> pointers;
  for (const Json& error : refused.json["errors"]) pointers.push_back(error["pointer"]);
  EXPECT_EQ(pointers, (std::vector<std::string>{"/caps/1/audience", "/quiet_hours/0/audience", "/merchandising/0/audience", "/arbitration/levers/0/audience"}));
  EXPECT_EQ(server.get("/api/v1/policies/current").headers.find("ETag")->second, "\"1\"") << "nothing changed";
}

TEST(RulesHttp, TheExampleOfTheContractIsUnderstood) {
  RunningServer server;
  const auto published = publish(server, R"({"consent":{"map":{"Advertising":"marketing"},"require":[{"purpose":"marketing","channels":["email","push","sms","phone"]}],"profile":"opt_out"},
    "caps":[{"id":"same-item-weekly","title":"…","counts":"impression","per":"item","scope":"customer","match":{"channels":["web"]},"window":{"kind":"rolling","length":"7d"},"limit":3,"min_gap":"4h",
             "exempt_counts":true,"keep":[{"match":{"tags":["critical"]},"slots":1}],"audience":null,"schedule":{"from":null,"to":null},"on_exceed":"next_best","without_identity":"session"}],
    "fatigue":{"per":["item","category","channel"],"beta":0.43,"half_life":"7d","learn":true},"post_purchase":[{"per":"group","pause":"30d"}],
    "gates":[{"fact":"case_open","match":{"purposes":["marketing"]},"allow":{"kinds":["service"]},"ttl":"30d","cool_off":"2d"}],
    "quiet_hours":[{"match":{"channels":["push","email"]},"from":"21:00","to":"08:00","days":["mon","tue"],"zone":"customer","zone_missing":"default"}],
    "merchandising":[{"id":"weekend","match":{"placements":["home.hero"]},"pin":[{"item":"sku-1","slot":1}],"boost":[{"match":{"brands":["Own"]},"factor":1.5}],"hide":{"tags":["b-stock"]}}],
    "arbitration":{"levers":[],"default_value":"1.00","never_hold":["service"]},"diversity":{"method":"dpp","strength":0.3},"exploration":{"method":"softmax","temperature":0.05}})");
  ASSERT_EQ(published.status, 200) << published.body;
  EXPECT_EQ(first_item(server, "u"), "sku-1");
}

} // namespace
} // namespace takt::test
