// Events through the socket: what SDKs send, and what it changes.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace takt::test {
namespace {

Json track(const std::string& user, const std::string& event, const Json& properties, const std::string& message_id) {
  return {{"type", "track"}, {"userId", user}, {"event", event}, {"properties", properties}, {"messageId", message_id}};
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(EventsHttp, WhatWasBoughtIsNotShownAgain) {
  RunningServer server;
  const std::string ask = RunningServer::ask("u1", "home.hero", {{"dry_run", true}});
  const auto before = server.post("/api/v1/decide", ask);
  const std::string item = before.json["placements"][0]["items"][0]["item"];
  const Json order = track("u1", "Order Completed", {{"order_id", "o-1"}, {"products", {{{"product_id", item}, {"quantity", 1}}}}}, "m-1");
  const auto taken = server.post("/v1/track", order.dump());
  ASSERT_EQ(taken.status, 200) << taken.body;
  EXPECT_EQ(taken.json["accepted"], 1);
  const auto after = server.post("/api/v1/decide", ask);
  EXPECT_EQ(after.body.find("\"item\":\"" + item + "\""), std::string::npos) << after.body;
  const auto why = server.get("/api/v1/customers/u1/why?placement=home.hero&item=" + item);
  ASSERT_EQ(why.status, 200) << why.body;
  EXPECT_EQ(why.json["verdict"], "blocked");
  EXPECT_EQ(why.json["blocked_by"][0]["code"], "post_purchase");
  EXPECT_FALSE(why.json["eligible_again"].is_null());
}

TEST(EventsHttp, AViewConfirmsItsReservationAndCountsForTheCap) {
  RunningServer server;
  const auto decided = server.post("/api/v1/decide", RunningServer::ask("u1", "home.hero"));
  const std::string item = decided.json["placements"][0]["items"][0]["item"];
  const Json view = track("u1", "Promotion Viewed", {{"decision_id", decided.json["decision_id"]}, {"item_id", item}}, "m-1");
  ASSERT_EQ(server.post("/v1/t", view.dump()).status, 200);
  const auto why = server.get("/api/v1/customers/u1/why?placement=home.hero&item=" + item);
  ASSERT_EQ(why.status, 200) << why.body;
  EXPECT_EQ(why.json["verdict"], "blocked");
  EXPECT_EQ(why.json["blocked_by"][0]["rule"], "same-item-weekly");
  EXPECT_EQ(why.json["blocked_by"][0]["observed"], 1);
  const auto customer = server.get("/api/v1/customers/u1");
  std::size_t shown = 0;
  for (const Json& exposure : customer.json["exposures"]) shown += exposure["state"] == "shown" ? 1U : 0U;
  EXPECT_EQ(shown, 1U);
}

TEST(EventsHttp, TheSameMessageCountsOnce) {
  RunningServer server;
  const std::string event = track("u1", "Product Viewed", {{"product_id", "sku-1"}}, "m-1").dump();
  EXPECT_EQ(server.post("/v1/track", event).json["accepted"], 1);
  const auto again = server.post("/v1/track", event);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json["duplicates"], 1);
  EXPECT_EQ(server.get("/api/v1/customers/u1/journey").json["data"].size(), 1U);
}

TEST(EventsHttp, BatchTellsWhatItDidNotTake) {
  RunningServer server;
  const Json batch{{"writeKey", "wk-1"}, {"batch", {track("u1", "Product Viewed", {{"product_id", "sku-1"}}, "m-1"), {{"type", "track"}, {"event", "X"}, {"messageId", "m-2"}},
                                                    track("u2", "Product Viewed", {{"product_id", "sku-2"}}, "m-3")}}};
  for (const char* path : {"/v1/batch", "/v1/b", "/v1/import"}) {
    const auto reply = server.post(path, batch.dump(), {{"Content-Type", "text/plain"}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.json["accepted"].get<int>() + reply.json["duplicates"].get<int>(), 2);
    ASSERT_EQ(reply.json["rejected"].size(), 1U);
    EXPECT_EQ(reply.json["rejected"][0]["index"], 1);
    EXPECT_EQ(reply.json["rejected"][0]["messageId"], "m-2");
  }
}

TEST(EventsHttp, GzipAsAFormIsReadAllTheSame) {
  RunningServer server;
  Json batch{{"batch", Json::array()}};
  for (int i = 0; i < 100; ++i) batch["batch"].push_back(track("u" + std::to_string(i), "Product Viewed", {{"product_id", "sku-1"}}, "m-" + std::to_string(i)));
  auto client = server.client();
  const auto result = client.Post("/v1/batch", {{"Content-Encoding", "gzip"}}, gzip(batch.dump()), "application/x-www-form-urlencoded");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200) << result->body;
  EXPECT_EQ(Json::parse(result->body)["accepted"], 100);
}

TEST(EventsHttp, ABombIsRefusedAndTheServerGoesOn) {
  RunningServer server;
  const std::string bomb = gzip(std::string(std::size_t{64} << 20, ' '));
  ASSERT_LT(bomb.size(), 100'000U);
  const std::string answer = server.raw("POST /v1/batch HTTP/1.1\r\nHost: t\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(bomb.size()) + "\r\n\r\n" + bomb);
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 413") << answer;
  EXPECT_EQ(server.get("/healthz").status, 200);
}

TEST(EventsHttp, IntegrationNamesWhatIsWrong) {
  RunningServer server;
  server.post("/v1/track", track("u1", "Promotion Viewed", {{"item_id", "unknown-7"}}, "m-1").dump(), {{"Authorization", "Basic c2hvcDo="}});
  const auto reply = server.get("/api/v1/integration");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json& source = reply.json["sources"][0];
  EXPECT_EQ(source["source"], "shop") << "the write key of the Basic header";
  EXPECT_EQ(source["events"]["Promotion Viewed"], 1);
  EXPECT_EQ(source["unknown_products"][0]["id"], "unknown-7");
  EXPECT_EQ(source["impressions"], 1);
  EXPECT_EQ(source["impressions_with_decision"], 0);
  EXPECT_EQ(reply.json["status"], "warn");
}

TEST(EventsHttp, OneEventIsRefusedWithItsField) {
  RunningServer server;
  const auto reply = server.post("/v1/track", R"({"event":"X"})");
  EXPECT_EQ(reply.status, 422) << reply.body;
  EXPECT_TRUE(reply.json.contains("code") && reply.json.contains("message")) << "Segment's Python client needs both";
  EXPECT_EQ(server.post("/v1/m", "{}").status, 200);
}

Json cloud_event(const std::string& id, const Json& more = Json::object()) {
  Json event{{"specversion", "1.0"}, {"id", id}, {"source", "crm"}, {"type", "Product Viewed"}, {"subject", "cloud"}, {"data", {{"product_id", "sku-1"}}}};
  event.update(more);
  return event;
}

TEST(EventsHttp, CloudEventsInAllThreeModes) {
  RunningServer server;
  auto client = server.client();
  const auto single = client.Post("/api/v1/events", cloud_event("e-1").dump(), "application/cloudevents+json; charset=utf-8");
  ASSERT_EQ(single->status, 200) << single->body;
  EXPECT_EQ(Json::parse(single->body)["accepted"], 1);
  const Json batch{cloud_event("e-1"), cloud_event("e-2", {{"time", "2024-03-05T10:00:00Z"}}), cloud_event("e-3", {{"subject", nullptr}}), cloud_event("e-1", {{"source", "shop"}})};
  const auto many = client.Post("/api/v1/events", batch.dump(), "application/cloudevents-batch+json");
  ASSERT_EQ(many->status, 200) << many->body;
  const Json answer = Json::parse(many->body);
  EXPECT_EQ(answer["accepted"], 2) << "the same id of another source is another event";
  EXPECT_EQ(answer["duplicates"], 1);
  ASSERT_EQ(answer["rejected"].size(), 1U);
  EXPECT_EQ(answer["rejected"][0]["messageId"], "e-3");
  EXPECT_EQ(answer["rejected"][0]["pointer"], "/subject");
  const httplib::Headers binary{{"ce-specversion", "1.0"}, {"ce-id", "e-4"}, {"ce-source", "crm"}, {"ce-type", "Product Viewed"}, {"ce-subject", "cloud"}};
  const auto by_headers = client.Post("/api/v1/events", binary, R"({"product_id":"sku-2"})", "application/json");
  ASSERT_EQ(by_headers->status, 200) << by_headers->body;
  const Json journey = server.get("/api/v1/customers/cloud/journey").json;
  EXPECT_EQ(journey["data"].size(), 4U);
}

TEST(EventsHttp, ABadCloudEventSaysWhatIsWrong) {
  RunningServer server;
  auto client = server.client();
  const auto post = [&](const std::string& body, const std::string& type) { return client.Post("/api/v1/events", body, type)->status; };
  EXPECT_EQ(post(cloud_event("e-1", {{"specversion", "0.3"}}).dump(), "application/cloudevents+json"), 422);
  EXPECT_EQ(post(cloud_event("e-1", {{"data", "text"}}).dump(), "application/cloudevents+json"), 422);
  EXPECT_EQ(post(cloud_event("e-1", {{"id", 7}}).dump(), "application/cloudevents+json"), 422);
  EXPECT_EQ(post("[]", "application/cloudevents+json"), 422);
  EXPECT_EQ(post("{", "application/cloudevents+json"), 400);
  EXPECT_EQ(post(cloud_event("e-1").dump(), "application/cloudevents-batch+json"), 422);
  EXPECT_EQ(post(cloud_event("e-1").dump(), "application/json"), 415);
  EXPECT_EQ(server.get("/api/v1/customers/cloud").status, 404) << "nothing changed";
}

TEST(EventsHttp, TheDebuggerShowsWhatCameAndWhyItWasRefused) {
  RunningServer server;
  ASSERT_EQ(server.post("/v1/track", track("u1", "Product Viewed", {{"product_id", "sku-1"}}, "m-1").dump()).status, 200);
  ASSERT_EQ(server.post("/v1/track", track("u1", "Product Viewed", {{"product_id", "sku-1"}}, "m-1").dump()).status, 200);
  ASSERT_EQ(server.post("/v1/track", R"({"event":"Product Viewed","messageId":"m-2","writeKey":"wk"})").status, 422);
  ASSERT_EQ(server.post("/v1/batch", Json{{"writeKey", "wk"}, {"batch", {{{"type", "track"}, {"event", "x"}, {"messageId", "m-3"}}}}}.dump()).status, 200);
  const Json all = server.get("/api/v1/events/recent").json;
  ASSERT_EQ(all["data"].size(), 4U);
  EXPECT_EQ(all["data"][0]["message_id"], "m-3");
  const Json refused = server.get("/api/v1/events/recent?result=rejected&source=wk").json;
  ASSERT_EQ(refused["data"].size(), 2U);
  EXPECT_EQ(refused["data"][0]["pointer"], "/userId");
  EXPECT_NE(refused["data"][0]["text"].get<std::string>().find("m-3"), std::string::npos);
  std::map<std::string, int> results;
  for (const Json& event : all["data"]) ++results[event["result"]];
  EXPECT_EQ(results, (std::map<std::string, int>{{"accepted", 1}, {"duplicate", 1}, {"rejected", 2}}));
  EXPECT_EQ(server.get("/api/v1/events/recent?limit=1").json["data"].size(), 1U);
  EXPECT_EQ(server.get("/api/v1/events/recent?limit=0").status, 422);
  EXPECT_EQ(server.get("/api/v1/events/recent?sort=up").status, 422);
}

TEST(EventsHttp, AnOrderInACurrencyWithoutRateCountsWithoutItsPricesAndSaysSo) {
  RunningServer server([](Config& config) { config.rates = {{"USD", 0.5}}; });
  const auto buy = [&](const char* id, const char* item, const char* currency) {
    const Json properties{{"order_id", id}, {"currency", currency}, {"products", {{{"product_id", item}, {"price", 10}, {"quantity", 2}}}}};
    ASSERT_EQ(server.post("/v1/track", track("u1", "Order Completed", properties, id).dump()).status, 200);
  };
  buy("o-1", "sku-1", "USD");
  buy("o-2", "sku-2", "JPY");
  const Json seen = server.get("/api/v1/events/recent").json["data"];
  EXPECT_NE(seen[0]["message"].get<std::string>().find("JPY"), std::string::npos) << seen;
  EXPECT_FALSE(seen[1].contains("message")) << seen;
  const auto row = Json::parse(server.get("/api/v1/exports/customers").body);
  EXPECT_EQ(row["orders"], 2) << row;
  EXPECT_EQ(row["revenue"], "10.00") << row;
}

TEST(EventsHttp, BrowserSdksFindTheirSettings) {
  RunningServer server;
  const Json segment = server.get("/v1/projects/wk/settings").json;
  EXPECT_EQ(segment["integrations"]["Segment.io"]["apiKey"], "wk");
  EXPECT_EQ(segment["integrations"]["Segment.io"]["apiHost"], "127.0.0.1:" + std::to_string(server.port()) + "/v1");
  for (const char* path : {"/sourceConfig/?p=web&writeKey=wk", "/sourceConfig?writeKey=wk"}) {
    const Json rudder = server.get(path).json;
    EXPECT_EQ(rudder["source"]["id"], "wk");
    EXPECT_TRUE(rudder["source"]["destinations"].is_array());
  }
}

} // namespace
} // namespace takt::test
