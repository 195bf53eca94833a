// Segment's and Rudder's shapes as events, and every way in which one is refused (contract.md §4).
#include "api/json/event_names.h"
#include "core/random.h"
#include "tests/unit/api/event_json_support.h"

namespace takt {
namespace {

TEST(EventJson, AnEventOfTheNodeSdk) {
  const std::string json = R"({"timestamp":"2026-03-05T11:59:58Z","integrations":{},"event":"Product Viewed","type":"track",
    "properties":{"product_id":"p1","price":9.5,"brand":"Acme","category":"Shoes","extra":{"deep":[1,{"x":null}]}},
    "context":{"library":{"name":"@segment/analytics-node","version":"3.1.0"}},"userId":"u1","messageId":"node-1","_metadata":{"nodeVersion":"20"}})";
  const Event event = parsed(json);
  EXPECT_EQ(event.source, "shop");
  EXPECT_EQ(event.message_id, "node-1");
  EXPECT_EQ(event.type, EventType::track);
  EXPECT_EQ(event.name, EventName::product_viewed);
  EXPECT_EQ(event.name_text, "Product Viewed");
  EXPECT_EQ(event.user_id, "u1");
  EXPECT_EQ(event.anonymous_id, "");
  EXPECT_EQ(event.occurred_at, at("2026-03-05T11:59:58Z"));
  EXPECT_EQ(event.received_at, at("2026-03-05T12:00:00Z"));
  ASSERT_EQ(event.items.size(), 1U);
  EXPECT_EQ(event.items[0].id, "p1");
  EXPECT_EQ(event.items[0].price_micros, 9'500'000);
  EXPECT_EQ(event.items[0].brand, "Acme");
  EXPECT_EQ(event.items[0].category, "Shoes");
  EXPECT_FALSE(event.active); // a server saw it, not the person's screen
  EXPECT_EQ(event.raw, json); // as it came, byte by byte
}

TEST(EventJson, AnAddressIsNotKept) {
  const std::string before = R"({"userId":"u1","event":"x","type":"track","messageId":"m","properties":{"ip":"mine"},"context":{"ip": )", after = R"( ,"locale":"de"}})";
  for (const char* address : {R"("203.0.113.7")", R"("2001:db8::1")", R"("")", "7", R"(["203.0.113.7"])"})
    EXPECT_EQ(parsed(before + address + after).raw, before + R"("0.0.0.0")" + after);
  EXPECT_EQ(parsed(before + "null" + after).raw, before + "null" + after);
}

TEST(EventJson, TheTypeComesFromThePathWhereTheBodyHasNone) {
  EventContext context = over_http();
  context.type_from_path = "page";
  const Event event = parsed(R"({"anonymousId":"a1","name":"Home","properties":{"path":"/"},"messageId":"m"})", context);
  EXPECT_EQ(event.type, EventType::page);
  EXPECT_EQ(event.name_text, "Home");
  EXPECT_EQ(event.channel, "web");
  EXPECT_EQ(refused(R"({"anonymousId":"a1","event":"x"})").fields.at(0).pointer, "/type");
  EXPECT_EQ(refused(R"({"type":"delete","anonymousId":"a1","event":"x"})").fields.at(0).pointer, "/type");
}

