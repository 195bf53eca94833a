// Named audiences through the socket: the documents, who is in them, how many may be reached, their names, and what they keep from whom.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>
#include <set>

namespace takt::test {
namespace {

constexpr const char* gold = R"({"title":"Gold","condition":{"field":"customer.traits.tier","op":"eq","value":"gold"}})";

void identify(RunningServer& server, const std::string& user, const Json& traits) {
  ASSERT_EQ(server.post("/v1/identify", Json{{"userId", user}, {"traits", traits}}.dump()).status, 200);
}

void track(RunningServer& server, const std::string& user, const std::string& event, const Json& properties) {
  ASSERT_EQ(server.post("/v1/track", Json{{"userId", user}, {"event", event}, {"properties", properties}}.dump()).status, 200);
}

TEST(AudiencesHttp, ADocumentLikeTheOthers) {
  RunningServer server;
  const auto put = server.put("/api/v1/audiences/gold", gold);
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.json["id"], "gold");
  EXPECT_EQ(server.get("/api/v1/audiences/gold").json["condition"]["field"], "customer.traits.tier");
  auto client = server.client();
  const auto patched = client.Patch("/api/v1/audiences/gold", R"({"title":"Best"})", "application/json");
  ASSERT_EQ(patched->status, 200) << patched->body;
  EXPECT_EQ(Json::parse(patched->body)["title"], "Best");
  EXPECT_EQ(server.get("/api/v1/audiences").json["data"].size(), 1U);
  EXPECT_EQ(server.put("/api/v1/audiences/gold", gold, {{"If-Match", "\"1\""}}).status, 412);
  EXPECT_EQ(client.Delete("/api/v1/audiences/gold")->status, 204);
  EXPECT_EQ(server.get("/api/v1/audiences/gold").status, 404);
  EXPECT_EQ(server.get("/api/v1/audiences/gold/count").status, 404);
  EXPECT_EQ(server.get("/api/v1/audiences/gold/export").status, 404);
}

TEST(AudiencesHttp, WhatIsWrongChangesNothing) {
  RunningServer server;
  ASSERT_EQ(server.put("/api/v1/audiences/gold", gold).status, 200);
  const auto pointer = [&](const std::string& id, const std::string& body) {
    const auto reply = server.put("/api/v1/audiences/" + id, body);
    EXPECT_EQ(reply.status, 422) << reply.body;
    return reply.json["errors"][0]["pointer"].get<std::string>();
  };
  EXPECT_EQ(pointer("gold", R"({"condition":{"field":"item.brand","op":"exists"}})"), "/condition/field");
  EXPECT_EQ(pointer("gold", R"({"condition":{"audience":"gold"}})"), "/condition");
  EXPECT_EQ(pointer("other", R"({"condition":{"audience":"unheard"}})"), "/condition");
  EXPECT_EQ(pointer("other", R"({"customers":["id:x"]})"), "/customers/0");
  EXPECT_EQ(server.put("/api/v1/items/sku-1", R"({"title":"A","audience":"unheard"})").json["errors"][0]["pointer"], "/audience");
  EXPECT_EQ(server.get("/api/v1/audiences/gold").json["title"], "Gold");
  EXPECT_EQ(server.get("/api/v1/audiences/other").status, 404);
  ASSERT_EQ(server.put("/api/v1/audiences/not-gold", R"({"condition":{"not":{"audience":"gold"}}})").status, 200);
  EXPECT_EQ(server.client().Delete("/api/v1/audiences/gold")->status, 422) << "another one names it";
  EXPECT_EQ(pointer("gold", R"({"condition":{"audience":"not-gold"}})"), "/condition");
  EXPECT_EQ(server.get("/api/v1/audiences/not-gold/count?limit=0").status, 422);
  EXPECT_EQ(server.get("/api/v1/audiences/not-gold/count?page=2").status, 422);
  EXPECT_EQ(server.get("/api/v1/audiences/not-gold/count?cursor=x").status, 422);
  EXPECT_EQ(server.get("/api/v1/audiences/not-gold/export?format=xml").status, 422);
}

TEST(AudiencesHttp, CountsWhoIsInAndWhoMayBeReachedPageByPage) {
  RunningServer server;
  for (int i = 0; i < 9; ++i)
    identify(server, "u" + std::to_string(i), {{"tier", i % 3 == 0 ? "gold" : "silver"}, {"consent", {{"marketing", {{"email", i < 6}}}}}});
  ASSERT_EQ(server.put("/api/v1/audiences/gold", gold).status, 200);
  const auto all = server.get("/api/v1/audiences/gold/count");
  ASSERT_EQ(all.status, 200) << all.body;
  EXPECT_EQ(all.json["count"], 3);
  EXPECT_EQ(all.json["reachable"]["email"], 2) << all.body;
  EXPECT_EQ(all.json["reachable"]["web"], 3);
  EXPECT_EQ(all.json["next_cursor"], nullptr);

  int count = 0, pages = 0;
  for (std::string cursor;; ++pages) {
    const auto page = server.get("/api/v1/audiences/gold/count?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(page.status, 200) << page.body;
    count += page.json["count"].get<int>();
    if (page.json["next_cursor"].is_null()) break;
    cursor = page.json["next_cursor"];
  }
  EXPECT_EQ(count, 3);
  EXPECT_EQ(pages, 4); // nine people, two at a time

  std::set<std::string> users;
  std::string cursor;
  do {
    const auto page = server.get("/api/v1/audiences/gold/export?identities=true&limit=4" + (cursor.empty() ? "" : "&cursor=" + cursor));
    std::istringstream lines(page.body);
    for (std::string line; std::getline(lines, line);) users.insert(Json::parse(line)["user_ids"][0]);
    const auto next = page.headers.find("Takt-Next-Cursor");
    cursor = next == page.headers.end() ? "" : next->second;
  } while (!cursor.empty());
  EXPECT_EQ(users, (std::set<std::string>{"u0", "u3", "u6"}));
  const auto plain = server.get("/api/v1/audiences/gold/export");
  EXPECT_EQ(plain.body.find("u0"), std::string::npos) << "names only where they are asked for";
  const auto csv = server.get("/api/v1/audiences/gold/export?format=csv&identities=true");
  EXPECT_TRUE(csv.body.starts_with("customer_id,user_id,anonymous_id\nc-")) << csv.body;
  EXPECT_NE(csv.body.find(",u3,\n"), std::string::npos) << csv.body;
}

TEST(AudiencesHttp, WhatPeopleDidPutsThemInOrOut) {
  RunningServer server;
  ASSERT_EQ(server.put("/api/v1/audiences/wishers", R"({"condition":{"journey":{"event":"Wishlist Opened","within":"30d"}}})").status, 200);
  ASSERT_EQ(server.put("/api/v1/audiences/buyers", R"({"condition":{"journey":{"event":"Order Completed","match":{"items":["sku-3"]},"at_least":2}}})").status, 200);
  track(server, "u1", "Wishlist Opened", {{"products", {{{"product_id", "sku-1"}}, {{"product_id", "sku-2"}}}}}); // with products, and still under its name
  track(server, "u1", "Order Completed", {{"order_id", "o-1"}, {"products", {{{"product_id", "sku-3"}}}}});
  EXPECT_EQ(server.get("/api/v1/audiences/wishers/count").json["count"], 1);
  EXPECT_EQ(server.get("/api/v1/audiences/buyers/count").json["count"], 0);
  track(server, "u1", "Order Completed", {{"order_id", "o-2"}, {"products", {{{"product_id", "sku-3"}}}}});
  EXPECT_EQ(server.get("/api/v1/audiences/buyers/count").json["count"], 1);
  track(server, "u1", "Order Refunded", {{"order_id", "o-1"}, {"products", {{{"product_id", "sku-3"}}}}});
  EXPECT_EQ(server.get("/api/v1/audiences/buyers/count").json["count"], 0);
}

TEST(AudiencesHttp, AnItemIsForItsAudienceFromTheNextDecisionOn) {
  RunningServer server;
  identify(server, "rich", {{"tier", "gold"}});
  identify(server, "poor", {{"tier", "tin"}});
  ASSERT_EQ(server.put("/api/v1/audiences/gold", gold).status, 200);
  ASSERT_EQ(server.put("/api/v1/items/sku-1", R"({"title":"A","audience":"gold","price":{"amount":"5.00","currency":"EUR"}})").status, 200);
  const auto blocked = [&](const std::string& user) { return server.get("/api/v1/customers/" + user + "/why?placement=home.hero&item=sku-1").json; };
  EXPECT_EQ(blocked("poor")["verdict"], "blocked");
  EXPECT_EQ(blocked("poor")["blocked_by"][0]["code"], "ineligible");
  EXPECT_EQ(blocked("poor")["blocked_by"][0]["rule"], "gold");
  EXPECT_NE(blocked("rich")["verdict"], "blocked");
  const auto put = server.put("/api/v1/audiences/gold", R"({"customers":["poor","anon:a1"]})");
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(blocked("rich")["verdict"], "blocked");
  EXPECT_NE(blocked("poor")["verdict"], "blocked");
  EXPECT_EQ(server.client().Delete("/api/v1/audiences/gold")->status, 422) << "the item names it";
  ASSERT_EQ(server.client().Patch("/api/v1/items/sku-1", R"({"audience":null})", "application/json")->status, 200);
  EXPECT_EQ(server.client().Delete("/api/v1/audiences/gold")->status, 204);
  EXPECT_NE(blocked("rich")["verdict"], "blocked");
}

TEST(AudiencesHttp, AFilterAsksAboutThePerson) {
  RunningServer server;
  identify(server, "u", {{"size", 38}});
  ASSERT_EQ(server.put("/api/v1/items/sku-1", R"({"title":"A","price":{"amount":"5.00","currency":"EUR"},"attributes":{"size":38}})").status, 200);
  const Json filter{{"field", "item.attributes.size"}, {"op", "eq"}, {"value", {{"ref", "customer.traits.size"}}}};
  const auto answer = server.post("/api/v1/decide", RunningServer::ask("u", "home.hero", {{"filter", filter}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(answer.json["placements"][0]["items"].size(), 1U) << answer.body;
  EXPECT_EQ(answer.json["placements"][0]["items"][0]["item"], "sku-1");
  const auto refused = server.post("/api/v1/decide", RunningServer::ask("u", "home.hero", {{"filter", {{"field", "customer.age"}, {"op", "eq"}, {"value", 3}}}}));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.json["errors"][0]["pointer"], "/filter/field");
  EXPECT_EQ(server.post("/api/v1/decide", RunningServer::ask("u", "home.hero", {{"filter", {{"audience", "unheard"}}}})).json["errors"][0]["pointer"], "/filter");
}

} // namespace
} // namespace takt::test
