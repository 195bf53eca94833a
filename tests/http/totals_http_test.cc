// Caps over more than one customer through the socket: published on a shop with a history, enforced on the next decision, told by why, by the
// report and by a replay of what was logged.
#include "engine/history.h"
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

RunningServer::Reply publish(const RunningServer& server, const std::string& policy) {
  const auto draft = server.get("/api/v1/policies/draft");
  const auto put = server.put("/api/v1/policies/draft", policy, {{"If-Match", draft.headers.find("ETag")->second}});
  return put.status == 200 ? server.post("/api/v1/policies/draft/publish", R"({"note":"test"})") : put;
}

void view(const RunningServer& server, const std::string& user, const std::string& item) {
  ASSERT_EQ(server.post("/v1/track", R"({"userId":")" + user + R"(","event":"Promotion Viewed","properties":{"item_id":")" + item + R"("}})").status, 200);
}

std::vector<std::string> shown_to(const RunningServer& server, const std::string& user, const Json& more = Json::object()) {
  const auto answer = server.post("/api/v1/decide", RunningServer::ask(user, "home.hero", more));
  EXPECT_EQ(answer.status, 200) << answer.body;
  std::vector<std::string> items;
  for (const Json& item : answer.json["placements"][0]["items"]) items.push_back(item["item"]);
  return items;
}

constexpr const char* seven_in_all = R"({"exploration":{"temperature":0},"caps":[{"id":"in-all","title":"Seven in all","scope":"everyone","window":{"kind":"lifetime"},"limit":7}]})";

TEST(TotalsHttp, ARulePublishedOnAShopWithHistoryCountsIt) {
  RunningServer server;
  for (const char* user : {"a", "b", "c"}) view(server, user, "sku-1");
  const std::vector<std::string> reserved = shown_to(server, "d");
  ASSERT_EQ(reserved.size(), 3U);
  ASSERT_EQ(publish(server, seven_in_all).status, 200);
  const Json cap = server.get("/api/v1/caps/totals").json["caps"][0];
  EXPECT_EQ(cap["id"], "in-all") << cap;
  EXPECT_EQ(cap["fullest"][0]["used"], 3);
  EXPECT_EQ(cap["fullest"][0]["live"], 3);
  EXPECT_EQ(cap["fullest"][0]["left"], 1);
  EXPECT_EQ(shown_to(server, "e", {{"dry_run", true}}).size(), 1U) << "asking takes nothing";
  EXPECT_EQ(shown_to(server, "e").size(), 1U) << "one was left";
  EXPECT_TRUE(shown_to(server, "f").empty());
  const auto why = server.get("/api/v1/customers/f/why?placement=home.hero&item=sku-2");
  EXPECT_EQ(why.json["verdict"], "blocked") << why.body;
  const Json reason = why.json["blocked_by"][0];
  EXPECT_EQ(reason["code"], "capped");
  EXPECT_EQ(reason["rule"], "in-all");
  EXPECT_EQ(reason["title"], "Seven in all");
  EXPECT_EQ(reason["scope"], "everyone");
  EXPECT_EQ(reason["window"], "lifetime");
  EXPECT_EQ(reason["observed"], 7);
  EXPECT_EQ(reason["limit"], 7);
  EXPECT_EQ(reason["provisional"], true) << "four of them are reservations";
}

TEST(TotalsHttp, AReleaseGivesItsTokensBack) {
  RunningServer server;
  ASSERT_EQ(publish(server, R"({"caps":[{"id":"in-all","scope":"everyone","window":{"kind":"lifetime"},"limit":3}]})").status, 200);
  const auto answer = server.post("/api/v1/decide", RunningServer::ask("a", "home.hero"));
  ASSERT_EQ(answer.json["placements"][0]["items"].size(), 3U);
  EXPECT_TRUE(shown_to(server, "b").empty());
  ASSERT_EQ(server.post("/api/v1/decisions/" + answer.json["decision_id"].get<std::string>() + "/release", "").status, 200);
  EXPECT_EQ(shown_to(server, "b").size(), 3U);
}

TEST(TotalsHttp, EveryLoggedDecisionIsMadeAgainAsItWas) {
  RunningServer server;
  ASSERT_EQ(publish(server, seven_in_all).status, 200);
  std::string full;
  for (const char* user : {"a", "b", "c", "d"}) {
    const auto answer = server.post("/api/v1/decide", RunningServer::ask(user, "home.hero"));
    ASSERT_EQ(answer.status, 200);
    full = answer.json["decision_id"];
  }
  view(server, "z", "sku-3");
  const auto replayed = server.app().replay({});
  ASSERT_TRUE(replayed);
  const Json counts = Json::parse(*replayed);
  EXPECT_EQ(counts["decisions"], 4);
  EXPECT_EQ(counts["reproduced"], 4) << *replayed;
  const auto why = server.get("/api/v1/customers/d/why?placement=home.hero&item=sku-2&decision=" + full);
  EXPECT_EQ(why.json["explained_from"], "replay") << why.body;
  EXPECT_EQ(why.json["blocked_by"][0]["observed"], 7) << "as it was told then, not as it is now";
  const auto trace = server.get("/api/v1/decisions/" + full);
  EXPECT_EQ(trace.json["totals"][0]["rule"], "in-all") << trace.body;
  EXPECT_EQ(trace.json["totals"][0]["observed"], 7);
  EXPECT_EQ(trace.json["totals"][0]["taken"], 0);
}

TEST(TotalsHttp, WhoIsNobodyGetsNothingThatIsLimitedInAll) {
  RunningServer server;
  ASSERT_EQ(publish(server, seven_in_all).status, 200);
  const auto answer = server.post("/api/v1/decide", R"({"customer":{},"placements":[{"placement":"home.hero"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.json["placements"][0]["items"].empty()) << "what nobody keeps cannot be counted";
}

TEST(TotalsHttp, AnotherLimitIsTheSameCount) {
  RunningServer server;
  view(server, "a", "sku-1");
  ASSERT_EQ(publish(server, R"({"caps":[{"id":"in-all","scope":"everyone","window":{"kind":"lifetime"},"limit":1}]})").status, 200);
  EXPECT_TRUE(shown_to(server, "b").empty());
  ASSERT_EQ(publish(server, R"({"caps":[{"id":"in-all","scope":"everyone","window":{"kind":"lifetime"},"limit":2}]})").status, 200);
  EXPECT_EQ(shown_to(server, "b").size(), 1U);
  const auto doctor = server.get("/api/v1/integration");
  EXPECT_EQ(doctor.json["caps"][0]["status"], "ok") << doctor.body;
  EXPECT_EQ(doctor.json["caps"][0]["text"], "in-all: 1 used and 1 reserved of 2");
}

} // namespace
} // namespace takt::test