TEST(EventJson, IdentityRules) {
  EXPECT_EQ(refused(R"({"type":"track","event":"x"})").fields.at(0).pointer, "/userId");
  EXPECT_EQ(refused(R"({"type":"track","event":"x","userId":""})").fields.at(0).pointer, "/userId");
  EXPECT_EQ(refused(R"({"type":"track","event":"x","userId":7})").fields.at(0).pointer, "/userId");
  EXPECT_EQ(refused(R"({"type":"track","event":"x","userId":"a\u0000b"})").fields.at(0).pointer, "/userId");
  EXPECT_EQ(refused(R"({"type":"track","event":"x","userId":")" + std::string(129, 'u') + "\"}").fields.at(0).pointer, "/userId");
  EXPECT_EQ(parsed(R"({"type":"track","event":"x","userId":")" + std::string(128, 'u') + "\"}").user_id.size(), 128U);
  EXPECT_EQ(refused(R"({"type":"alias","userId":"u1"})").fields.at(0).pointer, "/previousId");
  EXPECT_EQ(refused(R"({"type":"alias","previousId":"a1"})").fields.at(0).pointer, "/userId");
  EXPECT_EQ(parsed(R"({"type":"alias","previousId":"a1","userId":"u1"})").previous_id, "a1");
  EXPECT_EQ(refused(R"({"type":"group","userId":"u1"})").fields.at(0).pointer, "/groupId");
  EXPECT_EQ(parsed(R"({"type":"group","userId":"u1","groupId":"g1","traits":{"name":"Acme"}})").group_id, "g1");
  EXPECT_TRUE(parsed(R"({"type":"group","userId":"u1","groupId":"g1","traits":{"name":"Acme"}})").traits.empty());
  EXPECT_EQ(refused(R"({"type":"track","userId":"u1"})").fields.at(0).pointer, "/event");
  EXPECT_EQ(parsed(R"({"type":"identify","userId":"u1","anonymousId":null})").anonymous_id, "");
}

TEST(EventJson, SkewIsCorrectedByTheTwoReadingsOfTheSendersClock) {
  // The phone is 8 days slow: what it calls 25 February, ten seconds before sending, was 5 March.
  const Event slow = parsed(track("x", "{}", R"(,"originalTimestamp":"2026-02-25T11:59:50Z","sentAt":"2026-02-25T12:00:00Z")"));
  EXPECT_EQ(slow.occurred_at, at("2026-03-05T11:59:50Z"));
  const Event fast = parsed(track("x", "{}", R"(,"timestamp":"2026-03-06T08:00:00Z","sentAt":"2026-03-06T08:00:05Z")"));
  EXPECT_EQ(fast.occurred_at, at("2026-03-05T11:59:55Z"));
  const Event unsent = parsed(track("x", "{}", R"(,"timestamp":"2020-01-01T00:00:00+01:00")"));
  EXPECT_EQ(unsent.occurred_at, at("2019-12-31T23:00:00Z")); // old is accepted
  EXPECT_EQ(parsed(track("x", "{}")).occurred_at, at("2026-03-05T12:00:00Z"));
}

TEST(EventJson, TheFutureIsClampedForADayAndThenRefused) {
  EXPECT_EQ(parsed(track("x", "{}", R"(,"timestamp":"2026-03-06T12:00:00Z")")).occurred_at, at("2026-03-05T12:00:00Z"));
  EXPECT_EQ(refused(track("x", "{}", R"(,"timestamp":"2026-03-06T12:00:00.001Z")")).fields.at(0).pointer, "/timestamp");
  for (const char* time : {"1709640000000", "\"2026-03-05\"", "\"yesterday\"", "\"2026-03-05T12:00:00\"", "true", "-1"})
    EXPECT_EQ(refused(track("x", "{}", std::string(R"(,"timestamp":)") + time)).code, ErrorCode::invalid) << time;
}

TEST(EventJson, ImportsTakeTheirTimesFromTheLine) {
  const Event bare = parsed(track("x", "{}", R"(,"timestamp":"2024-01-02T03:04:05Z")"), import());
  EXPECT_EQ(bare.received_at, bare.occurred_at);
  const Event full = parsed(track("x", "{}", R"(,"originalTimestamp":"2024-01-01T00:00:00Z","sentAt":"2024-01-01T00:00:01Z","receivedAt":"2024-01-02T00:00:01Z")"), import());
  EXPECT_EQ(full.received_at, at("2024-01-02T00:00:01Z"));
  EXPECT_EQ(full.occurred_at, at("2024-01-02T00:00:00Z"));
  EXPECT_EQ(refused(track("x", "{}"), import()).fields.at(0).pointer, "/timestamp");
  EventContext shifted = import();
  shifted.shift = days(100);
  EXPECT_EQ(parsed(track("x", "{}", R"(,"timestamp":"2024-01-02T03:04:05Z")"), shifted).occurred_at, at("2024-04-11T03:04:05Z"));
}

