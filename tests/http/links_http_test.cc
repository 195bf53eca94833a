// Links in answers, for places where no script runs; and the link that a mail template asks by.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>
#include <latch>
#include <set>

namespace takt::test {
namespace {

constexpr const char* shop_page = "https://shop.example/p/\xc3\xbc?ref=mail&x=1";

/// A server whose items have pages, every second one; and a mail that goes to whoever allows it.
class Shop : public RunningServer {
public:
  explicit Shop(const std::function<void(Config&)>& change = {}) : RunningServer(change) {
    for (int i = 1; i <= 12; i += 2) {
      const std::string id = "sku-" + std::to_string(i);
      EXPECT_EQ(put("/api/v1/items/" + id, Json{{"id", id}, {"kind", "product"}, {"title", id}, {"url", shop_page}, {"category", {"Shoes"}}, {"price", {{"amount", "79.90"}, {"currency", "EUR"}}}}.dump()).status, 200);
    }
    EXPECT_EQ(put("/api/v1/placements/mail.daily", R"({"id":"mail.daily","channel":"email","slots":5,"hold":false,"sources":["popular","new"]})").status, 200);
  }

  Json decide(const std::string& user, const std::string& placement, const Json& more = Json::object()) {
    const auto answered = post("/api/v1/decide", ask(user, placement, more));
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json;
  }
  /// One item that has a page and one that has none.
  Json decide_two(const std::string& user, const std::string& placement, const Json& more = Json::object()) {
    Json body{{"placements", {{{"placement", placement}, {"candidates", {{{"item", "sku-1"}}, {{"item", "sku-2"}}}}}}}};
    body.update(more);
    return decide(user, placement, body);
  }
  void allow_mail(const std::string& user) {
    EXPECT_EQ(post("/v1/identify", Json{{"userId", user}, {"messageId", "consent-" + user}, {"traits", {{"consent", {{"marketing", {{"email", true}}}}}}}}.dump()).status, 200);
  }
  Json exposures(const std::string& user) { return get("/api/v1/customers/" + user).json["exposures"]; }
  std::string state(const std::string& user) {
    std::set<std::string> states;
    for (const Json& one : exposures(user)) states.insert(one["state"]);
    std::string all;
    for (const std::string& one : states) all += (all.empty() ? "" : ",") + one;
    return all;
  }
  std::size_t marks(const std::string& user) {
    std::size_t count = 0;
    for (const Json& one : exposures(user)) count += one["marks"].size();
    return count;
  }
};

/// What follows the address of the server.
std::string path_of(const Json& url) {
  const std::string text = url.get<std::string>();
  return text.substr(text.find("/links/"));
}

Json items_of(const Json& answer) { return answer["placements"][0]["items"]; }
Json with_page(const Json& answer) {
  for (const Json& item : items_of(answer))
    if (item.contains("click_url")) return item;
  ADD_FAILURE() << "no item with a page in " << answer.dump();
  return {{"click_url", "/links/click/none"}, {"impression_url", "/links/impression/none"}};
}

TEST(LinksHttp, MailsHaveThemAndPagesThatAsk) {
  Shop shop;
  shop.allow_mail("u1");
  const auto links_in = [](const Json& answer) {
    std::size_t count = 0;
    for (const Json& item : items_of(answer)) count += item.contains("impression_url") ? 1 : 0;
    return count;
  };
  const Json mail = shop.decide_two("u1", "mail.daily");
  ASSERT_EQ(items_of(mail).size(), 2U) << mail.dump();
  EXPECT_EQ(links_in(mail), items_of(mail).size());
  for (const Json& item : items_of(mail)) EXPECT_EQ(item.contains("click_url"), item["item"] == "sku-1") << item.dump();
  EXPECT_EQ(links_in(shop.decide("u2", "home.hero")), 0U);
  const Json asked = shop.decide("u2", "home.hero", {{"links", true}});
  EXPECT_EQ(links_in(asked), items_of(asked).size());
  EXPECT_EQ(asked["placements"][0]["items"][0]["impression_url"].get<std::string>().find("http://127.0.0.1:" + std::to_string(shop.port()) + "/links/impression/"), 0U);
  EXPECT_EQ(links_in(shop.decide("u1", "mail.daily", {{"links", false}})), 0U);
  EXPECT_EQ(links_in(shop.decide("u2", "home.hero", {{"links", true}, {"dry_run", true}})), 0U) << "nothing was reserved";
}

TEST(LinksHttp, ThePublicAddressWins) {
  Shop shop([](Config& config) { config.public_url = "https://takt.shop.example"; });
  const Json asked = shop.decide("u2", "home.hero", {{"links", true}});
  EXPECT_EQ(items_of(asked)[0]["impression_url"].get<std::string>().find("https://takt.shop.example/links/impression/"), 0U);
}

TEST(LinksHttp, APixelOnAScreenConfirmsOnce) {
  Shop shop;
  const Json asked = shop.decide("u1", "home.hero", {{"links", true}, {"placements", {{{"placement", "home.hero"}, {"limit", 1}}}}});
  const std::string path = path_of(items_of(asked)[0]["impression_url"]);
  auto client = shop.client();
  EXPECT_EQ(client.Head(path)->status, 200);
  EXPECT_EQ(shop.get(path, {{"User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}}).status, 200);
  EXPECT_EQ(shop.get(path, {{"Sec-Purpose", "prefetch;prerender"}}).status, 200);
  EXPECT_EQ(shop.state("u1"), "reserved") << "nobody has looked";
  const auto picture = shop.get(path, {{"User-Agent", "Mozilla/5.0"}});
  EXPECT_EQ(picture.status, 200);
  EXPECT_EQ(picture.body.substr(0, 6), "GIF89a");
  EXPECT_EQ(picture.body.size(), 43U);
  EXPECT_EQ(picture.headers.find("Content-Type")->second, "image/gif");
  EXPECT_EQ(picture.headers.find("Cache-Control")->second, "no-store");
  EXPECT_EQ(shop.state("u1"), "shown");
  for (int again = 0; again < 3; ++again) EXPECT_EQ(shop.get(path).status, 200);
  EXPECT_EQ(shop.marks("u1"), 1U);
  EXPECT_EQ(shop.exposures("u1").size(), 1U);
}

TEST(LinksHttp, AClickLeadsToTheItemAndCountsOnce) {
  Shop shop;
  const Json item = with_page(shop.decide_two("u1", "home.hero", {{"links", true}}));
  const std::string path = path_of(item["click_url"]);
  for (int i = 0; i < 3; ++i) {
    const auto led = shop.get(path);
    ASSERT_EQ(led.status, 302);
    EXPECT_EQ(led.headers.find("Location")->second, "https://shop.example/p/ü?ref=mail&x=1") << "the test's client undoes the escapes; the next line sees them";
    EXPECT_NE(shop.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").find("\nLocation: https://shop.example/p/%C3%BC?ref=mail&x=1\r\n"), std::string::npos);
    EXPECT_EQ(led.headers.find("Referrer-Policy")->second, "no-referrer");
    EXPECT_EQ(led.headers.find("Cache-Control")->second, "no-store");
  }
  const Json journey = shop.get("/api/v1/customers/u1/journey").json["data"];
  ASSERT_EQ(journey.size(), 1U) << journey.dump();
  EXPECT_EQ(journey[0]["item"], item["item"]);
  EXPECT_EQ(shop.marks("u1"), 1U);
  for (const Json& one : shop.exposures("u1")) EXPECT_EQ(one["state"], one["item"] == item["item"] ? "shown" : "reserved") << "a click shows that it was seen";
}

TEST(LinksHttp, AMailThatWasOpenedConfirmsNothingAndAClickDoes) {
  Shop shop;
  shop.allow_mail("u1");
  const Json mail = shop.decide_two("u1", "mail.daily");
  ASSERT_EQ(items_of(mail).size(), 2U) << mail.dump();
  for (const Json& item : items_of(mail)) EXPECT_EQ(shop.get(path_of(item["impression_url"])).status, 200);
  EXPECT_EQ(shop.state("u1"), "reserved") << "mail proxies open all by themselves";
  Json journey = shop.get("/api/v1/customers/u1/journey").json["data"];
  ASSERT_EQ(journey.size(), 1U) << "one mail was opened, however many pictures it has: " << journey.dump();
  EXPECT_EQ(journey[0]["kind"], "message_open");
  const Json item = with_page(mail);
  EXPECT_EQ(shop.get(path_of(item["click_url"])).status, 302);
  EXPECT_EQ(shop.state("u1"), "reserved,shown");
}

TEST(LinksHttp, WhatIsNotSignedIsNotFound) {
  Shop shop;
  const Json item = with_page(shop.decide_two("u1", "home.hero", {{"links", true}}));
  const std::string click = path_of(item["click_url"]), impression = path_of(item["impression_url"]);
  const std::string token = impression.substr(impression.rfind('/') + 1);
  for (std::size_t i = 0; i < token.size(); i += 7) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    const auto refused = shop.get("/links/impression/" + other);
    EXPECT_EQ(refused.status, 404);
    EXPECT_EQ(refused.body.substr(0, 6), "GIF89a") << "a mail must not show a broken picture";
  }
  EXPECT_EQ(shop.get("/links/click/" + token).json["code"], "not_found") << "an impression leads nowhere";
  EXPECT_EQ(shop.get("/links/impression/" + click.substr(click.rfind('/') + 1)).status, 404);
  EXPECT_EQ(shop.get("/links/click/https:%2F%2Fevil.example").status, 404);
  EXPECT_EQ(shop.state("u1"), "reserved");
  ASSERT_TRUE(shop.app().links().rotate(false, shop.app().clock().utc_now(), "test"));
  EXPECT_EQ(shop.get(click).status, 302) << "mails are under way";
  ASSERT_TRUE(shop.app().links().rotate(true, shop.app().clock().utc_now(), "test"));
  EXPECT_EQ(shop.get(click).status, 404);
}

TEST(LinksHttp, AReservationThatIsNotThereCountsNothing) {
  Shop shop;
  const Json asked = shop.decide("u1", "home.hero", {{"links", true}});
  const DecisionId id = *parse_decision_id(asked["decision_id"].get<std::string>());
  const LinkKeys keys = *shop.app().links().keys();
  for (const Link& link : {Link{LinkAction::impression, id, 7, 1, ""}, Link{LinkAction::impression, id, 0, 49, ""}, Link{LinkAction::impression, make_decision_id(UtcTime(Duration(1)), {5}, 1), 0, 1, ""}})
    EXPECT_EQ(shop.get("/links/impression/" + write_link(keys, link)).status, 200);
  EXPECT_EQ(shop.marks("u1"), 0U);
  EXPECT_EQ(shop.exposures("u1").size(), items_of(asked).size());
}

TEST(LinksHttp, TheyNeedNoKeyAndWorkForSomebodyWithoutAName) {
  Shop shop;
  ASSERT_TRUE(shop.app().create_key(R"({"role":"admin"})", "test"));
  const auto made = shop.app().create_key(R"({"role":"service"})", "test");
  const httplib::Headers service{{"Authorization", "Bearer " + Json::parse(*made)["key"].get<std::string>()}};
  const auto asked = shop.post("/api/v1/decide", R"({"placements":[{"placement":"home.hero","limit":1}],"customer":{"anonymous_id":"device-1"},"links":true})", service);
  ASSERT_EQ(asked.status, 200) << asked.body;
  EXPECT_EQ(shop.get(path_of(items_of(asked.json)[0]["impression_url"])).status, 200);
  EXPECT_EQ(shop.get("/api/v1/customers/device-1", service).json["exposures"][0]["state"], "shown");
}

// ---- by a link of a template

std::string template_key(Shop& shop) {
  EXPECT_TRUE(shop.app().create_key(R"({"role":"admin"})", "test"));
  return Json::parse(*shop.app().create_key(R"({"role":"decide"})", "test"))["key"].get<std::string>();
}

/// As a mail tool renders: four workers at once.
std::vector<Json> rendered(Shop& shop, const std::string& target) {
  std::vector<Json> answers(4);
  std::vector<std::thread> workers;
  std::latch ready(4);
  for (Json& answer : answers)
    workers.emplace_back([&shop, &target, &answer, &ready] {
      ready.arrive_and_wait();
      answer = shop.get(target).json;
    });
  for (std::thread& worker : workers) worker.join();
  return answers;
}

TEST(TemplateHttp, FourRenderingsAreOneReservation) {
  Shop shop;
  shop.allow_mail("u1");
  shop.allow_mail("u2");
  const std::string key = template_key(shop);
  const auto reserved = [&](const std::string& user) {
    const auto id = shop.app().find_customer(user);
    return id ? (*shop.app().store().records().read(*id, Deadline{}))->ledger.entries.size() : 0;
  };
  for (const std::string& named : {std::string("&request_id=campaign-7-u1&user_id=u1"), std::string("&user_id=u2")}) {
    const std::string target = "/api/v1/decide?key=" + key + "&placement=mail.daily&limit=2" + named;
    std::set<std::string> decisions, items;
    for (int round = 0; round < 3; ++round)
      for (const Json& answer : rendered(shop, target)) {
        ASSERT_TRUE(answer.contains("decision_id")) << answer.dump();
        decisions.insert(answer["decision_id"].get<std::string>());
        items.insert(items_of(answer).dump());
      }
    EXPECT_EQ(decisions.size(), 1U);
    EXPECT_EQ(reserved(named.substr(named.size() - 2)), 2U) << "two items, reserved once";
  }
}

TEST(TemplateHttp, AnotherQuestionIsAnotherReservationAndOthersHaveTheirs) {
  Shop shop;
  const std::string key = template_key(shop), other = Json::parse(*shop.app().create_key(R"({"role":"decide"})", "test"))["key"].get<std::string>();
  const std::string ask = "/api/v1/decide?placement=home.hero&key=";
  const Json first = shop.get(ask + key + "&user_id=u1&limit=1").json;
  ASSERT_TRUE(items_of(first)[0].contains("impression_url")) << "by a link there are always links: " << first.dump();
  EXPECT_EQ(shop.get(ask + key + "&user_id=u1&limit=1").json["replayed"], true);
  EXPECT_EQ(shop.get(ask + key + "&user_id=u1&limit=1&locale=de").json["decision_id"], first["decision_id"]) << "the language is no part of the question";
  for (const std::string& target : {ask + key + "&user_id=u1&limit=2", ask + key + "&user_id=u2&limit=1", ask + other + "&user_id=u1&limit=1", ask + key + "&user_id=u1&limit=1&request_id=x"}) {
    const Json answer = shop.get(target).json;
    EXPECT_NE(answer["decision_id"], first["decision_id"]) << target;
    EXPECT_FALSE(answer.contains("replayed")) << target;
  }
  EXPECT_TRUE(shop.get(ask + key).json["decision_id"].is_null()) << "nobody in particular: nothing to repeat";
}

} // namespace
} // namespace takt::test
