// Decisions through the socket: what a front end sees.
#include "tests/http/running_server.h"

#include <barrier>
#include <cstdlib>
#include <gtest/gtest.h>
#include <set>

namespace takt::test {
namespace {

std::vector<std::string> items_of(const Json& answer) {
  std::vector<std::string> items;
  for (const Json& item : answer["placements"][0]["items"]) items.push_back(item["item"]);
  return items;
}

TEST(DecideHttp, AnswersWithItemsAndReasons) {
  RunningServer server;
  const auto reply = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero", {{"request_id", "r-1"}, {"explain", "summary"}}), {{"X-Request-Id", "trace-7"}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json["request_id"], "r-1");
  EXPECT_EQ(reply.json["placements"][0]["outcome"], "items");
  EXPECT_EQ(items_of(reply.json).size(), 3U);
  EXPECT_FALSE(reply.json["decision_id"].is_null());
  EXPECT_EQ(reply.json["versions"]["rules"], 1);
  EXPECT_FALSE(reply.json["explain"]["funnel"].empty());
  EXPECT_EQ(reply.headers.find("Cache-Control")->second, "no-store");
  EXPECT_EQ(reply.headers.find("X-Request-Id")->second, "trace-7");
  const auto logged = server.get("/api/v1/decisions/" + reply.json["decision_id"].get<std::string>());
  ASSERT_EQ(logged.status, 200) << logged.body;
  EXPECT_NE(logged.body.find(items_of(reply.json)[0]), std::string::npos);
  const auto& features = logged.json["features"][0]; // what the scorer saw
  EXPECT_EQ(features["placement"], "home.hero");
  EXPECT_EQ(features["schema"], server.get("/api/v1/features").json["fingerprint"]);
  EXPECT_EQ(features["items"][0]["item"], items_of(reply.json)[0]);
  EXPECT_GT(features["items"][0]["values"]["freshness"], 0);
  EXPECT_EQ(features["shared"]["is_new"], 1);
}

TEST(DecideHttp, ALinkOfAMailTemplate) {
  RunningServer server;
  const auto reply = server.get("/api/v1/decide?placement=home.hero&user_id=u1&request_id=m-1&limit=2&key=abc");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(items_of(reply.json).size(), 2U);
  EXPECT_EQ(server.get("/api/v1/decide?placement=home.hero&user_id=u1&nonsense=1").status, 422);
  EXPECT_EQ(server.get("/api/v1/decide?placement=home.hero&user_id=u1&limit=two").status, 422);
}

TEST(DecideHttp, ARepeatedRequestIsAnsweredOnce) {
  RunningServer server;
  const std::string body = RunningServer::ask("u1", "home.hero", {{"request_id", "r-1"}});
  const auto first = server.post("/api/v1/decide", body), second = server.post("/api/v1/decide", body);
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(second.json["decision_id"], first.json["decision_id"]);
  EXPECT_EQ(second.json["replayed"], true);
  EXPECT_EQ(items_of(second.json), items_of(first.json));
  const auto other = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero", {{"request_id", "r-1"}, {"exclude", {"sku-1"}}}));
  EXPECT_EQ(other.status, 422) << other.body;
  EXPECT_EQ(other.json["code"], "mismatch");
}

TEST(DecideHttp, ManyLinesInTheirOrder) {
  RunningServer server;
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += RunningServer::ask("u" + std::to_string(i), "home.hero", {{"request_id", "b-" + std::to_string(i)}}) + "\n";
  lines += "\n{broken\n" + RunningServer::ask("u1", "nowhere");
  const auto reply = server.post("/api/v1/decide:batch", lines);
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.find("Content-Type")->second, "application/x-ndjson");
  std::vector<Json> answers;
  std::istringstream stream(reply.body);
  for (std::string line; std::getline(stream, line);) answers.push_back(Json::parse(line));
  ASSERT_EQ(answers.size(), 42U);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(answers[i]["request_id"], "b-" + std::to_string(i));
  EXPECT_EQ(answers[40]["status"], 400);
  EXPECT_EQ(answers[41]["status"], 404);
}

TEST(DecideHttp, APersonNobodyKnowsGetsAnAnswer) {
  RunningServer server;
  EXPECT_EQ(server.post("/api/v1/decide", RunningServer::ask("never-seen", "home.hero")).status, 200);
  EXPECT_EQ(server.post("/api/v1/decide", R"({"customer":{},"placements":[{"placement":"home.hero"}]})").status, 200);
  EXPECT_EQ(server.get("/api/v1/customers/nobody").status, 404);
}

TEST(DecideHttp, ADryRunWritesNothing) {
  RunningServer server;
  const auto reply = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero", {{"dry_run", true}, {"now", "2026-01-01T00:00:00Z"}}));
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_TRUE(reply.json["decision_id"].is_null());
  EXPECT_EQ(server.get("/api/v1/customers/u1").status, 404);
  const auto live = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero", {{"now", "2026-01-01T00:00:00Z"}}));
  EXPECT_EQ(live.status, 422) << "a made-up time must not reach a real ledger";
}

TEST(DecideHttp, ReleaseGivesReservationsBack) {
  RunningServer server;
  const auto reply = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero"));
  const std::string path = "/api/v1/decisions/" + reply.json["decision_id"].get<std::string>() + "/release";
  EXPECT_EQ(server.post(path, "").json["released"], 3);
  EXPECT_EQ(server.post(path, "").json["released"], 0);
  EXPECT_EQ(server.post("/api/v1/decisions/01J00000000000000000000001/release", "").status, 404);
}

/// The promise, through the socket: 64 connections at once, one customer, one item, three times allowed; each with a `now` of its
/// own, so that later ones commit first. TAKT_HTTP_RACE_ROUNDS sets the rounds (100).
TEST(DecideHttp, SixtyFourConnectionsGetThreeGrants) {
  RunningServer server([](Config& config) { config.simulation = true; });
  const Json policy{{"caps", {{{"id", "three", }, {"counts", "impression"}, {"per", "item"}, {"window", {{"kind", "lifetime"}}}, {"limit", 3}}}}};
  ASSERT_TRUE(server.app().publish_policy(policy.dump(), "test"));
  constexpr int connections = 64;
  const char* const wanted = std::getenv("TAKT_HTTP_RACE_ROUNDS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 100;
  std::atomic<int> granted{0}, answered{0};
  std::barrier gate(connections);
  const auto ask_once = [&](httplib::Client& client, int round, int number) {
    const Json body{{"customer", {{"user_id", "race-" + std::to_string(round)}}}, {"now", format_utc(utc_from_ms(1'767'225'600'000 + (number * 37 % 64) * 100))},
                    {"placements", {{{"placement", "home.hero"}, {"limit", 1}, {"candidates", {{{"item", "sku-1"}}}}}}}};
    const auto reply = client.Post("/api/v1/decide", body.dump(), "application/json");
    if (!reply || reply->status != 200) return;
    ++answered;
    if (Json::parse(reply->body)["placements"][0]["outcome"] == "items") ++granted;
  };
  std::vector<std::thread> threads;
  for (int number = 0; number < connections; ++number)
    threads.emplace_back([&, number] {
      httplib::Client client = server.client();
      for (int round = 0; round < rounds; ++round) {
        gate.arrive_and_wait();
        ask_once(client, round, number);
        gate.arrive_and_wait();
        if (number != 0) continue;
        EXPECT_EQ(answered.exchange(0), connections) << "round " << round;
        EXPECT_EQ(granted.exchange(0), 3) << "round " << round;
      }
    });
  for (std::thread& thread : threads) thread.join();
}

} // namespace
} // namespace takt::test