TEST(EventJson, NamesHaveAliases) {
  const std::vector<std::pair<std::string, EventName>> names{
      {"Promotion Viewed", EventName::promotion_viewed}, {"Viewed Promotion", EventName::promotion_viewed}, {"promotion_clicked", EventName::promotion_clicked},
      {"Viewed Product", EventName::product_viewed}, {"Completed Order", EventName::order_completed}, {"Order Cancelled", EventName::order_refunded},
      {"Added Product", EventName::product_added}, {"  product   LIST viewed ", EventName::product_list_viewed}, {"Email Link Clicked", EventName::message_clicked},
      {"Segment Consent Preference Updated", EventName::consent_updated}, {"Feedback Given", EventName::feedback_given}, {"Cart Viewed", EventName::other},
      {"", EventName::other}, {std::string(500, 'x'), EventName::other}};
  for (const auto& [text, name] : names) EXPECT_EQ(known_name(text).name, name) << text;
  EXPECT_EQ(known_name("Email Opened").channel, "email");
}

TEST(EventJson, PricesAreInTheAccountsCurrencyOrLeftOut) {
  const std::map<std::string, double> rates{{"USD", 0.9}, {"JPY", 0.0061}, {"XXL", 1e6}};
  EventContext context = over_http();
  context.rates = &rates;
  const auto order = [&](const std::string& properties) { return parsed(track("Order Completed", R"({"order_id":"o1",)" + properties + "}"), context); };
  using Micros = std::optional<std::int64_t>;
  const std::vector<std::tuple<std::string, Micros, std::string>> cases{
      {R"("products":[{"product_id":"p","price":10}])", 10'000'000, ""},
      {R"("currency":"EUR","products":[{"product_id":"p","price":10}])", 10'000'000, ""},
      {R"("currency":"eur","products":[{"product_id":"p","price":10}])", 10'000'000, ""},
      {R"("currency":"USD","products":[{"product_id":"p","price":10}])", 9'000'000, ""},
      {R"("currency":"JPY","products":[{"product_id":"p","price":"12000"}])", 73'200'000, ""},
      {R"("currency":"JPY","products":[{"product_id":"p","price":10,"currency":"usd"}])", 9'000'000, ""}, // the line's own
      {R"("currency":"GBP","products":[{"product_id":"p","price":10}])", Micros{}, "GBP"},
      {R"("currency":"GBP","products":[{"product_id":"p"}])", Micros{}, ""},
      {R"("currency":"","products":[{"product_id":"p","price":10}])", 10'000'000, ""},
      {R"("currency":null,"products":[{"product_id":"p","price":10}])", 10'000'000, ""},
      {R"("currency":"Euros","products":[{"product_id":"p","price":10}])", Micros{}, "an unknown currency"},
      {R"("currency":978,"products":[{"product_id":"p","price":10}])", Micros{}, "an unknown currency"},
      {R"("currency":"XXL","products":[{"product_id":"p","price":10000000}])", Micros{}, "XXL"}}; // more than anybody could mean
  for (const auto& [properties, price, without] : cases) {
    const Event event = order(properties);
    ASSERT_EQ(event.items.size(), 1U) << properties;
    EXPECT_EQ(event.items[0].price_micros, price) << properties;
    EXPECT_EQ(event.currency_without_rate, without) << properties;
  }
  context.rates = nullptr;
  EXPECT_EQ(order(R"("currency":"USD","products":[{"product_id":"p","price":10}])").currency_without_rate, "USD");
  context.account_currency = "USD";
  EXPECT_EQ(order(R"("currency":"USD","products":[{"product_id":"p","price":10}])").items[0].price_micros, 10'000'000);
}

