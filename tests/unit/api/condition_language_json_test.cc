// The whole condition language as JSON: what reads, what is refused and where, what may be asked where, and that it writes back.
#include "api/json/codecs.h"
#include "api/json/condition_reader.h"
#include "api/json/writer.h"
#include "core/limits.h"

#include <fstream>
#include <gtest/gtest.h>

namespace takt {
namespace {

std::string written(const Condition& condition) {
  JsonWriter json;
  write_condition(json, condition);
  return json.take();
}

const std::vector<std::string> examples{
    R"({"journey":{"event":"Order Completed","match":{"categories":[["Shoes"]]},"at_least":2,"within":"30d"}})",
    R"({"not":{"seen":{"match":{"kinds":["offer"]},"within":"20m"}}})",
    R"({"seen":{"match":{"kinds":["offer"],"placements":["home.hero"],"tags":["sale"]},"never":true,"within":"20m"}})",
    R"({"journey":{"event":"product_viewed","match":{"items":["a"],"groups":["g"],"brands":["Acme"],"channels":["web"]},"at_most":3}})",
    R"({"journey":{"event":"Wishlist Opened"}})",
    R"({"field":"customer.traits.tier","op":"eq","value":"gold"})",
    R"({"field":"customer.traits.points","op":"ge","value":{"ref":"customer.traits.goal"}})",
    R"({"field":"customer.consent.marketing.email","op":"eq","value":true})",
    R"({"field":"customer.days_since_last_activity","op":"gt","value":30})",
    R"({"field":"fact.case_open","op":"eq","value":true})",
    R"({"or":[{"field":"customer.known","op":"eq","value":false},{"audience":"regulars"}]})",
};

TEST(ConditionLanguage, ExamplesReadAndWriteBack) {
  for (const std::string& json : examples) {
    const auto condition = parse_condition(json, ConditionUse::audience);
    ASSERT_TRUE(condition) << json << " " << condition.error().message;
    const auto again = parse_condition(written(*condition), ConditionUse::audience);
    ASSERT_TRUE(again) << written(*condition);
    EXPECT_EQ(*again, *condition) << json;
  }
}

TEST(ConditionLanguage, BoundsAreKeptAsTheyAreMeant) {
  const auto of = [](std::string_view bounds) { return *parse_condition(R"({"journey":{"event":"Order Completed")" + std::string(bounds) + "}}")->occurrence; };
  EXPECT_EQ(of("").at_least, 1U); // asked at all: at least once
  EXPECT_EQ(of("").at_most, std::nullopt);
  EXPECT_EQ(of(R"(,"never":true)").at_least, 0U);
  EXPECT_EQ(of(R"(,"never":true)").at_most, 0U);
  EXPECT_EQ(of(R"(,"at_most":2)").at_least, 0U);
  EXPECT_EQ(of(R"(,"at_most":2)").at_most, 2U);
  EXPECT_EQ(of(R"(,"within":"30d")").within, days(30));
  EXPECT_EQ(parse_condition(R"({"journey":{"event":"completed_order"}})")->occurrence->event, "Order Completed"); // however it is spelled
}

TEST(ConditionLanguage, MistakesHavePointers) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"journey":{}})", "/journey/event"},
      {R"({"journey":[]})", "/journey"},
      {R"({"journey":{"event":""}})", "/journey/event"},
      {R"({"journey":{"event":"Promotion Viewed"}})", "/journey/event"},
      {R"({"journey":{"event":"Case Opened"}})", "/journey/event"},
      {R"({"journey":{"event":"Unsubscribed"}})", "/journey/event"},
      {R"({"journey":{"event":"x","within":"401d"}})", "/journey/within"},
      {R"({"journey":{"event":"x","within":"0s"}})", "/journey/within"},
      {R"({"journey":{"event":"x","within":30}})", "/journey/within"},
      {R"({"journey":{"event":"x","at_least":0}})", "/journey/at_least"},
      {R"({"journey":{"event":"x","at_least":201}})", "/journey/at_least"},
      {R"({"journey":{"event":"x","at_least":-1}})", "/journey/at_least"},
      {R"({"journey":{"event":"x","at_least":3,"at_most":2}})", "/journey/at_most"},
      {R"({"journey":{"event":"x","never":false}})", "/journey/never"},
      {R"({"journey":{"event":"x","never":true,"at_least":1}})", "/journey/never"},
      {R"({"journey":{"event":"x","often":1}})", "/journey/often"},
      {R"({"journey":{"event":"x","match":{"kinds":["offer"]}}})", "/journey/match/kinds"},
      {R"({"journey":{"event":"Order Completed","match":{"brands":["Acme"]}}})", "/journey/match/brands"},
      {R"({"journey":{"event":"viewed product list","match":{"brands":["Acme"]}}})", "/journey/match"},
      {R"({"journey":{"event":"x","match":{"items":[]}}})", "/journey/match/items"},
      {R"({"journey":{"event":"x","match":{"categories":["Shoes"]}}})", "/journey/match/categories/0"},
      {R"({"journey":{"event":"x","match":{"categories":[["Shoes",""]]}}})", "/journey/match/categories/0/1"},
      {R"({"journey":{"event":"x","match":{"colours":["red"]}}})", "/journey/match/colours"},
      {R"({"seen":{"event":"x"}})", "/seen/event"},
      {R"({"seen":{"within":"101d"}})", "/seen/within"},
      {R"({"seen":{"at_least":4001}})", "/seen/at_least"},
      {R"({"journey":{"event":"x"},"seen":{}})", "/seen"},
      {R"({"audience":""})", "/audience"},
      {R"({"audience":7})", "/audience"},
      {R"({"field":"customer.age","op":"eq","value":1})", "/field"},
      {R"({"field":"customer.consent.sales","op":"eq","value":true})", "/field"},
      {R"({"field":"customer.known","op":"eq","value":"yes"})", "/value"},
      {R"({"field":"context.hour","op":"ge","value":"noon"})", "/value"},
      {R"({"and":[{"or":[{"field":"fact.","op":"exists"}]}]})", "/and/0/or/0/field"},
  };
  for (const auto& [json, pointer] : cases) {
    const auto condition = parse_condition(json);
    ASSERT_FALSE(condition) << json;
    EXPECT_EQ(condition.error().code, ErrorCode::invalid) << json;
    EXPECT_EQ(condition.error().fields.at(0).pointer, pointer) << json;
  }
}

