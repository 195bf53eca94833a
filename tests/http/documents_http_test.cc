// Items, placements and policies through the socket: versions, entity tags, lists.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

std::string tag_of(const RunningServer::Reply& reply) {
  const auto found = reply.headers.find("ETag");
  return found == reply.headers.end() ? "" : found->second;
}

TEST(DocumentsHttp, AnItemIsOfferedAsSoonAsItIsPut) {
  RunningServer server;
  const auto put = server.put("/api/v1/items/new-1", R"({"title":"New thing","price":{"amount":"5.00","currency":"EUR"}})");
  ASSERT_EQ(put.status, 200) << put.body;
  const std::string ask = R"({"customer":{"user_id":"u"},"dry_run":true,"placements":[{"placement":"home.hero","candidates":[{"item":"new-1"}]}]})";
  EXPECT_EQ(server.post("/api/v1/decide", ask).json["placements"][0]["items"][0]["item"], "new-1");
  const auto found = server.get("/api/v1/items/new-1");
  EXPECT_EQ(found.json["title"], "New thing");
  EXPECT_EQ(server.get("/api/v1/items/new-1", {{"If-None-Match", tag_of(found)}}).status, 304);
  auto client = server.client();
  EXPECT_EQ(client.Delete("/api/v1/items/new-1")->status, 204);
  EXPECT_EQ(server.get("/api/v1/items/new-1").status, 404);
  EXPECT_EQ(server.post("/api/v1/decide", ask).json["placements"][0]["items"].size(), 0U);
}

TEST(DocumentsHttp, AnEditOfSomethingOlderIsRefused) {
  RunningServer server;
  const std::string tag = tag_of(server.get("/api/v1/items/sku-1"));
  ASSERT_FALSE(tag.empty());
  const auto first = server.put("/api/v1/items/sku-1", R"({"title":"A"})", {{"If-Match", tag}});
  ASSERT_EQ(first.status, 200) << first.body;
  const auto second = server.put("/api/v1/items/sku-1", R"({"title":"B"})", {{"If-Match", tag}});
  EXPECT_EQ(second.status, 412);
  EXPECT_EQ(tag_of(second), tag_of(first));
  EXPECT_EQ(server.put("/api/v1/items/sku-1", R"({"title":"C"})", {{"If-None-Match", "*"}}).status, 412);
  EXPECT_EQ(server.put("/api/v1/items/sku-1", R"({"id":"sku-2"})").status, 422);
}

TEST(DocumentsHttp, APatchChangesOneField) {
  RunningServer server;
  auto client = server.client();
  const auto patched = client.Patch("/api/v1/items/sku-2", R"({"stock":0})", "application/merge-patch+json");
  ASSERT_TRUE(patched);
  ASSERT_EQ(patched->status, 200) << patched->body;
  const auto now = server.get("/api/v1/items/sku-2");
  EXPECT_EQ(now.json["stock"], 0);
  EXPECT_EQ(now.json["brand"], "Acme");
  const auto why = server.get("/api/v1/customers/u/why?placement=home.hero&item=sku-2");
  EXPECT_EQ(why.json["blocked_by"][0]["code"], "out_of_stock") << why.body;
}

TEST(DocumentsHttp, AConfiguredFeatureIsReadLoggedAndListed) {
  RunningServer server;
  ASSERT_EQ(server.put("/api/v1/items/sku-1", R"({"title":"A","price":{"amount":"5.00","currency":"EUR"},"attributes":{"size":"41"}})").status, 200);
  ASSERT_EQ(server.post("/v1/identify", R"({"userId":"u","traits":{"shoe_size":"41"}})").status, 200);
  const auto put = server.put("/api/v1/features/size_fits", R"({"trait":"shoe_size","attribute":"size"})");
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(server.get("/api/v1/features/size_fits").json["attribute"], "size");
  EXPECT_EQ(server.put("/api/v1/features/popularity", R"({"trait":"a"})").status, 422);

  const auto answer = server.post("/api/v1/decide", R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero","candidates":[{"item":"sku-1"},{"item":"sku-2"}]}]})");
  const auto logged = server.get("/api/v1/decisions/" + answer.json["decision_id"].get<std::string>());
  std::map<std::string, Json> configured;
  for (const Json& item : logged.json["features"][0]["items"]) configured[item["item"]] = item["configured"];
  EXPECT_EQ(configured["sku-1"], (Json{{"size_fits", 1}})) << logged.body;
  EXPECT_EQ(configured["sku-2"], Json::object());

  Json found;
  const Json columns = server.get("/api/v1/features").json["data"];
  for (const Json& column : columns)
    if (column["name"] == "size_fits") found = column;
  EXPECT_EQ(found["reads"], "profile");
  EXPECT_EQ(found["weight"], nullptr) << "nothing was learnt of it yet";
  auto client = server.client();
  EXPECT_EQ(client.Delete("/api/v1/features/size_fits")->status, 204);
  EXPECT_EQ(server.get("/api/v1/features/size_fits").status, 404);
  for (int i = 0; i < 32; ++i) ASSERT_EQ(server.put("/api/v1/features/column_" + std::to_string(i), R"({"trait":"a"})").status, 200);
  EXPECT_EQ(server.put("/api/v1/features/one_too_many", R"({"trait":"a"})").status, 422);
  EXPECT_EQ(server.put("/api/v1/features/column_3", R"({"trait":"b"})").status, 200) << "one that is there may change";
}

