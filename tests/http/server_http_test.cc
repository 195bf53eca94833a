// The process around the answers: readiness, metrics, browsers, stopping, a port that is taken.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

TEST(ServerHttp, HealthReadinessAndFeatures) {
  RunningServer server;
  EXPECT_EQ(server.get("/healthz").status, 200);
  EXPECT_EQ(server.get("/readyz").status, 200);
  const auto features = server.get("/api/v1/features").json;
  EXPECT_EQ(features["fingerprint"].get<std::string>().size(), 16U);
  EXPECT_EQ(features["families"].size(), 15U);
  for (const auto& column : features["data"])
    for (const char* field : {"name", "meaning", "range", "family", "reads", "per"}) EXPECT_FALSE(column[field].get<std::string>().empty()) << column;
  EXPECT_EQ(server.client().Head("/healthz")->status, 200);
  server.drain();
  EXPECT_EQ(server.get("/readyz").status, 503);
  EXPECT_EQ(server.get("/healthz").status, 200);
}

TEST(ServerHttp, MetricsCountWhatHappened) {
  RunningServer server;
  server.post("/api/v1/decide", RunningServer::ask("u", "home.hero"));
  server.post("/api/v1/decide", RunningServer::ask("u", "nowhere"));
  server.post("/v1/track", R"({"type":"track","userId":"u","event":"X","messageId":"1"})");
  server.post("/v1/track", R"({"type":"track","userId":"u","event":"X","messageId":"1"})");
  const std::string text = server.get("/metrics").body;
  for (const char* line : {"takt_http_requests_total{code=\"200\",method=\"POST\",route=\"/api/v1/decide\"} 1", "takt_decisions_total{outcome=\"items\",placement=\"home.hero\"} 1",
                           "takt_decision_failures_total{code=\"not_found\"} 1", "takt_events_total{result=\"accepted\",type=\"track\"} 1",
                           "takt_events_total{result=\"duplicate\",type=\"track\"} 1", "takt_index_items 12", "takt_labels ", "takt_suppressed_total{reason=\"outranked\"}",
                           "takt_stage_duration_seconds_bucket{stage=\"caps\",le=\"0.00025\"}", "takt_build_info{"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST(ServerHttp, TheDoctorFindsViewsByAnotherName) {
  RunningServer server;
  const Json decided = server.post("/api/v1/decide", RunningServer::ask("u", "home.hero")).json;
  const auto send = [&](const std::string& name) {
    const Json properties{{"decision_id", decided["decision_id"]}, {"item_id", decided["placements"][0]["items"][0]["item"]}};
    EXPECT_EQ(server.post("/v1/track", Json{{"type", "track"}, {"userId", "u"}, {"event", name}, {"properties", properties}}.dump()).status, 200);
  };
  const auto of_views = [&] {
    Json found;
    const Json doctor = server.get("/api/v1/integration").json;
    for (const Json& line : doctor["sources"][0]["lines"])
      if (line["check"] == "views") found = line;
    return found;
  };
  server.post("/v1/track", R"({"type":"track","userId":"u","event":"Video Played"})");
  EXPECT_TRUE(of_views().is_null()) << "an event of the sender's own, about no decision";
  send("Banner Impression");
  EXPECT_EQ(of_views()["status"], "warn");
  EXPECT_EQ(of_views()["text"], "no view of a decision, but 1 × \"Banner Impression\", which names one and is no event that Takt knows");
  send("Promotion Viewed");
  EXPECT_TRUE(of_views().is_null()) << "it says both";
}

TEST(ServerHttp, BrowsersOfAllowedPagesOnly) {
  RunningServer server([](Config& config) { config.allowed_origins = {"https://shop.example"}; });
  auto client = server.client();
  const auto allowed = client.Options("/v1/t", {{"Origin", "https://shop.example"}, {"Access-Control-Request-Headers", "authorization, content-type"}});
  ASSERT_TRUE(allowed);
  EXPECT_EQ(allowed->status, 204);
  EXPECT_EQ(allowed->get_header_value("Access-Control-Allow-Origin"), "https://shop.example");
  EXPECT_EQ(allowed->get_header_value("Access-Control-Allow-Headers"), "authorization, content-type");
  const auto other = client.Options("/v1/t", {{"Origin", "https://evil.example"}});
  EXPECT_FALSE(other->has_header("Access-Control-Allow-Origin"));
}

TEST(ServerHttp, ASecondServerOnThePortFails) {
  RunningServer server;
  Metrics metrics;
  ServerOptions options;
  options.listen = {"127.0.0.1", server.port()};
  HttpServer second(Router{}, metrics, options);
  const auto bound = second.bind();
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, ErrorCode::unavailable);
}

TEST(ServerHttp, StoppingAnswersWhatIsInFlight) {
  RunningServer server;
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += RunningServer::ask("u" + std::to_string(i), "home.hero") + "\n";
  std::atomic<bool> begun{false};
  RunningServer::Reply reply;
  std::thread asking([&] {
    auto client = server.client();
    std::string body;
    const auto result = client.Post("/api/v1/decide:batch", {}, lines, "application/x-ndjson");
    if (result) reply = {result->status, result->body, nullptr, {}};
    begun = true;
  });
  // As soon as a decision is counted, the batch is being answered.
  while (!begun && server.get("/metrics").body.find("takt_decisions_total{") == std::string::npos) std::this_thread::yield();
  server.stop();
  asking.join();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(std::count(reply.body.begin(), reply.body.end(), '\n'), 2000);
}

TEST(ServerHttp, AStopBeforeTheStartIsNotForgotten) {
  Metrics metrics;
  ServerOptions options;
  options.listen = {"127.0.0.1", 0};
  HttpServer server(Router{}, metrics, options);
  ASSERT_TRUE(server.bind());
  server.stop();
  server.run(); // returns at once, or this test never ends
}

TEST(ServerHttp, IdleConnectionsDoNotStarveOthers) {
  RunningServer server;
  std::vector<std::unique_ptr<httplib::Client>> idle;
  for (int i = 0; i < 40; ++i) {
    idle.push_back(std::make_unique<httplib::Client>("127.0.0.1", server.port()));
    idle.back()->set_keep_alive(true);
    ASSERT_TRUE(idle.back()->Get("/healthz"));
  }
  httplib::Client late("127.0.0.1", server.port());
  late.set_read_timeout(2); // the keep-alive time of the others is five
  EXPECT_TRUE(late.Get("/healthz"));
}

} // namespace
} // namespace takt::test
