// Policies through the socket: published at a time, taken back, compared, and who did what.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

constexpr const char* once = R"({"caps":[{"id":"one","counts":"impression","per":"item","window":{"kind":"lifetime"},"limit":1}]})";
constexpr const char* later = "2099-01-01T08:00:00Z";

std::string tag_of(const RunningServer::Reply& reply) {
  const auto tag = reply.headers.find("ETag");
  return tag == reply.headers.end() ? "" : tag->second;
}

/// Its ETag.
std::string edit(RunningServer& server, const std::string& policy, const std::string& author = "") {
  httplib::Headers headers{{"If-Match", tag_of(server.get("/api/v1/policies/draft"))}};
  if (!author.empty()) headers.emplace("Takt-Author", author);
  const auto saved = server.put("/api/v1/policies/draft", policy, headers);
  EXPECT_EQ(saved.status, 200) << saved.body;
  return tag_of(saved);
}

std::string publish_body(const std::string& at, const Json& more = Json::object()) {
  Json body{{"at", at}};
  body.update(more);
  return body.dump();
}

TEST(PolicyLifeHttp, ADraftForLaterIsListedAndCanBeTakenBack) {
  RunningServer server;
  const std::string tag = edit(server, once);
  const auto scheduled = server.post("/api/v1/policies/draft/publish", publish_body(later, {{"note", "new year"}, {"author", "anna"}}), {{"If-Match", tag}});
  ASSERT_EQ(scheduled.status, 202) << scheduled.body;
  const std::string id = scheduled.json["id"];
  EXPECT_EQ(scheduled.json["state"], "waiting");
  EXPECT_EQ(tag_of(server.get("/api/v1/policies/current")), "\"1\"");
  const auto list = server.get("/api/v1/policies/scheduled");
  ASSERT_EQ(list.json["data"].size(), 1U);
  EXPECT_EQ(list.json["data"][0]["at"], "2099-01-01T08:00:00Z");
  EXPECT_EQ(list.json["data"][0]["author"], "anna");
  EXPECT_EQ(list.json["data"][0]["note"], "new year");
  const auto one = server.get("/api/v1/policies/scheduled/" + id);
  EXPECT_EQ(one.json["policy"], Json::parse(once));
  auto client = server.client();
  EXPECT_EQ(client.Delete("/api/v1/policies/scheduled/" + id, {{"If-Match", "\"9\""}})->status, 412);
  EXPECT_EQ(client.Delete("/api/v1/policies/scheduled/" + id, {{"If-Match", tag_of(one)}})->status, 204);
  EXPECT_EQ(client.Delete("/api/v1/policies/scheduled/" + id)->status, 404);
  EXPECT_EQ(server.get("/api/v1/policies/scheduled").json["data"].size(), 0U);
}

TEST(PolicyLifeHttp, OnlyTheDraftThatWasMeant) {
  RunningServer server;
  const std::string old_tag = edit(server, once);
  const std::string tag = edit(server, once);
  EXPECT_EQ(server.post("/api/v1/policies/draft/publish", publish_body(later), {{"If-Match", old_tag}}).status, 412);
  EXPECT_EQ(server.post("/api/v1/policies/draft/publish", "{}", {{"If-Match", old_tag}}).status, 412);
  EXPECT_EQ(tag_of(server.get("/api/v1/policies/current")), "\"1\"");
  EXPECT_EQ(server.post("/api/v1/policies/draft/publish", "{}", {{"If-Match", tag}}).status, 200);
  EXPECT_EQ(server.post("/api/v1/policies/draft/publish", "{}").status, 409) << "there is no draft any more";
}

TEST(PolicyLifeHttp, AnotherTimeForTheSameDraft) {
  RunningServer server;
  edit(server, once);
  const std::string id = server.post("/api/v1/policies/draft/publish", publish_body(later)).json["id"];
  const auto moved = server.post("/api/v1/policies/draft/publish", publish_body("2098-01-01T08:00:00+02:00", {{"replaces", id}}));
  ASSERT_EQ(moved.status, 202) << moved.body;
  const auto list = server.get("/api/v1/policies/scheduled");
  ASSERT_EQ(list.json["data"].size(), 1U);
  EXPECT_EQ(list.json["data"][0]["at"], "2098-01-01T06:00:00Z");
}

TEST(PolicyLifeHttp, WhatIsWrongSchedulesNothing) {
  RunningServer server;
  edit(server, once);
  const std::vector<std::pair<std::string, std::string>> bad{{publish_body("2001-01-01T00:00:00Z"), "/at"}, {publish_body("soon"), "/at"}, {R"({"at":5})", "/at"},
                                                             {R"({"when":"now"})", "/when"}, {R"({"replaces":"x"})", "/replaces"},
                                                             {publish_body(later, {{"replaces", "scheduled-9"}}), "/replaces"}, {R"({"note":["x"]})", "/note"}};
  for (const auto& [body, pointer] : bad) {
    const auto refused = server.post("/api/v1/policies/draft/publish", body);
    EXPECT_EQ(refused.status, 422) << body;
    EXPECT_EQ(refused.json["errors"][0]["pointer"], pointer) << refused.body;
  }
  EXPECT_EQ(server.post("/api/v1/policies/draft/publish", "{").status, 400);
  EXPECT_EQ(server.get("/api/v1/policies/scheduled").json["data"].size(), 0U);
  EXPECT_EQ(tag_of(server.get("/api/v1/policies/current")), "\"1\"");
}

