// Facts set and cleared by hand, through the socket: what they hold back, since when, and who waits for too long.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>
#include <set>

namespace takt::test {
namespace {

/// A gate on everything, for as long as a case is open.
void close_the_shop_for_cases(RunningServer& server) {
  const auto published = server.app().publish_policy(R"({"gates":[{"id":"open-case","fact":"case_open","ttl":"30d","cool_off":"2d"}]})", "test");
  ASSERT_TRUE(published) << published.error().message;
}

std::size_t items_for(RunningServer& server, const std::string& user) {
  return server.post("/api/v1/decide", RunningServer::ask(user, "home.hero", {{"dry_run", true}})).json["placements"][0]["items"].size();
}

std::string days_ago(int count) { return format_utc(SystemClock().utc_now() - days(count)); }

TEST(FactsHttp, AFactThatIsSetClosesItsGateAndOneThatIsClearedOpensIt) {
  RunningServer server;
  const auto published = server.app().publish_policy(R"({"gates":[{"fact":"case_open"}]})", "test");
  ASSERT_TRUE(published);
  ASSERT_GT(items_for(server, "anna"), 0U);
  const auto put = server.put("/api/v1/customers/anna/facts/case_open", R"({"key":"K-1","source":"crm"})");
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.json["on"], true);
  EXPECT_EQ(put.json["source"], "crm");
  EXPECT_EQ(items_for(server, "anna"), 0U);
  const Json known = server.get("/api/v1/customers/anna").json;
  ASSERT_EQ(known["facts"].size(), 1U);
  EXPECT_EQ(known["facts"][0]["on"], true);
  EXPECT_EQ(known["facts"][0]["since"], put.json["at"]);
  EXPECT_EQ(known["gates"][0]["id"], "case_open");
  auto client = server.client();
  EXPECT_EQ(client.Delete("/api/v1/customers/anna/facts/case_open")->status, 404) << "another instance";
  EXPECT_EQ(client.Delete("/api/v1/customers/anna/facts/case_open?key=K-1")->status, 204);
  EXPECT_GT(items_for(server, "anna"), 0U);
  EXPECT_EQ(server.get("/api/v1/customers/anna").json["facts"][0]["on"], false);
}

TEST(FactsHttp, ClearingAgainDoesNotBeginTheCoolOffAnew) {
  RunningServer server;
  close_the_shop_for_cases(server);
  ASSERT_EQ(server.put("/api/v1/customers/anna/facts/case_open", Json{{"at", days_ago(5)}}.dump()).status, 200);
  auto client = server.client();
  ASSERT_EQ(client.Delete("/api/v1/customers/anna/facts/case_open", Json{{"at", days_ago(3)}}.dump(), "application/json")->status, 204);
  EXPECT_GT(items_for(server, "anna"), 0U) << "closed three days ago, two days of cool-off";
  EXPECT_EQ(client.Delete("/api/v1/customers/anna/facts/case_open")->status, 204);
  EXPECT_GT(items_for(server, "anna"), 0U);
  EXPECT_EQ(server.get("/api/v1/customers/anna").json["facts"][0]["switches"].size(), 2U);
}

TEST(FactsHttp, ARetryIsTheSameChange) {
  RunningServer server;
  const std::string body = Json{{"key", "K-1"}, {"at", days_ago(1)}, {"expires_at", "2099-01-01T00:00:00Z"}}.dump();
  const auto first = server.put("/api/v1/customers/anna/facts/vip", body);
  const auto version = server.get("/api/v1/customers/anna").json["version"];
  const auto again = server.put("/api/v1/customers/anna/facts/vip", body);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json, first.json);
  EXPECT_EQ(server.get("/api/v1/customers/anna").json["version"], version) << "nothing was written";
  EXPECT_EQ(server.get("/api/v1/customers/anna").json["facts"][0]["expires_at"], "2099-01-01T00:00:00Z");
}

TEST(FactsHttp, ANameOfNobodyFoundsACustomerAndAnIdOfNobodyDoesNot) {
  RunningServer server;
  ASSERT_EQ(server.put("/api/v1/customers/user:new/facts/vip", "").status, 200);
  ASSERT_EQ(server.put("/api/v1/customers/anon:device/facts/vip", "{}").status, 200);
  EXPECT_EQ(server.get("/api/v1/customers/new").json["identities"][0]["kind"], "user");
  EXPECT_EQ(server.get("/api/v1/customers/anon:device").json["identities"][0]["id"], "device");
  const std::string id = server.get("/api/v1/customers/new").json["customer_id"];
  EXPECT_EQ(server.put("/api/v1/customers/" + id + "/facts/tester", "").status, 200);
  EXPECT_EQ(server.get("/api/v1/customers/new").json["facts"].size(), 2U);
  EXPECT_EQ(server.put("/api/v1/customers/id:c-0000000000001/facts/vip", "").status, 404);
  EXPECT_EQ(server.put("/api/v1/customers/c-0000000000001/facts/vip", "").status, 404);
  EXPECT_EQ(server.client().Delete("/api/v1/customers/stranger/facts/vip")->status, 404);
  EXPECT_EQ(server.get("/api/v1/customers/stranger").status, 404) << "asking to clear founds nobody";
}

