// Keys that everybody can read: what they must prove, what they are not told, and how often they may ask.
#include "api/access/sign.h"
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";

std::string proof_of(const std::string& user) { return to_hex(hmac_sha256(secret, user)); }

/// A server with an admin's key, and whose page proves its users where `signs`.
class Shop : public RunningServer {
public:
  explicit Shop(bool signs = true) : RunningServer([signs](Config& config) { if (signs) config.identity_secrets = {secret}; }), admin(key({{"role", "admin"}})) {}
  httplib::Headers key(const Json& wanted) {
    const auto made = app().create_key(wanted.dump(), "test");
    EXPECT_TRUE(made) << made.error().message;
    return {{"Authorization", "Bearer " + Json::parse(*made)["key"].get<std::string>()}};
  }
  Reply decide(const httplib::Headers& as, const Json& customer, const Json& more = Json::object()) {
    Json body{{"customer", customer}, {"placements", {{{"placement", "home.hero"}}}}};
    body.update(more);
    return post("/api/v1/decide", body.dump(), as);
  }
  httplib::Headers admin;
};

TEST(IdentityHttp, AUserIdNeedsItsSignatureAndABrowserNone) {
  Shop shop;
  const auto page = shop.key({{"role", "publishable"}});
  const auto refused = shop.decide(page, {{"user_id", "u1"}});
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.json["detail"].get<std::string>().find("user_hash"), std::string::npos) << refused.body;
  EXPECT_EQ(shop.decide(page, {{"user_id", "u1"}, {"user_hash", proof_of("u2")}}).status, 403);
  EXPECT_EQ(shop.decide(page, {{"user_id", "u1"}, {"user_hash", "nonsense"}}).status, 403);
  EXPECT_EQ(shop.get("/api/v1/customers/u1", shop.admin).status, 404) << "nobody was founded by what was refused";
  EXPECT_EQ(shop.decide(page, {{"user_id", "u1"}, {"user_hash", proof_of("u1")}}).status, 200);
  EXPECT_EQ(shop.decide(page, {{"anonymous_id", "browser-1"}}).status, 200);
  EXPECT_EQ(shop.decide(shop.key({{"role", "service"}}), {{"user_id", "u3"}}).status, 200) << "a secret key speaks for everybody";
  EXPECT_EQ(Shop(false).decide(page, {{"user_id", "u1"}}).status, 401) << "another server, another key";
  Shop off(false);
  EXPECT_EQ(off.decide(off.key({{"role", "publishable"}}), {{"user_id", "u1"}}).status, 200) << "the switch is off";
}

TEST(IdentityHttp, EventsTooInEveryEnvelope) {
  Shop shop;
  const auto page = shop.key({{"role", "publishable"}});
  const auto event = [](const Json& more) {
    static int number = 0;
    Json json{{"type", "track"}, {"event", "Product Viewed"}, {"userId", "u1"}, {"messageId", "m-" + std::to_string(++number)}, {"properties", {{"product_id", "sku-1"}}}};
    json.update(more);
    return json;
  };
  const Json in_context{{"context", {{"user_hash", proof_of("u1")}}}}, in_options{{"integrations", {{"Takt", {{"user_hash", proof_of("u1")}}}}}};
  EXPECT_EQ(shop.post("/v1/track", event(Json::object()).dump(), page).status, 403);
  EXPECT_EQ(shop.post("/v1/track", event({{"context", {{"user_hash", proof_of("u2")}}}}).dump(), page).status, 403);
  EXPECT_EQ(shop.post("/v1/track", event({{"userId", nullptr}, {"anonymousId", "browser-1"}}).dump(), page).status, 200);
  EXPECT_EQ(shop.post("/v1/track", event(in_context).dump(), page).status, 200);
  EXPECT_EQ(shop.post("/v1/t", event(in_options).dump(), page).status, 200) << "what analytics-next sends along from its options";
  const auto batch = shop.post("/v1/batch", Json{{"batch", {event(Json::object()), event(in_context)}}}.dump(), page);
  EXPECT_EQ(batch.json["accepted"], 1) << batch.body;
  EXPECT_EQ(batch.json["rejected"][0]["code"], "forbidden");
  const auto whole = shop.post("/v1/batch", Json{{"context", {{"user_hash", proof_of("u1")}}}, {"batch", {event(Json::object()), event(Json::object())}}}.dump(), page);
  EXPECT_EQ(whole.json["accepted"], 2) << whole.body;
  const Json alias{{"userId", "u1"}, {"previousId", "victim"}, {"messageId", "a-1"}, {"context", {{"user_hash", proof_of("u1")}}}};
  EXPECT_EQ(shop.post("/v1/alias", alias.dump(), page).status, 403) << "who signs for one does not sign for two";
  EXPECT_EQ(shop.post("/v1/alias", alias.dump(), shop.key({{"role", "service"}})).status, 200);
  EXPECT_EQ(shop.get("/api/v1/customers/u1/journey", shop.admin).json["data"].size(), 5U);
}

