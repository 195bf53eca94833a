// What two policies differ in, named as a person would.
#include "api/json/document_diff.h"
#include "api/json/pretty_json.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

PolicyDiff diff_of(std::string_view before, std::string_view after) {
  JsonDocument one, other;
  EXPECT_TRUE(one.parse(before));
  EXPECT_TRUE(other.parse(after));
  return diff_policies(one.root(), other.root());
}

std::string text_of(const PolicyDiff& diff) {
  JsonWriter json;
  json.begin_object();
  write_policy_diff(json, diff);
  json.end_object();
  return json.take();
}

TEST(DocumentDiff, TheSameInOtherWordsIsTheSame) {
  EXPECT_TRUE(diff_of(R"({"fatigue":{"beta":0.4,"learn":true},"caps":[]})", "{ \"fatigue\" : {\"learn\": true, \"beta\": 0.4} }").empty());
  EXPECT_TRUE(diff_of("{}", R"({"gates":[]})").empty());
}

TEST(DocumentDiff, RulesAreKnownByTheirIdWhereverTheyStand) {
  const PolicyDiff diff = diff_of(R"({"caps":[{"id":"a","limit":3},{"id":"b","limit":1},{"id":"c","limit":2}]})",
                                  R"({"caps":[{"id":"new","limit":9},{"id":"c","limit":2},{"id":"a","limit":4,"title":"A"}]})");
  EXPECT_EQ(text_of(diff),
            R"({"changes":[{"change":"added","part":"caps","id":"new","pointer":"/caps/0","after":{"id":"new","limit":9}},)"
            R"({"change":"changed","part":"caps","id":"a","pointer":"/caps/2","fields":[{"pointer":"/caps/2/limit","before":3,"after":4},)"
            R"({"pointer":"/caps/2/title","after":"A"}]},)"
            R"({"change":"removed","part":"caps","id":"b","pointer":"/caps/1","before":{"id":"b","limit":1}}],"reordered":["caps"]})");
}

TEST(DocumentDiff, AGateIsKnownByItsFactAndAPauseByWhatItActsOn) {
  const PolicyDiff diff = diff_of(R"({"gates":[{"fact":"case_open","ttl":"30d"}],"post_purchase":[{"per":"group","pause":"30d"},{"per":"item","pause":"9d"}]})",
                                  R"({"gates":[{"fact":"case_open","ttl":"20d"}],"post_purchase":[{"per":"item","pause":"9d"},{"per":"group","pause":"60d"}]})");
  ASSERT_EQ(diff.changes.size(), 2U);
  EXPECT_EQ(diff.changes[0].id, "case_open");
  EXPECT_EQ(diff.changes[0].fields, (std::vector<FieldChange>{{"/gates/0/ttl", "\"30d\"", "\"20d\""}}));
  EXPECT_EQ(diff.changes[1].id, "");
  EXPECT_EQ(diff.changes[1].fields, (std::vector<FieldChange>{{"/post_purchase/1/pause", "\"30d\"", "\"60d\""}}));
  EXPECT_EQ(diff.reordered, std::vector<std::string>{"post_purchase"});
}

TEST(DocumentDiff, TwoRulesThatActOnTheSameAreTwo) {
  const PolicyDiff diff = diff_of(R"({"post_purchase":[{"per":"group","pause":"30d"},{"per":"group","pause":"40d"}]})", R"({"post_purchase":[{"per":"group","pause":"30d"}]})");
  ASSERT_EQ(diff.changes.size(), 1U);
  EXPECT_EQ(diff.changes[0].kind, PolicyChange::Kind::removed);
  EXPECT_EQ(diff.changes[0].before, R"({"per":"group","pause":"40d"})");
}

TEST(DocumentDiff, SettingsHaveFieldsOrComeAndGoWhole) {
  const PolicyDiff diff = diff_of(R"({"fatigue":{"beta":0.4,"per":["item"]},"diversity":{"strength":0.1}})", R"({"fatigue":{"beta":0.5,"per":["item","tag"]},"exploration":{"temperature":0}})");
  EXPECT_EQ(text_of(diff),
            R"({"changes":[{"change":"removed","part":"diversity","id":null,"pointer":"/diversity","before":{"strength":0.1}},)"
            R"({"change":"added","part":"exploration","id":null,"pointer":"/exploration","after":{"temperature":0}},)"
            R"({"change":"changed","part":"fatigue","id":null,"pointer":"/fatigue","fields":[{"pointer":"/fatigue/beta","before":0.4,"after":0.5},)"
            R"({"pointer":"/fatigue/per","before":["item"],"after":["item","tag"]}]}],"reordered":[]})");
}

TEST(DocumentDiff, PointersAreEscapedAndListsThatBecomeObjectsAreSeen) {
  const PolicyDiff diff = diff_of(R"({"consent":{"map":{"a/b":"marketing"}},"caps":[{"id":"a"}]})", R"({"consent":{"map":{"a/b":"profile"}},"caps":{"id":"a"}})");
  ASSERT_EQ(diff.changes.size(), 2U);
  EXPECT_EQ(diff.changes[0].part, "caps");
  EXPECT_EQ(diff.changes[0].fields.at(0).pointer, "/caps");
  EXPECT_EQ(diff.changes[1].fields.at(0).pointer, "/consent/map/a~1b");
}

std::string pretty(std::string_view json) {
  JsonDocument document;
  EXPECT_TRUE(document.parse(json));
  return pretty_json(document.root());
}

TEST(PrettyJson, TheSameContentGivesTheSameBytes) {
  const std::string text = pretty(R"({"limit":3,"match":{"tags":["b","a"]},"id":"x","window":{},"keep":[{"slots":1}],"none":[]})");
  EXPECT_EQ(text, "{\n  \"id\": \"x\",\n  \"keep\": [\n    {\n      \"slots\": 1\n    }\n  ],\n  \"limit\": 3,\n  \"match\": {\n    \"tags\": [\"b\", \"a\"]\n  },\n"
                  "  \"none\": [],\n  \"window\": {}\n}\n");
  EXPECT_EQ(pretty("{ \"none\":[], \"window\" :{},\"id\":\"\\u0078\",\n\"keep\":[{\"slots\":1}],\"match\":{\"tags\":[ \"b\",\"a\"]},\"limit\":3}"), text);
  EXPECT_EQ(pretty(text), text);
}

} // namespace
} // namespace takt