TEST(DocumentsHttp, ListsInPages) {
  RunningServer server;
  std::size_t seen = 0;
  std::string cursor;
  for (int page = 0; page < 4; ++page) {
    const auto reply = server.get("/api/v1/items?limit=5" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(reply.status, 200) << reply.body;
    seen += reply.json["data"].size();
    if (reply.json["next_cursor"].is_null()) break;
    cursor = reply.json["next_cursor"];
  }
  EXPECT_EQ(seen, 12U);
  EXPECT_EQ(server.get("/api/v1/items?limit=0").status, 422);
  EXPECT_EQ(server.get("/api/v1/placements").json["data"].size(), 3U);
}

TEST(DocumentsHttp, ACatalogueAtOnce) {
  RunningServer server;
  const std::string good = R"({"id":"a","title":"A"})" "\n" R"({"type":"item","id":"b","title":"B"})" "\n";
  const auto merged = server.post("/api/v1/items:import", good + "{\"id\":\"c\",\"colour\":1}\n");
  ASSERT_EQ(merged.status, 200) << merged.body;
  EXPECT_EQ(merged.json["accepted"], 2);
  EXPECT_EQ(merged.json["rejected"][0]["line"], 3);
  EXPECT_EQ(server.post("/api/v1/items:import?mode=replace", good + "{broken\n").status, 422) << "a line that cannot be read must delete nothing";
  EXPECT_EQ(server.post("/api/v1/items:import?mode=replace", "").status, 422) << "an empty file is a mistake";
  EXPECT_EQ(server.get("/api/v1/items/sku-1").status, 200);
  EXPECT_EQ(server.post("/api/v1/items:import?mode=replace", good).json["accepted"], 2);
  EXPECT_EQ(server.get("/api/v1/items/sku-1").status, 404);
  EXPECT_EQ(server.get("/api/v1/items").json["data"].size(), 2U);
}

TEST(DocumentsHttp, TheDraftOfAPolicy) {
  RunningServer server;
  const std::string policy = R"({"caps":[{"id":"one","counts":"impression","per":"item","window":{"kind":"lifetime"},"limit":1}]})";
  EXPECT_EQ(server.put("/api/v1/policies/draft", policy).status, 428);
  const std::string tag = tag_of(server.get("/api/v1/policies/draft"));
  const auto saved = server.put("/api/v1/policies/draft", policy, {{"If-Match", tag}});
  ASSERT_EQ(saved.status, 200) << saved.body;
  EXPECT_EQ(server.put("/api/v1/policies/draft", policy, {{"If-Match", tag}}).status, 412);
  const auto bad = server.put("/api/v1/policies/draft", R"({"caps":[{"id":"x","limit":-1}]})", {{"If-Match", tag_of(saved)}});
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.json["errors"][0]["pointer"].get<std::string>().substr(0, 7), "/caps/0");
  EXPECT_EQ(tag_of(server.get("/api/v1/policies/current")), "\"1\"");
  const auto published = server.post("/api/v1/policies/draft/publish", R"({"note":"only once"})");
  ASSERT_EQ(published.status, 200) << published.body;
  EXPECT_EQ(published.json["version"], 2);
  EXPECT_EQ(server.post("/api/v1/decide", RunningServer::ask("u", "home.hero")).json["versions"]["rules"], 2);
  const auto list = server.get("/api/v1/policies");
  EXPECT_EQ(list.json["data"][0]["note"], "only once");
  EXPECT_EQ(list.json["data"].size(), 2U);
  EXPECT_EQ(server.get("/api/v1/policies/1").status, 200);
  EXPECT_EQ(server.get("/api/v1/policies/9").status, 404);
  EXPECT_EQ(server.post("/api/v1/policies/draft/publish", "{}").status, 409) << "there is no draft any more";
  EXPECT_EQ(server.post("/api/v1/policies/1/revert", "").json["version"], 3);
}