TEST(EventJson, ItemsComeFromListsOrFromTheEventItself) {
  const Event order = parsed(track("Order Completed", R"({"order_id":"o1","products":[{"product_id":"p1","quantity":2,"price":"79.90","brand":"B","category":"C","name":"N","position":3},
    {"product_id":17,"price":0.1},{"sku":"s9","id":"ignored"}]})"));
  EXPECT_EQ(order.order_id, "o1");
  ASSERT_EQ(order.items.size(), 3U);
  EXPECT_EQ(order.items[0].quantity, 2);
  EXPECT_EQ(order.items[0].price_micros, 79'900'000);
  EXPECT_EQ(order.items[0].position, 3U);
  EXPECT_EQ(order.items[1].id, "17");
  EXPECT_EQ(order.items[1].price_micros, 100'000);
  EXPECT_EQ(order.items[2].id, "s9");
  const Event view = parsed(track("Promotion Viewed", R"({"decision_id":"d1","items":["a","b"],"placement":"home.hero"})"));
  EXPECT_EQ(view.decision_id, "d1");
  EXPECT_EQ(view.placement, "home.hero");
  ASSERT_EQ(view.items.size(), 2U);
  EXPECT_EQ(view.items[1].id, "b");
  EXPECT_EQ(parsed(track("Promotion Clicked", R"({"promotion_id":"promo","name":"Spring"})")).items.at(0).id, "promo");
  EXPECT_EQ(parsed(track("Viewed Product", R"({"id":"old","sku":"s"})")).items.at(0).id, "s");
  EXPECT_EQ(parsed(track("Whatever", R"({"items":7,"product_id":"p1"})")).items.at(0).id, "p1");
}

TEST(EventJson, AFieldThatCountsMustHaveItsType) {
  const std::vector<std::tuple<const char*, const char*, const char*>> cases{
      {"Order Completed", R"({"products":[]})", "/properties/order_id"},
      {"Order Completed", R"({"order_id":"o","products":{}})", "/properties/products"},
      {"Order Completed", R"({"order_id":"o","products":[7]})", "/properties/products/0"},
      {"Order Completed", R"({"order_id":"o","products":[{"product_id":"p"},{"quantity":1}]})", "/properties/products/1"},
      {"Order Completed", R"({"order_id":"o","products":[{"product_id":"p","quantity":2.5}]})", "/properties/products/0/quantity"},
      {"Order Completed", R"({"order_id":"o","products":[{"product_id":"p","quantity":-1}]})", "/properties/products/0/quantity"},
      {"Order Completed", R"({"order_id":"o","products":[{"product_id":"p","price":"cheap"}]})", "/properties/products/0/price"},
      {"Product Viewed", R"({"product_id":{"x":1}})", "/properties/product_id"},
      {"Product Viewed", R"({"product_id":"p","dwell_ms":4294967296})", "/properties/dwell_ms"},
      {"Product Viewed", R"({"product_id":"p","dwell_ms":"5"})", "/properties/dwell_ms"},
      {"Promotion Viewed", R"({"creative":"x"})", "/properties"},
      {"Promotion Dismissed", R"({"item_id":"i","scope":"everything"})", "/properties/scope"},
      {"Case Opened", R"({"topic":"delivery"})", "/properties/case_id"},
      {"Fact Set", R"({"expires_at":"2026-04-01T00:00:00Z"})", "/properties/name"},
      {"Fact Set", R"({"name":"vip","expires_at":"soon"})", "/properties/expires_at"},
      {"Feedback Given", R"({"score":11})", "/properties/score"},
      {"x", "[]", "/properties"}};
  for (const auto& [name, properties, pointer] : cases) {
    const Error error = refused(track(name, properties));
    EXPECT_EQ(error.code, ErrorCode::invalid) << name << properties;
    ASSERT_FALSE(error.fields.empty());
    EXPECT_EQ(error.fields[0].pointer, pointer) << name << properties;
  }
  EXPECT_EQ(refused(track("Fact Set", R"({"name":"vip","scope":{"tags":["x"]}})")).code, ErrorCode::not_built);
}

