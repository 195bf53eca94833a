// Conditions: the typed tree, its bounds, and what each operator may be compared with.
#include "api/json/codecs.h"
#include "core/limits.h"
#include "core/random.h"
#include "engine/condition.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

TEST(ConditionJson, TheExampleOfTheContract) {
  const auto condition = parse_condition(R"({"and":[{"field":"item.price.amount","op":"ge","value":{"ref":"anchor.price.amount"}},{"field":"item.category","op":"under","value":["Shoes"]}]})");
  ASSERT_TRUE(condition) << condition.error().message;
  ASSERT_EQ(condition->kind, Condition::Kind::all);
  ASSERT_EQ(condition->children.size(), 2U);
  EXPECT_EQ(condition->children[0].op, ConditionOp::ge);
  EXPECT_EQ(std::get<FieldRef>(condition->children[0].value).path, "anchor.price.amount");
  EXPECT_EQ(std::get<std::vector<std::string>>(condition->children[1].value), std::vector<std::string>{"Shoes"});
}

TEST(ConditionJson, EveryFieldThatIsReadIsAccepted) {
  for (const char* field : {"id", "kind", "group", "title", "brand", "category", "tags", "campaign", "purpose", "price.amount", "price.currency", "list_price.amount",
                            "list_price.currency", "value", "stock", "active", "channels", "regions", "attributes.color"})
    for (const char* owner : {"item.", "anchor."}) {
      const std::string path = std::string(owner) + field;
      EXPECT_TRUE(condition_field_kind(path)) << path;
      EXPECT_TRUE(parse_condition(R"({"field":")" + path + R"(","op":"exists"})")) << path;
    }
}

TEST(ConditionJson, GoodAndBadOperands) {
  for (const char* good : {R"("item.brand","op":"eq","value":"Acme")", R"("item.stock","op":"gt","value":3)", R"("item.price.amount","op":"lt","value":"79.90")",
                           R"("item.active","op":"eq","value":true)", R"("item.tags","op":"contains","value":"sale")", R"("item.brand","op":"in","value":["a","b"])",
                           R"("item.kind","op":"not_in","value":[])", R"("item.brand","op":"exists","value":false)", R"("item.attributes.size","op":"ge","value":38)",
                           R"("item.attributes.size","op":"eq","value":"38")", R"("item.category","op":"under","value":{"ref":"anchor.category"})"})
    EXPECT_TRUE(parse_condition(std::string(R"({"field":)") + good + "}")) << good;
  for (const char* bad : {R"("item.brand","op":"lt","value":3)", R"("item.stock","op":"gt","value":"many")", R"("item.active","op":"eq","value":1)",
                          R"("item.brand","op":"in","value":"a")", R"("item.brand","op":"in","value":[1])", R"("item.brand","op":"under","value":["a"])",
                          R"("item.category","op":"under","value":"Shoes")", R"("item.tags","op":"contains","value":3)", R"("item.brand","op":"eq")",
                          R"("item.brand","op":"eq","value":null)", R"("item.brand","op":"exists","value":"yes")", R"("item.attributes.size","op":"eq")"}) {
    const auto condition = parse_condition(std::string(R"({"field":)") + bad + "}");
    ASSERT_FALSE(condition) << bad;
    EXPECT_EQ(condition.error().code, ErrorCode::invalid);
    EXPECT_TRUE(condition.error().fields.at(0).pointer.starts_with("/value")) << bad;
  }
}

TEST(ConditionJson, MistakesHavePointers) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"({"and":[{"field":"item.colour","op":"eq","value":"x"}]})", "/and/0/field"}, {R"({"or":[]})", "/or"}, {R"({"not":[]})", "/not"},
      {R"({"and":{}})", "/and"}, {R"({"field":"item.brand","op":"like","value":"x"})", "/op"}, {R"({"op":"eq","value":"x"})", "/field"}, {R"({"field":"item.brand"})", "/op"},
      {R"({"and":[{"field":"item.brand","op":"exists"}],"or":[{"field":"item.brand","op":"exists"}]})", "/or"}, {R"({"field":"item.brand","op":"eq","value":{"ref":"x"}})", "/value/ref"},
      {R"({"field":"item.brand","op":"eq","value":{"field":"item.kind"}})", "/value/ref"}, {"[]", ""}, {"7", ""}};
  for (const auto& [json, pointer] : cases) {
    const auto condition = parse_condition(json);
    ASSERT_FALSE(condition) << json;
    EXPECT_EQ(condition.error().fields.at(0).pointer, pointer) << json;
    EXPECT_EQ(condition.error().code, ErrorCode::invalid);
  }
  EXPECT_EQ(parse_condition(R"({"field":"experiment.ranker","op":"eq","value":"b"})").error().code, ErrorCode::not_built);
}

TEST(ConditionJson, SizeAndDepthAreBounded) {
  const std::string leaf = R"({"field":"item.active","op":"eq","value":true})";
  const auto nested = [&](std::size_t levels) {
    std::string json = leaf;
    for (std::size_t i = 1; i < levels; ++i) json = R"({"not":)" + json + "}";
    return json;
  };
  EXPECT_TRUE(parse_condition(nested(limits::condition_depth_max)));
  EXPECT_EQ(parse_condition(nested(limits::condition_depth_max + 1)).error().code, ErrorCode::invalid);
  const auto wide = [&](std::size_t parts) {
    std::string json = R"({"and":[{"and":[)" + leaf;
    for (std::size_t i = 4; i <= parts; ++i) json += i == 100 ? "]},{\"or\":[" + leaf : "," + leaf;
    return json + "]}]}";
  };
  EXPECT_TRUE(parse_condition(wide(limits::condition_nodes_max - 1)));
  EXPECT_FALSE(parse_condition(wide(limits::condition_nodes_max + 5)));
  const auto lists = [](std::size_t count, std::size_t texts) { // every text is compared with every item
    std::string list = R"("x")", json = R"({"or":[)";
    for (std::size_t i = 1; i < texts; ++i) list += R"(,"x")";
    for (std::size_t i = 0; i < count; ++i) json += std::string(i == 0 ? "" : ",") + R"({"field":"item.title","op":"in","value":[)" + list + "]}";
    return json + "]}";
  };
  EXPECT_TRUE(parse_condition(lists(10, limits::selector_values_max / 10)));
  EXPECT_FALSE(parse_condition(lists(11, limits::selector_values_max / 10)));
}

TEST(ConditionJson, RandomDamageNeverCrashes) {
  Random random(3);
  const std::string seed = R"({"and":[{"field":"item.price.amount","op":"ge","value":{"ref":"anchor.price.amount"}},{"not":{"field":"item.tags","op":"in","value":["a","b"]}}]})";
  for (int round = 0; round < 20'000; ++round) {
    std::string json = seed;
    for (std::uint64_t i = 1 + random.below(4); i > 0; --i) json[random.below(json.size())] = std::string_view("{}[]\":,aenot1.")[random.below(15)];
    const auto condition = parse_condition(json);
    if (!condition) {
      EXPECT_NE(condition.error().code, ErrorCode::internal);
    }
  }
}

} // namespace
} // namespace takt
