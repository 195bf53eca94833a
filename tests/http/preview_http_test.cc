// POST /api/v1/policies/draft/preview: what the stored draft would have changed, over the socket.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

void decide_often(const RunningServer& server) {
  for (int i = 0; i < 30; ++i)
    ASSERT_EQ(server.post("/api/v1/decide", RunningServer::ask("user-" + std::to_string(i % 10), "home.hero")).status, 200);
}

void put_draft(const RunningServer& server, const std::string& policy) {
  const auto now = server.get("/api/v1/policies/draft");
  const auto saved = server.put("/api/v1/policies/draft", policy, {{"If-Match", now.headers.find("ETag")->second}});
  ASSERT_EQ(saved.status, 200) << saved.body;
}

TEST(PreviewHttp, WithoutADraftNothingChanges) {
  RunningServer server;
  decide_often(server);
  const auto told = server.post("/api/v1/policies/draft/preview", "");
  ASSERT_EQ(told.status, 200) << told.body;
  EXPECT_EQ(told.json["decisions"]["replayed"], 30);
  EXPECT_EQ(told.json["decisions"]["changed"], 0);
  EXPECT_EQ(told.json["customers"]["replayed"], 10);
  EXPECT_EQ(told.json["before"], told.json["after"]);
  EXPECT_FALSE(told.json["cut_short"].get<bool>());
  EXPECT_FALSE(told.json["from"].is_null()) << "four weeks, where no range is given";
}

TEST(PreviewHttp, ADraftThatStopsSellingShowsNothing) {
  RunningServer server;
  decide_often(server);
  put_draft(server, R"({"caps":[{"id":"never-again","counts":"decision","per":"all","window":{"kind":"rolling","length":"7d"},"limit":1}]})");
  const auto told = server.post("/api/v1/policies/draft/preview", R"({"sample":1})");
  ASSERT_EQ(told.status, 200) << told.body;
  EXPECT_GT(told.json["decisions"]["changed"], 0);
  EXPECT_LT(told.json["after"]["fill_rate"], told.json["before"]["fill_rate"]);
  EXPECT_LT(told.json["after"]["contacts"], told.json["before"]["contacts"]);
  EXPECT_FALSE(told.json["by_logged_responses"]["can_tell"].get<bool>());
  EXPECT_FALSE(told.json["by_logged_responses"]["doubts"].empty());
  EXPECT_EQ(server.get("/api/v1/policies").json["data"].size(), 1U) << "nothing was published";
}

TEST(PreviewHttp, WhatCannotBeMeantIsRefusedAtItsPlace) {
  RunningServer server;
  const auto pointer = [&](const std::string& body) {
    const auto refused = server.post("/api/v1/policies/draft/preview", body);
    EXPECT_EQ(refused.status, 422) << body << refused.body;
    return refused.json["errors"][0]["pointer"].get<std::string>();
  };
  EXPECT_EQ(pointer(R"({"sample":0})"), "/sample");
  EXPECT_EQ(pointer(R"({"sample":1.5})"), "/sample");
  EXPECT_EQ(pointer(R"({"sample":"all"})"), "/sample");
  EXPECT_EQ(pointer(R"({"from":"yesterday"})"), "/from");
  EXPECT_EQ(pointer(R"({"from":"2026-03-02T00:00:00Z","to":"2026-03-01T00:00:00Z"})"), "/from");
  EXPECT_EQ(pointer(R"({"threads":64})"), "/threads");
  EXPECT_EQ(pointer("[]"), "");
  EXPECT_EQ(server.post("/api/v1/policies/draft/preview", "{").status, 400);
}

} // namespace
} // namespace takt::test
