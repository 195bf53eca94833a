// Why, for now and for a decision of the past: every rule that blocks, the terms, and what stood there instead.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

void publish(const RunningServer& server, const std::string& policy) {
  const auto draft = server.get("/api/v1/policies/draft");
  ASSERT_EQ(server.put("/api/v1/policies/draft", policy, {{"If-Match", draft.headers.find("ETag")->second}}).status, 200);
  ASSERT_EQ(server.post("/api/v1/policies/draft/publish", R"({"note":"test"})").status, 200);
}

Json why(const RunningServer& server, const std::string& item, const std::string& decision = "") {
  const auto reply = server.get("/api/v1/customers/u/why?placement=home.hero&item=" + item + (decision.empty() ? "" : "&decision=" + decision));
  EXPECT_EQ(reply.status, 200) << reply.body;
  return reply.json;
}

std::vector<std::string> codes(const Json& reasons) {
  std::vector<std::string> found;
  for (const Json& reason : reasons) found.push_back(reason["code"]);
  return found;
}

constexpr const char* strict = R"({"exploration":{"temperature":0},"caps":[{"id":"once","title":"Once a week","per":"item","window":{"kind":"rolling","length":"7d"},"limit":1}],
  "gates":[{"id":"case","fact":"case_open","match":{"kinds":["product"]}}]})";

TEST(WhyHttp, NamesEveryRuleOfEveryStageAndWhatItIsWorthAnyway) {
  RunningServer server;
  publish(server, strict);
  ASSERT_EQ(server.post("/v1/track", R"({"userId":"u","event":"Promotion Viewed","properties":{"item_id":"sku-1"}})").status, 200);
  const Json capped = why(server, "sku-1");
  EXPECT_EQ(capped["verdict"], "blocked");
  ASSERT_EQ(codes(capped["blocked_by"]), std::vector<std::string>{"capped"}) << capped;
  EXPECT_EQ(capped["blocked_by"][0]["title"], "Once a week");
  EXPECT_EQ(capped["blocked_by"][0]["window"], "rolling 7d");
  EXPECT_EQ(capped["blocked_by"][0]["observed"], 1);
  EXPECT_EQ(capped["blocked_by"][0]["limit"], 1);
  EXPECT_FALSE(capped["eligible_again"].is_null());
  const Json terms = capped["terms"]; // what it would be worth, although nobody may see it
  const double worth = (terms["p_act"].get<double>() * terms["fatigue_factor"].get<double>() - terms["p_nothing"].get<double>()) * terms["value"].get<double>() * terms["context"].get<double>() *
                           terms["lever"].get<double>() - terms["contact_cost"].get<double>() - terms["attention_price"].get<double>();
  EXPECT_NEAR(worth, terms["score"].get<double>(), 1e-12);
  ASSERT_EQ(server.post("/v1/track", R"({"userId":"u","event":"Case Opened","properties":{"case_id":"c1"}})").status, 200);
  EXPECT_EQ(codes(why(server, "sku-1")["blocked_by"]), (std::vector<std::string>{"gated", "capped"})) << "one rule does not hide another";
}

TEST(WhyHttp, SaysWhatStandsThereInstead) {
  RunningServer server;
  publish(server, R"({"exploration":{"temperature":0},"diversity":{"method":"none"}})");
  const auto answer = server.post("/api/v1/decide", RunningServer::ask("u", "home.hero", {{"explain", "full"}, {"dry_run", true}, {"seed", 1}}));
  std::vector<std::string> shown;
  for (const Json& item : answer.json["placements"][0]["items"]) shown.push_back(item["item"]);
  ASSERT_EQ(shown.size(), 3U);
  std::string other;
  for (int i = 1; i <= 12 && other.empty(); ++i)
    if (const std::string id = "sku-" + std::to_string(i); std::find(shown.begin(), shown.end(), id) == shown.end()) other = id;
  const Json outranked = why(server, other);
  EXPECT_EQ(outranked["verdict"], "outranked") << outranked;
  ASSERT_EQ(outranked["outranked_by"].size(), 3U);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    EXPECT_EQ(outranked["outranked_by"][i]["item"], shown[i]);
    EXPECT_EQ(outranked["outranked_by"][i]["slot"], i + 1);
    EXPECT_GE(outranked["outranked_by"][i]["score"].get<double>(), outranked["terms"]["score"].get<double>()) << outranked;
  }
  EXPECT_TRUE(why(server, shown[0])["outranked_by"].empty());
}

TEST(WhyHttp, TellsOfADecisionAsThingsWereThen) {
  RunningServer server;
  publish(server, strict);
  ASSERT_EQ(server.post("/v1/track", R"({"userId":"u","event":"Promotion Viewed","properties":{"item_id":"sku-1"}})").status, 200);
  const auto then = server.post("/api/v1/decide", RunningServer::ask("u", "home.hero"));
  const std::string decision = then.json["decision_id"], first = then.json["placements"][0]["items"][0]["item"];
  publish(server, R"({"caps":[]})");
  ASSERT_EQ(server.post("/v1/track", R"({"userId":"u","event":"Case Opened","properties":{"case_id":"c1"}})").status, 200);
  EXPECT_NE(why(server, "sku-1")["verdict"], "blocked") << "now neither the rule nor the gate is there";
  const Json logged = why(server, "sku-1", decision);
  EXPECT_EQ(logged["verdict"], "blocked") << logged;
  EXPECT_EQ(logged["explained_from"], "replay");
  ASSERT_EQ(codes(logged["blocked_by"]), std::vector<std::string>{"capped"}) << "the case was opened later";
  EXPECT_EQ(logged["blocked_by"][0]["title"], "Once a week") << "as the rule was called then";
  const Json shown = why(server, first, decision);
  EXPECT_EQ(shown["verdict"], "shown");
  EXPECT_EQ(shown["propensity"], then.json["placements"][0]["items"][0]["propensity"]);
  EXPECT_EQ(server.get("/api/v1/customers/u/why?placement=nowhere&item=sku-1&decision=" + decision).status, 404);
  EXPECT_EQ(why(server, "nobody-has-it", decision)["verdict"], "unknown_item");
  ASSERT_EQ(server.post("/v1/identify", R"({"userId":"other"})").status, 200);
  EXPECT_EQ(server.get("/api/v1/customers/other/why?placement=home.hero&item=sku-1&decision=" + decision).status, 404) << "it was made for somebody else";
}

TEST(WhyHttp, ALaterPlacementKnowsWhatTheEarlierOneTook) {
  RunningServer server;
  const auto then = server.post("/api/v1/decide", R"({"customer":{"user_id":"u"},"placements":[{"placement":"product.similar","anchor":{"items":["sku-12"]}},{"placement":"home.hero"}]})");
  ASSERT_EQ(then.status, 200) << then.body;
  const std::string taken = then.json["placements"][0]["items"][0]["item"];
  const Json logged = why(server, taken, then.json["decision_id"]);
  EXPECT_EQ(logged["verdict"], "blocked") << logged;
  const auto found = codes(logged["blocked_by"]);
  EXPECT_NE(std::find(found.begin(), found.end(), "duplicate"), found.end()) << logged;
}

} // namespace
} // namespace takt::test
