// Items and placements: what a document may say, what is refused and where, and that writing and reading are inverse.
#include "api/json/codecs.h"
#include "core/random.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

ItemContext euros() { return {*parse_utc("2026-03-05T12:00:00Z"), "EUR", {{"CHF", 1.04}}}; }

FieldError first_mistake(const Result<Item>& item) {
  EXPECT_FALSE(item);
  return item || item.error().fields.empty() ? FieldError{} : item.error().fields[0];
}
FieldError refused_item(const std::string& members) { return first_mistake(parse_item(R"({"id":"sku-1",)" + members + "}", euros())); }

TEST(ItemJson, TheDocumentOfTheContract) {
  const auto item = parse_item(R"({"type":"item","id":"sku-1","kind":"product","group":"pumps-77","title":"Pink pumps","url":"https://shop.example/p","image":"/i.jpg",
    "category":["Shoes","Pumps"],"brand":"Acme","tags":["sale"],"campaign":"spring","purpose":"marketing",
    "price":{"amount":"79.90","currency":"EUR"},"list_price":null,"value":"12.40","stock":12,"active":true,"starts_at":null,"ends_at":"2026-06-01T00:00:00Z",
    "channels":["web","email"],"regions":[],"audience":null,"aliases":["old-1"],"i18n":{"de":{"title":"Rosa Pumps"}},"attributes":{"color":"pink","heel_mm":85.0,"vegan":true}})",
                               euros());
  ASSERT_TRUE(item) << item.error().message;
  EXPECT_EQ(item->id.text(), "sku-1");
  EXPECT_EQ(item->group, "pumps-77");
  EXPECT_EQ(item->category, (std::vector<std::string>{"Shoes", "Pumps"}));
  EXPECT_EQ(item->price, (Money{79'900'000, "EUR"}));
  EXPECT_FALSE(item->list_price);
  EXPECT_EQ(item->value_micros, 12'400'000);
  EXPECT_EQ(item->stock, 12);
  EXPECT_EQ(item->ends_at, *parse_utc("2026-06-01T00:00:00Z"));
  EXPECT_EQ(item->title_by_language.at("de"), "Rosa Pumps");
  EXPECT_EQ(item->attributes_json.at("heel_mm"), "85.0");
  EXPECT_EQ(item->added_at, euros().now);
}

TEST(ItemJson, OnlyTheIdIsNeeded) {
  const auto item = parse_item(R"({"id":"x"})", euros());
  ASSERT_TRUE(item);
  EXPECT_EQ(item->kind, "product");
  EXPECT_EQ(item->purpose, "marketing");
  EXPECT_TRUE(item->active);
  EXPECT_FALSE(item->stock);
  EXPECT_EQ(first_mistake(parse_item("{}", euros())).pointer, "/id");
}