TEST(DocumentsHttp, APauseActsOnTheNextDecisionAndCanBeTakenBack) {
  RunningServer server;
  const std::string ask = RunningServer::ask("u", "home.hero", {{"dry_run", true}, {"seed", 5}, {"now", "2026-03-05T10:00:00Z"}});
  const Json before = server.post("/api/v1/decide", ask).json["placements"][0]["items"];
  ASSERT_FALSE(before.empty());
  const auto paused = server.post("/api/v1/pause", R"({"match":{"kinds":["product"]},"until":"2099-01-01T00:00:00Z","note":"incident"})");
  ASSERT_EQ(paused.status, 200) << paused.body;
  EXPECT_EQ(paused.json["version"], 2);
  EXPECT_EQ(server.post("/api/v1/decide", ask).json["placements"][0]["items"].size(), 0U);
  EXPECT_EQ(server.get("/api/v1/policies/current").json["pauses"][0]["note"], "incident");
  EXPECT_EQ(server.get("/api/v1/policies").json["data"][0]["note"], "paused: " + paused.json["id"].get<std::string>());
  const auto again = server.post("/api/v1/pause", R"({"id":")" + paused.json["id"].get<std::string>() + R"(","match":{"kinds":["product"]},"until":"2098-01-01T00:00:00Z"})");
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(server.get("/api/v1/policies/current").json["pauses"].size(), 1U) << "another end for the same stop";
  EXPECT_EQ(server.client().Delete("/api/v1/pause/" + paused.json["id"].get<std::string>())->status, 200);
  EXPECT_EQ(server.post("/api/v1/decide", ask).json["placements"][0]["items"], before) << "the former answer, bit for bit";
  EXPECT_EQ(server.client().Delete("/api/v1/pause/nobody")->status, 404);
  const auto nameless = server.post("/api/v1/pause", R"({"id":null,"match":{"kinds":["product"]}})");
  EXPECT_EQ(server.client().Delete("/api/v1/pause/" + nameless.json["id"].get<std::string>())->status, 200) << "null is no name: it gets one";
}

TEST(DocumentsHttp, APauseOfWhatNobodyHasIsInForceAndSaysSo) {
  RunningServer server;
  const auto known = server.post("/api/v1/pause", R"({"match":{"kinds":["product"]}})");
  ASSERT_EQ(known.status, 200) << known.body;
  EXPECT_EQ(known.json["warnings"], Json::array());
  const auto mistyped = server.post("/api/v1/pause", R"({"match":{"kinds":["produkt"]}})");
  ASSERT_EQ(mistyped.status, 200) << mistyped.body;
  ASSERT_EQ(mistyped.json["warnings"].size(), 1U) << mistyped.body;
  EXPECT_EQ(mistyped.json["warnings"][0]["code"], "unknown_label");
  EXPECT_EQ(mistyped.json["warnings"][0]["pointer"], "") << "what was sent, wherever the stop stands in the policy";
  EXPECT_NE(mistyped.json["warnings"][0]["text"].get<std::string>().find("kinds (match): 'produkt'"), std::string::npos) << mistyped.body;
  EXPECT_EQ(server.get("/api/v1/policies/current").json["pauses"].size(), 2U);
}

TEST(DocumentsHttp, APauseThatPausesNothingIsRefused) {
  RunningServer server;
  const std::vector<std::pair<const char*, const char*>> bad{
      {R"({"until":"2001-01-01T00:00:00Z"})", "/until"}, {R"({"until":"soon"})", "/until"}, {R"({"match":{"colours":["red"]}})", "/match/colours"}, {R"({"why":"x"})", "/why"}, {R"([])", ""}};
  for (const auto& [body, pointer] : bad) {
    const auto refused = server.post("/api/v1/pause", body);
    EXPECT_EQ(refused.status, 422) << body;
    EXPECT_EQ(refused.json["errors"][0]["pointer"], pointer) << refused.body;
  }
  EXPECT_EQ(tag_of(server.get("/api/v1/policies/current")), "\"1\"") << "nothing changed";
}

TEST(DocumentsHttp, WhatIsNotBuiltSaysSo) {
  RunningServer server;
  EXPECT_EQ(server.get("/").status, 501);
  EXPECT_EQ(server.post("/ofrep/v1/evaluate/flags", "{}").status, 501);
}

} // namespace
} // namespace takt::test