TEST(ConditionLanguage, WhatMayBeAskedDependsOnWhoAsks) {
  const std::string item = R"({"field":"item.brand","op":"exists"})", anchor = R"({"field":"customer.traits.a","op":"eq","value":{"ref":"anchor.brand"}})",
                    hour = R"({"field":"context.hour","op":"ge","value":18})", person = R"({"field":"customer.known","op":"eq","value":true})";
  for (const std::string& json : {item, anchor, hour, person}) EXPECT_TRUE(parse_condition(json, ConditionUse::filter)) << json;
  for (const std::string& json : {hour, person}) EXPECT_TRUE(parse_condition(json, ConditionUse::rule)) << json;
  EXPECT_TRUE(parse_condition(person, ConditionUse::audience));
  const auto pointer = [](const std::string& json, ConditionUse use) { return parse_condition(json, use).error().fields.at(0).pointer; };
  for (const ConditionUse use : {ConditionUse::rule, ConditionUse::audience}) {
    EXPECT_EQ(pointer(item, use), "/field");
    EXPECT_EQ(pointer(anchor, use), "/value/ref");
  }
  EXPECT_EQ(pointer(hour, ConditionUse::audience), "/field");
}

TEST(ConditionLanguage, TenThousandConditionsAndDeepOnesAreRefusedWithAPointer) {
  std::string many = R"({"or":[)" + examples[0];
  for (int i = 1; i < 10'000; ++i) many += "," + examples[0];
  const auto refused = parse_condition(many + "]}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/or");
  std::string deep = examples[0], pointer;
  for (std::size_t i = 0; i < 20; ++i) deep = R"({"not":)" + deep + "}";
  for (std::size_t i = 0; i < limits::condition_depth_max; ++i) pointer += "/not";
  EXPECT_EQ(parse_condition(deep).error().code, ErrorCode::invalid);
  EXPECT_EQ(parse_condition(deep).error().fields.at(0).pointer, pointer);

  const auto nested = [](std::size_t levels) { // deeper than any document may be
    std::string json = R"({"a\\]":"}","not":7})";
    for (std::size_t i = 0; i < levels; ++i) json = R"({"or":[1,)" + json + "]}";
    return json;
  };
  const auto deepest = parse_condition(nested(5'000));
  EXPECT_EQ(deepest.error().code, ErrorCode::invalid);
  std::string where;
  for (std::size_t i = 0; i < limits::json_depth_max / 2; ++i) where += "/or/1";
  EXPECT_EQ(deepest.error().fields.at(0).pointer, where);
  EXPECT_EQ(parse_condition(nested(5'000) + "}").error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_condition(std::string(5'000, '[')).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_audience(R"({"id":"a","condition":)" + nested(40) + "}").error().code, ErrorCode::invalid);
}

TEST(ConditionLanguage, EveryExampleOfTheDocumentationReads) {
  std::ifstream file(std::string(TAKT_DOCS) + "/conditions.md");
  ASSERT_TRUE(file);
  std::size_t examples_read = 0;
  bool is_json = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) is_json = line == "```json";
    else if (is_json) {
      const auto condition = parse_condition(line);
      EXPECT_TRUE(condition) << line << " " << condition.error().message;
      ++examples_read;
    }
  }
  EXPECT_GE(examples_read, 16U);
}