TEST(ItemJson, EveryMistakeHasItsPointer) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"("colour":"red")", "/colour"}, {R"("a/b~c":1)", "/a~1b~0c"}, {R"("type":"placement")", "/type"}, {R"("stock":-1)", "/stock"}, {R"("stock":"5")", "/stock"},
      {R"("stock":1.0)", "/stock"}, {R"("stock":true)", "/stock"}, {R"("stock":18446744073709551616)", "/stock"}, {R"("active":1)", "/active"},
      {R"("title":7)", "/title"}, {R"("title":"a\u0000b")", "/title"}, {R"("category":"Shoes")", "/category"}, {R"("category":["Shoes",""])", "/category/1"},
      {R"("tags":[1])", "/tags/0"}, {R"("price":79.90)", "/price"}, {R"("price":{"amount":79.90,"currency":"EUR"})", "/price/amount"},
      {R"("price":{"amount":"79,90","currency":"EUR"})", "/price/amount"}, {R"("price":{"amount":"-1","currency":"EUR"})", "/price/amount"},
      {R"("price":{"amount":"11111111111111111111111111111111"})", "/price/amount"}, {R"("price":{"currency":"EUR"})", "/price/amount"},
      {R"("price":{"amount":"1","currency":"eur"})", "/price/currency"}, {R"("price":{"amount":"1","currency":"EUR","vat":"1"})", "/price/vat"},
      {R"("value":5)", "/value"}, {R"("purpose":"selling")", "/purpose"}, {R"-("url":"javascript:alert(1)")-", "/url"}, {R"-("url":"JavaScript://x%0aalert(1)")-", "/url"},
      {R"("image":"data:image/png;base64,x")", "/image"}, {R"("url":"https://a b")", "/url"}, {R"("starts_at":"2026-01-02T00:00:00Z","ends_at":"2026-01-01T00:00:00Z")", "/ends_at"},
      {R"("starts_at":"2026-01-02")", "/starts_at"}, {R"("i18n":{"de":{"titel":"x"}})", "/i18n/de/titel"}, {R"("i18n":[])", "/i18n"},
      {R"("attributes":{"x":[1]})", "/attributes/x"}, {R"("attributes":"x")", "/attributes"}, {R"("kind":"")", "/kind"}};
  for (const auto& [members, pointer] : cases) {
    const auto item = parse_item(R"({"id":"sku-1",)" + std::string(members) + "}", euros());
    EXPECT_EQ(first_mistake(item).pointer, pointer) << members;
    EXPECT_EQ(item.error().code, ErrorCode::invalid) << members;
  }
  for (const std::string& id : {std::string(), std::string(129, 'x'), std::string("a\\u0000"), std::string("a\\n")})
    EXPECT_EQ(first_mistake(parse_item(R"({"id":")" + id + "\"}", euros())).pointer, "/id") << id;
}

TEST(ItemJson, AllMistakesAreReportedAtOnce) {
  const auto item = parse_item(R"({"stock":-1,"colour":1,"active":"yes"})", euros());
  ASSERT_FALSE(item);
  EXPECT_EQ(item.error().fields.size(), 4U);
}

TEST(ItemJson, ACurrencyNeedsARate) {
  EXPECT_TRUE(parse_item(R"({"id":"x","price":{"amount":"1","currency":"CHF"}})", euros()));
  EXPECT_NE(refused_item(R"("price":{"amount":"1","currency":"USD"})").detail.find("no_rate"), std::string::npos);
}

TEST(ItemJson, WrongRootsAndBrokenText) {
  for (const char* json : {"[]", "null", "7"}) EXPECT_EQ(parse_item(json, euros()).error().code, ErrorCode::invalid) << json;
  for (const char* json : {"", "{", R"({"id":"x","id":"y"})", "\xef\xbb\xbf{\"id\":\"x\"}", R"({"id":"x"}x)"}) EXPECT_EQ(parse_item(json, euros()).error().code, ErrorCode::malformed) << json;
}

TEST(ItemJson, WritingAndReadingAreInverse) {
  Random random(5);
  const auto word = [&] {
    std::string text;
    for (std::uint64_t i = 1 + random.below(8); i > 0; --i) text += std::string_view("abc \"\\/<\xc3\xa9")[random.below(8)];
    if (!text.empty() && (text.back() == '\xc3')) text.back() = 'x';
    return text;
  };
  for (int round = 0; round < 500; ++round) {
    Item item;
    item.id = *ItemId::parse("i" + std::to_string(round));
    item.kind = word();
    item.group = random.below(2) ? word() : "";
    item.title = word();
    for (std::uint64_t i = random.below(4); i > 0; --i) item.category.push_back(word());
    for (std::uint64_t i = random.below(4); i > 0; --i) item.tags.push_back(word());
    if (random.below(2)) item.price = Money{static_cast<std::int64_t>(random.below(1'000'000'000'000)), random.below(2) ? "EUR" : "CHF"};
    if (random.below(2)) item.value_micros = static_cast<std::int64_t>(random.below(1'000'000));
    if (random.below(2)) item.stock = static_cast<std::int64_t>(random.below(100));
    item.active = random.below(2);
    if (random.below(2)) item.starts_at = utc_from_ms(static_cast<std::int64_t>(random.below(2'000'000'000'000)));
    item.title_by_language["de"] = word();
    item.attributes_json[word()] = R"("a\u00e9")";
    item.attributes_json["n"] = "-1.50e3";
    item.added_at = utc_from_ms(static_cast<std::int64_t>(random.below(2'000'000'000'000)));
    const auto read = parse_item(write_item(item), euros());
    ASSERT_TRUE(read) << write_item(item) << read.error().message;
    EXPECT_EQ(*read, item) << write_item(item);
  }
}