TEST(EventJson, FactsCasesAndDismissals) {
  const Event fact = parsed(track("Fact Set", R"({"name":"vip","expires_at":"2026-04-01T00:00:00Z","source":"crm"})"));
  EXPECT_EQ(fact.fact_name, "vip");
  EXPECT_EQ(fact.fact_expires_at, at("2026-04-01T00:00:00Z"));
  const Event opened = parsed(track("Case Opened", R"({"case_id":42,"topic":"delivery"})"));
  EXPECT_EQ(opened.case_id, "42");
  EXPECT_EQ(opened.topic, "delivery");
  EXPECT_FALSE(opened.active);
  const Event dismissed = parsed(track("Promotion Dismissed", R"({"item_id":"i","scope":"category","until":"2026-06-01T00:00:00Z"})"));
  EXPECT_EQ(dismissed.dismiss_scope, "category");
  EXPECT_EQ(dismissed.dismiss_until, at("2026-06-01T00:00:00Z"));
  EXPECT_EQ(parsed(track("Product Viewed", R"({"product_id":"p","dwell_ms":2300})")).dwell_ms, 2300U);
}

TEST(EventJson, TheChannelComesFromTheEventOrTheSdk) {
  const auto channel = [](const std::string& properties, const std::string& context) { return parsed(track("x", properties, R"(,"context":)" + context)); };
  EXPECT_EQ(channel(R"({"channel":"kiosk"})", R"({"library":{"name":"analytics.js"}})").channel, "kiosk");
  EXPECT_EQ(channel("{}", R"({"library":{"name":"analytics.js"}})").channel, "web");
  EXPECT_EQ(channel("{}", R"({"library":{"name":"RudderLabs JavaScript SDK"}})").channel, "web");
  EXPECT_EQ(channel("{}", R"({"library":{"name":"analytics-ios"}})").channel, "app");
  EXPECT_EQ(channel("{}", R"({"library":{"name":"com.rudderstack.android.sdk.core"}})").channel, "app");
  EXPECT_EQ(channel("{}", R"({"device":{"type":"android"}})").channel, "app");
  EXPECT_EQ(channel("{}", R"({"page":{"path":"/"}})").channel, "web");
  EXPECT_EQ(channel("{}", "{}").channel, "");
  EXPECT_TRUE(channel("{}", "{}").active);
  EXPECT_FALSE(channel("{}", R"({"library":{"name":"analytics-python"}})").active);
  EXPECT_EQ(channel("{}", R"({"library":{"name":"analytics-python"}})").channel, "");
  EXPECT_FALSE(channel(R"({"channel":"email"})", "{}").active);
  EXPECT_FALSE(channel("{}", R"({"active":false})").active);
  EXPECT_EQ(parsed(track("Email Opened", "{}")).channel, "email");
  EXPECT_EQ(parsed(track("x", "{}", R"(,"channel":"mobile")")).channel, "app");
  EXPECT_FALSE(parsed(track("x", "{}", R"(,"channel":"server")")).active);
}