TEST(PolicyLifeHttp, TheListSaysWhoDidWhatAndWhy) {
  RunningServer server;
  edit(server, once, "bert");
  ASSERT_EQ(server.post("/api/v1/policies/draft/publish", R"({"note":"only once"})", {{"Takt-Author", "anna"}}).status, 200);
  const std::string pause = server.post("/api/v1/pause", R"({"match":{"kinds":["product"]}})", {{"Takt-Author", "carl"}}).json["id"];
  ASSERT_EQ(server.client().Delete("/api/v1/pause/" + pause, {{"Takt-Author", "dora"}})->status, 200);
  ASSERT_EQ(server.post("/api/v1/policies/1/revert", R"({"note":"too strict","author":"emil"})").status, 200);
  ASSERT_EQ(server.post("/api/v1/policies/1/revert", R"({"at":"2099-01-01T00:00:00Z"})").status, 422);
  const Json list = server.get("/api/v1/policies").json["data"];
  ASSERT_EQ(list.size(), 5U);
  const auto row = [&](std::size_t i) {
    return list[i]["what"].get<std::string>() + " " + list[i]["author"].get<std::string>() + " " + (list[i]["of"].is_null() ? "-" : list[i]["of"].get<std::string>());
  };
  EXPECT_EQ(row(0), "revert emil 1");
  EXPECT_EQ(list[0]["note"], "too strict");
  EXPECT_EQ(row(1), "resume dora " + pause);
  EXPECT_EQ(row(2), "pause carl " + pause);
  EXPECT_EQ(row(3), "publish anna -");
  EXPECT_EQ(row(4), "start takt -");
}

TEST(PolicyLifeHttp, AnOlderDraftDoesNotLiftAStopThatCameLater) {
  RunningServer server;
  edit(server, once, "bert");
  const std::string pause = server.post("/api/v1/pause", R"({"match":{"kinds":["product"]}})").json["id"];
  ASSERT_EQ(server.post("/api/v1/policies/draft/publish", "{}").status, 200);
  const Json current = server.get("/api/v1/policies/current").json;
  EXPECT_EQ(current["caps"].size(), 1U) << current;
  ASSERT_EQ(current["pauses"].size(), 1U) << current;
  EXPECT_EQ(current["pauses"][0]["id"], pause);
  const auto next = server.get("/api/v1/policies/draft"); // whoever saw the stop and took it out meant it
  Json without = next.json;
  without.erase("pauses");
  ASSERT_EQ(server.put("/api/v1/policies/draft", without.dump(), {{"If-Match", tag_of(next)}}).status, 200);
  ASSERT_EQ(server.post("/api/v1/policies/draft/publish", "{}").status, 200);
  const Json after = server.get("/api/v1/policies/current").json;
  EXPECT_TRUE(!after.contains("pauses") || after["pauses"].empty()) << after;
}

TEST(PolicyLifeHttp, WhatTwoVersionsDifferIn) {
  RunningServer server;
  const std::string tag = edit(server, R"({"caps":[{"id":"one","counts":"impression","per":"item","window":{"kind":"lifetime"},"limit":2}],"fatigue":{"beta":0.5}})");
  const auto draft = server.get("/api/v1/policies/current/diff/draft");
  ASSERT_EQ(draft.status, 200) << draft.body;
  EXPECT_FALSE(draft.json["same"].get<bool>());
  ASSERT_EQ(server.post("/api/v1/policies/draft/publish", publish_body(later)).status, 202);
  ASSERT_EQ(server.post("/api/v1/policies/draft/publish", "{}", {{"If-Match", tag}}).status, 200);
  EXPECT_EQ(server.get("/api/v1/policies/1/diff/2").json["changes"], draft.json["changes"]);
  EXPECT_TRUE(server.get("/api/v1/policies/2/diff/current").json["same"].get<bool>());
  EXPECT_TRUE(server.get("/api/v1/policies/scheduled-1/diff/current").json["same"].get<bool>());
  edit(server, R"({"caps":[{"id":"one","counts":"impression","per":"item","window":{"kind":"lifetime"},"limit":1}],"fatigue":{"beta":0.5}})");
  const Json changes = server.get("/api/v1/policies/2/diff/draft").json["changes"];
  EXPECT_EQ(changes, Json::parse(R"([{"change":"changed","part":"caps","id":"one","pointer":"/caps/0","fields":[{"pointer":"/caps/0/limit","before":2,"after":1}]}])"));
  for (const char* path : {"/api/v1/policies/1/diff/9", "/api/v1/policies/x/diff/1", "/api/v1/policies/1/diff/scheduled-7"}) EXPECT_EQ(server.get(path).status, 404) << path;
}

TEST(PolicyLifeHttp, AnAudienceThatTheDraftNamesIsNotDeleted) {
  RunningServer server;
  ASSERT_EQ(server.put("/api/v1/audiences/gold", R"({"condition":{"field":"customer.traits.tier","op":"eq","value":"gold"}})").status, 200);
  ASSERT_TRUE(server.app().store().documents().put({"policy_draft", "draft", 0, R"({"caps":[{"id":"x","audience":"gold"}]})", UtcTime{}, "anna"}, std::nullopt));
  const auto refused = server.client().Delete("/api/v1/audiences/gold");
  EXPECT_EQ(refused->status, 409) << refused->body;
  EXPECT_EQ(Json::parse(refused->body)["errors"][0]["pointer"], "/caps/0/audience");
  EXPECT_EQ(server.get("/api/v1/audiences/gold").status, 200);
}

} // namespace
} // namespace takt::test