// ---- placements

TEST(PlacementJson, TheDocumentOfTheContract) {
  const auto placement = parse_placement(R"({"type":"placement","id":"home.hero","channel":"web","slots":3,"mode":"promote","kinds":["product","offer","service"],
    "sources":["taste","session","trending","new","pinned","service"],"fields":["title","url","image","price"],"contact_cost":"0.002",
    "hold":false,"reservation_ttl":"10m","deadline":"50ms","fallback":["sku-1"],"variants":false})");
  ASSERT_TRUE(placement) << placement.error().message;
  EXPECT_EQ(placement->slots, 3U);
  EXPECT_EQ(placement->sources.size(), 6U);
  EXPECT_EQ(placement->sources[3], Source::new_items);
  EXPECT_EQ(placement->contact_cost_micros, 2000);
  EXPECT_EQ(placement->reservation_ttl, minutes(10));
  EXPECT_EQ(placement->deadline, Duration{50});
  EXPECT_EQ(*parse_placement(write_placement(*placement)), *placement);
}

TEST(PlacementJson, TheChannelSetsTheDefaults) {
  const auto mail = parse_placement(R"({"id":"m","channel":"email"})"), push = parse_placement(R"({"id":"p","channel":"push"})"), web = parse_placement(R"({"id":"w"})");
  ASSERT_TRUE(mail && push && web);
  EXPECT_EQ(mail->reservation_ttl, hours(48));
  EXPECT_EQ(push->reservation_ttl, hours(2));
  EXPECT_EQ(web->reservation_ttl, minutes(10));
  EXPECT_TRUE(mail->hold && push->hold);
  EXPECT_FALSE(web->hold);
  EXPECT_EQ(parse_placement(R"({"id":"m","channel":"email","hold":false})")->hold, false);
}

TEST(PlacementJson, EveryMistakeHasItsPointer) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"("slots":0)", "/slots"}, {R"("slots":51)", "/slots"}, {R"("slots":"3")", "/slots"}, {R"("mode":"shout")", "/mode"}, {R"("sources":["magic"])", "/sources/0"},
      {R"("sources":[1])", "/sources/0"}, {R"("hold":"no")", "/hold"}, {R"("reservation_ttl":600)", "/reservation_ttl"}, {R"("reservation_ttl":"0s")", "/reservation_ttl"},
      {R"("deadline":"1h")", "/deadline"}, {R"("fallback":"sku-1")", "/fallback"}, {R"("fallback":[""])", "/fallback/0"}, {R"("contact_cost":0.002)", "/contact_cost"},
      {R"("slot":3)", "/slot"}, {R"("response":"view")", "/response"}, {R"("channel":"")", "/channel"}};
  for (const auto& [members, pointer] : cases) {
    const auto placement = parse_placement(R"({"id":"p",)" + std::string(members) + "}");
    ASSERT_FALSE(placement) << members;
    EXPECT_EQ(placement.error().fields.at(0).pointer, pointer) << members;
    EXPECT_EQ(placement.error().code, ErrorCode::invalid);
  }
  EXPECT_EQ(parse_placement(R"({"id":"p","response":"order"})").error().code, ErrorCode::not_built);
}

TEST(PlacementJson, TheStarterPlacementsAreValidAndDistinct) {
  std::vector<std::string> ids;
  for (const std::string& json : starter_placements_json()) {
    const auto placement = parse_placement(json);
    ASSERT_TRUE(placement) << placement.error().message;
    ids.push_back(placement->id.text());
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"home.hero", "product.similar", "mail.weekly"}));
}

} // namespace
} // namespace takt