TEST(FactsHttp, WhatIsWrongChangesNothing) {
  RunningServer server;
  const std::vector<std::pair<std::string, std::string>> bad{
      {R"({"colour":"red"})", "/colour"}, {R"({"key":7})", "/key"}, {R"({"at":"yesterday"})", "/at"}, {R"({"source":""})", "/source"}, {R"([])", ""},
      {R"({"at":"2026-01-02T00:00:00Z","expires_at":"2026-01-01T00:00:00Z"})", "/expires_at"}};
  for (const auto& [body, pointer] : bad) {
    const auto refused = server.put("/api/v1/customers/anna/facts/vip", body);
    EXPECT_EQ(refused.status, 422) << body;
    EXPECT_EQ(refused.json["errors"][0]["pointer"], pointer) << refused.body;
  }
  EXPECT_EQ(server.put("/api/v1/customers/anna/facts/vip", "{").status, 400);
  EXPECT_EQ(server.put("/api/v1/customers/anna/facts/vip", R"({"at":"2999-01-01T00:00:00Z"})").status, 422) << "more than a day from now";
  EXPECT_EQ(server.get("/api/v1/customers/anna").status, 404);
}

TEST(GatedHttp, WhoWaitsLongestComesFirst) {
  RunningServer server;
  close_the_shop_for_cases(server);
  for (const auto& [user, age] : {std::pair{"new", 1}, std::pair{"old", 20}, std::pair{"middle", 15}, std::pair{"lapsed", 31}})
    ASSERT_EQ(server.put(std::string("/api/v1/customers/") + user + "/facts/case_open", Json{{"key", "K"}, {"at", days_ago(age)}}.dump()).status, 200);
  ASSERT_EQ(server.put("/api/v1/customers/other/facts/vip", "").status, 200);
  const auto id_of = [&](const std::string& user) { return server.get("/api/v1/customers/" + user).json["customer_id"]; };
  const auto report = server.get("/api/v1/gates/open-case/customers?longer_than=14d");
  ASSERT_EQ(report.status, 200) << report.body;
  EXPECT_EQ(report.json["scanned"], 5);
  EXPECT_EQ(report.json["held"], 3) << "the fourth was let go by its time to live";
  EXPECT_EQ(report.json["held_longer"], 2);
  ASSERT_EQ(report.json["data"].size(), 2U);
  EXPECT_EQ(report.json["data"][0]["customer_id"], id_of("old"));
  EXPECT_EQ(report.json["data"][0]["keys"], Json::parse(R"(["K"])"));
  EXPECT_EQ(report.json["data"][0]["since"], server.get("/api/v1/customers/old").json["facts"][0]["since"]);
  EXPECT_EQ(server.get("/api/v1/gates/open-case/customers?limit=1").json["data"].size(), 1U);
  EXPECT_EQ(server.get("/api/v1/gates/open-case/customers").json["held_longer"], 3);
}

TEST(GatedHttp, PageByPageNobodyIsLeftOutOrSeenTwice) {
  RunningServer server;
  close_the_shop_for_cases(server);
  for (int i = 0; i < 7; ++i) ASSERT_EQ(server.put("/api/v1/customers/u" + std::to_string(i) + "/facts/case_open", "").status, 200);
  std::set<std::string> seen;
  std::string cursor;
  std::size_t pages = 0;
  do {
    const auto page = server.get("/api/v1/gates/open-case/customers?scan=3" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(page.status, 200) << page.body;
    for (const Json& one : page.json["data"]) EXPECT_TRUE(seen.insert(one["customer_id"].get<std::string>()).second);
    cursor = page.json["next_cursor"].is_null() ? "" : page.json["next_cursor"].get<std::string>();
    ++pages;
  } while (!cursor.empty() && pages < 10);
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(pages, 3U);
}

TEST(GatedHttp, WhatIsAskedWronglyIsRefused) {
  RunningServer server;
  close_the_shop_for_cases(server);
  EXPECT_EQ(server.get("/api/v1/gates/none/customers").status, 404);
  for (const char* query : {"longer_than=soon", "longer_than=-3d", "limit=0", "limit=1001", "scan=x", "cursor=x", "since=1d"})
    EXPECT_EQ(server.get(std::string("/api/v1/gates/open-case/customers?") + query).status, 422) << query;
}

TEST(FactsHttp, ANameThatIsNoTextFoundsNobody) {
  RunningServer server;
  EXPECT_EQ(server.put("/api/v1/customers/user:%FF/facts/angry", "{}").status, 400);
  EXPECT_EQ(server.put("/api/v1/customers/user:u/facts/%C3%28", "{}").status, 400);
  EXPECT_EQ(server.get("/api/v1/decide?placement=home.hero&user_id=%FE").json["code"], "malformed");
  EXPECT_EQ(server.get("/api/v1/customers/user:%EF%BF%BD").status, 404) << "the replacement of what cannot be read is nobody";
  EXPECT_EQ(server.put("/api/v1/customers/user:%C3%A4/facts/angry", "{}").status, 200);
  EXPECT_EQ(server.get("/api/v1/customers/user:ä").status, 200);
}

TEST(FactsHttp, ClearingWhatHasLapsedBeginsNoCoolOff) {
  RunningServer server;
  const auto draft = server.get("/api/v1/policies/draft");
  ASSERT_EQ(server.put("/api/v1/policies/draft", R"({"gates":[{"fact":"angry","ttl":"30d","cool_off":"2d"}]})", {{"If-Match", draft.headers.find("ETag")->second}}).status, 200);
  ASSERT_EQ(server.post("/api/v1/policies/draft/publish", "{}").status, 200);
  ASSERT_EQ(server.put("/api/v1/customers/user:u/facts/angry", R"({"at":"2026-01-01T00:00:00Z","expires_at":"2026-01-02T00:00:00Z"})").status, 200);
  ASSERT_EQ(server.client().Delete("/api/v1/customers/user:u/facts/angry")->status, 204);
  EXPECT_FALSE(server.post("/api/v1/decide", RunningServer::ask("u", "home.hero")).json["placements"][0]["items"].empty());
}

} // namespace
} // namespace takt::test