// ---- what is told

/// u1 looked at sku-4 for long, bought sku-2, and has a complaint open.
void live(Shop& shop) {
  const auto server = shop.key({{"role", "service"}});
  int number = 0;
  const auto send = [&](const std::string& name, const Json& properties) {
    EXPECT_EQ(shop.post("/v1/track", Json{{"event", name}, {"userId", "u1"}, {"messageId", "life-" + std::to_string(++number)}, {"properties", properties}}.dump(), server).status, 200);
  };
  for (int i = 0; i < 5; ++i) send("Product Viewed", {{"product_id", "sku-4"}, {"dwell_ms", 40000}});
  send("Order Completed", {{"order_id", "o-1"}, {"products", {{{"product_id", "sku-2"}, {"quantity", 1}, {"price", 79.9}}}}});
  EXPECT_EQ(shop.put("/api/v1/placements/shop.recent", R"({"id":"shop.recent","channel":"web","slots":3,"sources":["recently_viewed","session","taste"]})", shop.admin).status, 200);
}

Json recent(Shop& shop, const httplib::Headers& as, const Json& customer) { return shop.decide(as, customer, {{"placements", {{{"placement", "shop.recent"}}}}, {"explain", "full"}}).json; }

TEST(IdentityHttp, AKeyThatEverybodyReadsIsNotToldWhatSomebodyDid) {
  Shop shop(false);
  live(shop);
  const Json told = recent(shop, shop.key({{"role", "service"}}), {{"user_id", "u1"}});
  ASSERT_FALSE(told["placements"][0]["items"].empty()) << told.dump();
  EXPECT_NE(told["placements"][0]["items"][0]["why"]["code"], "because_chosen_for_you") << "there is something to tell: " << told.dump();
  const Json asked = recent(shop, shop.key({{"role", "publishable"}}), {{"user_id", "u1"}});
  ASSERT_FALSE(asked["placements"][0]["items"].empty()) << asked.dump();
  for (const Json& item : asked["placements"][0]["items"]) {
    EXPECT_TRUE(item["why"]["code"] == "because_chosen_for_you" || item["why"]["code"] == "because_new") << "the person's, or the shop's: " << item.dump();
    EXPECT_TRUE(item["why"]["params"].empty()) << item.dump();
    EXPECT_FALSE(item.contains("source")) << item.dump();
  }
  EXPECT_TRUE(asked["session_id"].is_null()) << "it counts somebody's sessions";
  for (const char* word : {"Because", "\"score\"", "\"propensity\"", "\"customer_id\"", "\"explain\"", "\"rule\"", "\"observed\"", "\"eligible_again\""})
    EXPECT_EQ(asked.dump().find(word), std::string::npos) << word << " in " << asked.dump();
}