TEST(AudienceJson, AConditionOrAList) {
  const auto asked = parse_audience(R"({"type":"audience","id":"loyal","title":"Loyal","condition":)" + examples[0] + "}");
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(*parse_audience(write_audience(*asked)), *asked);
  const std::string id = "id:" + to_text(CustomerId{7});
  const auto listed = parse_audience(R"({"id":"vip","customers":["u2","user:u1","u1","anon:a1",")" + id + R"("]})");
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(listed->customers, (std::vector<std::string>{"anon:a1", id, "user:u1", "user:u2"}));
  EXPECT_EQ(*parse_audience(write_audience(*listed)), *listed);
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"id":"a"})", "/condition"}, {R"({"condition":)" + examples[0] + "}", "/id"}, {R"({"id":"","customers":[]})", "/id"},
      {R"({"id":"a","customers":["u"],"condition":)" + examples[0] + "}", "/customers"}, {R"({"id":"a","customers":["user:"]})", "/customers/0"},
      {R"({"id":"a","customers":["u","id:x"]})", "/customers/1"}, {R"({"id":"a","customers":"u"})", "/customers"}, {R"({"type":"item","id":"a","customers":[]})", "/type"},
      {R"({"id":"a","customers":[],"members":[]})", "/members"}, {R"({"id":"a","condition":{"field":"item.brand","op":"exists"}})", "/condition/field"}};
  for (const auto& [json, pointer] : cases) {
    const auto audience = parse_audience(json);
    ASSERT_FALSE(audience) << json;
    EXPECT_EQ(audience.error().fields.at(0).pointer, pointer) << json;
  }
}

TEST(AudienceJson, OfAnItem) {
  const auto named = parse_item(R"({"id":"a","audience":"loyal"})", {});
  ASSERT_TRUE(named) << named.error().message;
  ASSERT_TRUE(named->audience);
  EXPECT_EQ(named->audience->kind, Condition::Kind::audience);
  EXPECT_EQ(named->audience->field, "loyal");
  EXPECT_EQ(parse_item(write_item(*named), {})->audience, named->audience);
  const auto asked = parse_item(R"({"id":"a","audience":)" + examples[1] + "}", {});
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(parse_item(write_item(*asked), {})->audience, asked->audience);
  EXPECT_FALSE(parse_item(R"({"id":"a","audience":null})", {})->audience);
  EXPECT_EQ(parse_item(R"({"id":"a","audience":{"field":"item.brand","op":"exists"}})", {}).error().fields.at(0).pointer, "/audience/field");
  EXPECT_EQ(parse_item(R"({"id":"a","audience":7})", {}).error().fields.at(0).pointer, "/audience");
}

} // namespace
} // namespace takt
