// Documents of configured columns: what is one, and what is refused with which pointer.
#include "api/json/codecs.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

/// "" or the pointers that are complained about.
std::string pointers(std::string_view json) {
  const auto parsed = parse_custom_feature(json);
  std::string all;
  if (!parsed)
    for (const FieldError& field : parsed.error().fields) all += (all.empty() ? "" : " ") + field.pointer;
  return all;
}

TEST(CustomFeatureJson, ReadsEachKindAndWritesItBack) {
  for (const char* json : {R"({"id":"gold","trait":"tier","equals":"gold"})", R"({"type":"feature","id":"age","trait":"age","mean":40,"deviation":15})",
                           R"({"id":"vegan","attribute":"vegan","equals":true})", R"({"id":"weight_kg","attribute":"weight"})",
                           R"({"id":"fits","trait":"shoe_size","attribute":"size"})", R"({"id":"near","trait":"likes_kg","attribute":"weight","deviation":0.5})"}) {
    const auto feature = parse_custom_feature(json);
    ASSERT_TRUE(feature) << json << feature.error().message;
    EXPECT_EQ(parse_custom_feature(write_custom_feature(*feature)).value(), *feature) << write_custom_feature(*feature);
  }
}

TEST(CustomFeatureJson, WhatItMeansIsItsPrint) {
  const auto print = [](const char* json) { return print_of(parse_custom_feature(json).value()); };
  const std::uint64_t gold = print(R"({"id":"gold","trait":"tier","equals":"gold"})");
  EXPECT_EQ(gold, print(R"({"equals":"gold","trait":"tier","id":"gold","attribute":null})"));
  for (const char* other : {R"({"id":"gold2","trait":"tier","equals":"gold"})", R"({"id":"gold","trait":"tier","equals":"Gold"})", R"({"id":"gold","attribute":"tier","equals":"gold"})"})
    EXPECT_NE(gold, print(other)) << other;
  EXPECT_NE(print(R"({"id":"near","trait":"a","attribute":"b"})"), print(R"({"id":"near","trait":"a","attribute":"b","deviation":1})"));
}

TEST(CustomFeatureJson, RefusesWhatCannotBeMeant) {
  EXPECT_EQ(pointers(R"({"trait":"tier"})"), "/id");
  EXPECT_EQ(pointers(R"({"id":"Gold","trait":"tier"})"), "/id");
  EXPECT_EQ(pointers(R"({"id":"popularity","trait":"tier"})"), "/id") << "Takt's own";
  EXPECT_EQ(pointers(R"({"id":"x"})"), "/trait");
  EXPECT_EQ(pointers(R"({"id":"x","trait":"a","equals":["a"]})"), "/equals");
  EXPECT_EQ(pointers(R"({"id":"x","trait":"a","attribute":"b","equals":1})"), "/equals");
  EXPECT_EQ(pointers(R"({"id":"x","trait":"a","equals":1,"mean":2,"deviation":1})"), "/equals");
  EXPECT_EQ(pointers(R"({"id":"x","trait":"a","mean":2})"), "/deviation");
  EXPECT_EQ(pointers(R"({"id":"x","trait":"a","deviation":2})"), "/mean");
  EXPECT_EQ(pointers(R"({"id":"x","trait":"a","mean":0,"deviation":0})"), "/deviation");
  EXPECT_EQ(pointers(R"({"id":"x","trait":"a","attribute":"b","mean":1,"deviation":2})"), "/mean");
  EXPECT_EQ(pointers(R"({"id":"x","trait":"a","colour":"b"})"), "/colour");
  EXPECT_EQ(pointers(R"({"type":"item","id":"x","trait":"a"})"), "/type");
}

} // namespace
} // namespace takt::test