TEST(IdentityHttp, WhoHasProvedToBeThemIsTold) {
  Shop shop;
  live(shop);
  const auto page = shop.key({{"role", "publishable"}});
  const Json asked = recent(shop, page, {{"user_id", "u1"}, {"user_hash", proof_of("u1")}});
  ASSERT_FALSE(asked["placements"][0]["items"].empty()) << asked.dump();
  EXPECT_NE(asked["placements"][0]["items"][0]["why"]["code"], "because_chosen_for_you") << asked.dump();
  EXPECT_TRUE(asked["placements"][0]["items"][0].contains("source"));
  EXPECT_FALSE(asked["placements"][0]["items"][0].contains("score")) << "a proof is no secret key";
  EXPECT_FALSE(asked.contains("customer_id"));
}

TEST(IdentityHttp, WhySomethingIsHeldBackIsNobodyElsesBusiness) {
  Shop shop(false);
  const auto server = shop.key({{"role", "service"}}), page = shop.key({{"role", "publishable"}});
  // Everything capped for u1, and a page that asks once more.
  for (int i = 0; i < 8; ++i) EXPECT_EQ(shop.decide(server, {{"user_id", "u1"}}).status, 200);
  const Json told = shop.decide(server, {{"user_id", "u1"}}).json["placements"][0], asked = shop.decide(page, {{"user_id", "u1"}}).json["placements"][0];
  ASSERT_FALSE(told["reasons"].empty()) << told.dump();
  EXPECT_EQ(asked["items"].size(), told["items"].size());
  EXPECT_TRUE(asked["reasons"].empty()) << asked.dump();
  EXPECT_TRUE(asked["not_before"].is_null());
}

// ---- how often

TEST(KeyRateHttp, AKeyAsksAsOftenAsItMay) {
  Shop shop(false);
  const auto slow = shop.key({{"role", "publishable"}, {"rate", 0.001}, {"burst", 3}}), free = shop.key({{"role", "publishable"}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(shop.decide(slow, {{"anonymous_id", "a"}}).status, 200);
  const auto refused = shop.decide(slow, {{"anonymous_id", "a"}});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.json["code"], "rate_limited");
  EXPECT_EQ(refused.json["status"], 429);
  const std::string after = refused.headers.find("Retry-After")->second;
  EXPECT_EQ(after.find_first_not_of("0123456789"), std::string::npos) << after;
  EXPECT_GT(std::stoi(after), 900) << "a request in a thousand seconds";
  EXPECT_LE(std::stoi(after), 1000);
  EXPECT_EQ(shop.post("/v1/track", R"({"event":"x","userId":"u"})", slow).status, 429) << "of the key, whatever it asks";
  EXPECT_EQ(shop.get("/healthz", slow).status, 200);
  EXPECT_EQ(shop.decide(free, {{"anonymous_id", "a"}}).status, 200) << "others have their own";
  const Json listed = shop.get("/api/v1/keys", shop.admin).json["data"];
  int limited = 0;
  for (const Json& key : listed) {
    if (key["rate"].is_null()) continue;
    ++limited;
    EXPECT_EQ(key["rate"], 0.001);
    EXPECT_EQ(key["burst"], 3.0);
  }
  EXPECT_EQ(limited, 1);
}

TEST(KeyRateHttp, WhatIsNoRateIsRefused) {
  Shop shop(false);
  for (const char* wrong : {R"({"role":"publishable","rate":-1})", R"({"role":"publishable","rate":"10"})", R"({"role":"publishable","rate":1e9})", R"({"role":"publishable","burst":5})",
                            R"({"role":"publishable","rate":5,"burst":0.5})"})
    EXPECT_EQ(shop.post("/api/v1/keys", wrong, shop.admin).status, 422) << wrong;
  const auto made = shop.post("/api/v1/keys", R"({"role":"publishable","rate":20})", shop.admin);
  EXPECT_EQ(made.json["burst"], 20.0) << "a second's worth: " << made.body;
}

} // namespace
} // namespace takt::test