TEST(EventJson, TheDeviceIsWhatTheClientSaysOfItself) {
  const auto device = [](const std::string& context) { return parsed(track("x", "{}", R"(,"context":)" + context)).device; };
  EXPECT_EQ(device("{}"), Device::unknown);
  EXPECT_EQ(device(R"({"device":{"type":"ios"}})"), Device::phone);
  EXPECT_EQ(device(R"({"device":{"type":"Android"}})"), Device::phone);
  EXPECT_EQ(device(R"({"device":{"type":"tablet"}})"), Device::tablet);
  EXPECT_EQ(device(R"({"device":"desktop"})"), Device::desktop);
  EXPECT_EQ(device(R"({"device":{"type":"tv"}})"), Device::other);
  EXPECT_EQ(device(R"({"userAgentData":{"mobile":true}})"), Device::phone);
  EXPECT_EQ(device(R"-({"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})-"), Device::desktop);
  EXPECT_EQ(device(R"-({"userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/15E148 Safari/604.1"})-"), Device::phone);
  EXPECT_EQ(device(R"-({"userAgent":"Mozilla/5.0 (Linux; Android 13; SM-X200) Chrome/120 Safari/537.36"})-"), Device::tablet);
  EXPECT_EQ(device(R"-({"userAgent":"Mozilla/5.0 (Linux; Android 13; Pixel 7) Chrome/120 Mobile Safari/537.36","device":{"type":"android"}})-"), Device::phone);
  EXPECT_EQ(device(R"-({"userAgent":"Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A)","device":{"type":"android"}})-"), Device::phone);
  EXPECT_EQ(device(R"-({"userAgent":"okhttp/4.9 (Android 13)"})-"), Device::phone);
  EXPECT_EQ(device(R"({"device":7,"userAgentData":[],"userAgent":{}})"), Device::unknown);
}

TEST(EventJson, ContextOfAnyShapeIsKeptAndReadWhereItFits) {
  const Event event = parsed(track("x", "{}", R"-(,"context":{"locale":"de-DE","timezone":"Europe/Berlin","sessionId":1700000000000,"groupId":"g1",
    "userAgent":"Mozilla/5.0 (compatible; Googlebot/2.1)","campaign":{"name":"spring"},"traits":{"tier":"gold"},"device":7,"library":3,"page":[],"consent":true})-"));
  EXPECT_EQ(event.locale, "de-DE");
  EXPECT_EQ(event.zone, "Europe/Berlin");
  EXPECT_EQ(event.session_id, "1700000000000");
  EXPECT_EQ(event.group_id, "g1");
  EXPECT_TRUE(event.is_bot);
  ASSERT_EQ(event.traits.size(), 1U);
  EXPECT_EQ(event.traits[0].value_json, "\"gold\"");
  EXPECT_FALSE(parsed(track("x", "{}", R"-(,"context":{"userAgent":"Mozilla/5.0 (X11; Linux) Firefox/140.0"})-")).is_bot);
  EXPECT_TRUE(is_known_bot("Mozilla/5.0 HeadlessChrome/120"));
  EXPECT_FALSE(is_known_bot("Mozilla/5.0 (Linux; Android 13; CUBOT P80) Chrome/120"));
  EXPECT_TRUE(is_known_bot("Mozilla/5.0 (compatible; bingbot/2.0)"));
  EXPECT_EQ(refused(track("x", "{}", R"(,"context":[])")).fields.at(0).pointer, "/context");
}

TEST(EventJson, TraitsKeepTheirSpelling) {
  const Event event = parsed(R"({"type":"identify","userId":"u1","traits":{"age":42.50,"name":"J\u00fcrgen","vip":true,"address":{"city":"Wien"},"none":null}})");
  ASSERT_EQ(event.traits.size(), 3U);
  EXPECT_EQ(event.traits[0].value_json, "42.50");
  EXPECT_EQ(event.traits[1].value_json, R"("J\u00fcrgen")");
  EXPECT_EQ(event.traits[2].value_json, "true");
  EXPECT_EQ(refused(R"({"type":"identify","userId":"u1","traits":[]})").fields.at(0).pointer, "/traits");
  EXPECT_EQ(refused(R"({"type":"identify","userId":"u1","traits":{"a/b":")" + std::string(2000, 'x') + "\"}}").fields.at(0).pointer, "/traits/a~1b");
}

TEST(EventJson, ConsentFromTraitsPreferencesAndUnsubscribing) {
  const Event traits = parsed(R"({"type":"identify","userId":"u1","traits":{"consent":{"marketing":{"email":true,"sms":false},"profile":false}}})");
  ASSERT_EQ(traits.consents.size(), 3U);
  EXPECT_EQ(traits.consents[0].channel, "email");
  EXPECT_TRUE(traits.consents[0].granted);
  EXPECT_EQ(traits.consents[2].purpose, Purpose::profile);
  EXPECT_FALSE(traits.consents[2].granted);
  EXPECT_EQ(refused(R"({"type":"identify","userId":"u1","traits":{"consent":{"marketting":false}}})").fields.at(0).pointer, "/traits/consent/marketting");
  EXPECT_EQ(refused(R"({"type":"identify","userId":"u1","traits":{"consent":{"marketing":"no"}}})").fields.at(0).pointer, "/traits/consent/marketing");
  const std::string updated = track("Segment Consent Preference Updated", "{}", R"(,"context":{"consent":{"categoryPreferences":{"Advertising":false,"Werbung":true,"Odd":7}}})");
  ASSERT_EQ(parsed(updated).consents.size(), 1U);
  EXPECT_EQ(parsed(updated).consents[0].purpose, Purpose::marketing);
  const std::vector<ConsentMapping> map{{"Werbung", Purpose::marketing}};
  EventContext mapped = over_http();
  mapped.consent_map = &map;
  ASSERT_EQ(parsed(updated, mapped).consents.size(), 1U);
  EXPECT_TRUE(parsed(updated, mapped).consents[0].granted);
  const Event stop = parsed(track("Unsubscribed", R"({"channel":"email"})"));
  ASSERT_EQ(stop.consents.size(), 1U);
  EXPECT_EQ(stop.consents[0].channel, "email");
  EXPECT_FALSE(stop.consents[0].granted);
  EXPECT_EQ(parsed(track("Unsubscribed", "{}", R"(,"context":{"library":{"name":"analytics.js"}})")).consents.at(0).channel, "");
  EXPECT_EQ(parsed(track("Email Marked as Spam", "{}")).consents.at(0).channel, "email");
}

TEST(EventJson, WhatIsNoJsonIsMalformed) {
  using namespace std::string_view_literals;
  for (const std::string_view json : {""sv, "null x"sv, "{"sv, "\xef\xbb\xbf{}"sv, R"({"type":"track","userId":"u","event":"x","properties":{"a":NaN}})"sv,
                                      R"({"type":"track","userId":"u","event":"x","properties":{"a":1e400}})"sv, R"({"type":"track","type":"track"})"sv, "{\"a\":\"\xff\"}"sv})
    EXPECT_EQ(parse_event(json, over_http()).error().code, ErrorCode::malformed) << json;
  for (const std::string_view json : {"null"sv, "[]"sv, "7"sv, "\"x\""sv}) EXPECT_EQ(parse_event(json, over_http()).error().code, ErrorCode::invalid) << json;
  EXPECT_EQ(parse_event(std::string(20'000, '['), over_http()).error().code, ErrorCode::malformed);
}

TEST(EventJson, RandomDamageNeverCrashesAndNeverChangesTheRestOfABatch) {
  Random random(11);
  const std::string seed = track("Order Completed", R"({"order_id":"o1","products":[{"product_id":"p1","quantity":2,"price":79.90}],"decision_id":"d"})",
                                 R"(,"timestamp":"2026-03-05T11:00:00Z","context":{"locale":"de","traits":{"consent":{"marketing":{"email":true}}}})");
  std::size_t accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string json = seed;
    for (std::uint64_t i = 1 + random.below(3); i > 0; --i) {
      const std::size_t place = random.below(json.size());
      if (random.below(2) == 0) json[place] = static_cast<char>(random.below(256));
      else json.erase(place, 1 + random.below(4));
    }
    const auto event = parse_event(json, over_http());
    if (!event) continue;
    ++accepted;
    EXPECT_EQ(event->raw, json);
    EXPECT_LE(event->occurred_at, event->received_at);
    EXPECT_FALSE(event->message_id.empty());
  }
  EXPECT_GT(accepted, 1000U);
}

} // namespace
} // namespace takt
