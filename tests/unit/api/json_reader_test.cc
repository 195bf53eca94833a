// The parser behind every document: what is refused, with which status, and that what is accepted is what simdjson sees.
#include "api/json/reader.h"
#include "api/json/writer.h"
#include "core/limits.h"
#include "core/random.h"

#include <gtest/gtest.h>
#include <limits>
#include <simdjson.h>

namespace takt {
namespace {

ErrorCode code_of(std::string_view json) {
  JsonDocument document;
  const auto status = document.parse(json);
  return status ? ErrorCode::internal : status.error().code;
}
bool accepts(std::string_view json) {
  JsonDocument document;
  return document.parse(json).has_value();
}

TEST(JsonReader, ReadsEveryKindAndKnowsItsSource) {
  JsonDocument document;
  const std::string json = R"( {"a":[1,-2.5e3,"x\ny\u00e9\ud83d\ude00",true,false,null],"b":{"":{}}} )";
  ASSERT_TRUE(document.parse(json));
  const JsonValue root = document.root();
  ASSERT_EQ(root.size(), 2U);
  const JsonValue list = *root.find("a");
  ASSERT_EQ(list.size(), 6U);
  std::vector<JsonValue> values;
  for (const JsonValue value : list.elements()) values.push_back(value);
  EXPECT_EQ(values[0].whole(), 1);
  EXPECT_EQ(values[1].real(), -2500.0);
  EXPECT_EQ(values[1].source(), "-2.5e3");
  EXPECT_EQ(values[2].text(), "x\ny\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_TRUE(values[3].boolean());
  EXPECT_FALSE(values[4].boolean());
  EXPECT_EQ(values[5].kind(), JsonKind::null);
  EXPECT_EQ(root.find("b")->source(), R"({"":{}})");
  EXPECT_EQ(root.find("b")->find("")->size(), 0U);
  EXPECT_FALSE(root.find("c"));
}

TEST(JsonReader, WholeNumbersAreExactOrNone) {
  JsonDocument document;
  const std::string json = "[18446744073709551615,18446744073709551616,-1,9223372036854775807,3.0,3e0,300,-0]";
  ASSERT_TRUE(document.parse(json));
  std::vector<JsonValue> values;
  for (const JsonValue value : document.root().elements()) values.push_back(value);
  EXPECT_EQ(values[0].natural(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(values[0].whole());
  EXPECT_FALSE(values[1].natural());
  EXPECT_FALSE(values[2].natural());
  EXPECT_EQ(values[2].whole(), -1);
  EXPECT_EQ(values[3].whole(), std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(values[4].whole());
  EXPECT_FALSE(values[5].whole());
  EXPECT_EQ(values[6].natural(), 300U);
  EXPECT_EQ(values[7].whole(), 0);
}

TEST(JsonReader, RefusesWhatIsNoJson) {
  for (const char* json : {"", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{'a':1}", "[1 2]", "nul", "truE", "NaN", "Infinity", "-Infinity",
                           "[NaN]", "01", "+1", "1.", ".5", "1e", "1e+", "-", "0x10", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u123", "\"a\nb\"", "\"\t\"", "[1]]",
                           "{}{}", "1 2", "//x", "[1,,2]", "{\"a\":}", "{,}", "{\"a\":1 \"b\":2}"})
    EXPECT_EQ(code_of(json), ErrorCode::malformed) << json;
}

TEST(JsonReader, RefusesNumbersThatNoDoubleHoldsAndTakesTinyOnesAsZero) {
  for (const std::string& json : {std::string("1e400"), std::string("-1e400"), std::string("[1e309]"), std::string("1e99999999999999999999"),
                                  std::string("123e999999999"), std::string(400, '9')})
    EXPECT_EQ(code_of(json), ErrorCode::malformed) << json;
  for (const std::string& json : {std::string("1e-400"), std::string("0e400"), std::string("-0"), std::string("1e308"), std::string("0.000e999"),
                                  "0." + std::string(400, '0') + "1", std::string("1e-99999999999999999999")}) {
    JsonDocument document;
    ASSERT_TRUE(document.parse(json)) << json;
  }
  JsonDocument document;
  ASSERT_TRUE(document.parse("1e-400"));
  EXPECT_EQ(document.root().real(), 0.0);
}

TEST(JsonReader, RefusesBrokenText) {
  using namespace std::string_view_literals;
  for (const std::string_view json : {"\"\xff\""sv, "\"\xc0\xaf\""sv, "\"\xe0\x80\x80\""sv, "\"\xed\xa0\x80\""sv, "\"\xf4\x90\x80\x80\""sv, "\"\xc3\""sv, "\"\xe2\x82"sv,
                                      "\"\\ud800\""sv, "\"\\udc00\""sv, "\"\\ud800\\u0041\""sv, "\"\\ud800\\ud800\""sv, "\xef\xbb\xbf{}"sv, "\xff"sv, "{}\0"sv, "\"a\0b\""sv})
    EXPECT_EQ(code_of(json), ErrorCode::malformed) << json;
  EXPECT_TRUE(accepts("\"\xf4\x8f\xbf\xbf\""));
  EXPECT_TRUE(accepts("\"\\u0000\"")); // a text may hold it; ids and our own fields refuse it
}

TEST(JsonReader, RefusesDuplicateKeysHoweverTheyAreSpelled) {
  EXPECT_EQ(code_of(R"({"a":1,"a":2})"), ErrorCode::malformed);
  EXPECT_EQ(code_of(R"({"a":1,"\u0061":2})"), ErrorCode::malformed);
  EXPECT_EQ(code_of(R"([{"x":{"b":1,"c":1,"b":1}}])"), ErrorCode::malformed);
  std::string many = "{";
  for (int i = 0; i < 500; ++i) many += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  EXPECT_TRUE(accepts(many + "\"last\":1}"));
  EXPECT_EQ(code_of(many + "\"k7\":1}"), ErrorCode::malformed);
  EXPECT_TRUE(accepts(R"({"a":{"a":{"a":1}}})"));
}

TEST(JsonReader, NestingIsBoundedWithoutRecursion) {
  for (const std::string_view open : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += open;
    EXPECT_EQ(code_of(deep), ErrorCode::malformed);
  }
  const std::string bottom = std::string(limits::json_depth_max, '[') + std::string(limits::json_depth_max, ']');
  EXPECT_TRUE(accepts(bottom));
  EXPECT_FALSE(accepts("[" + bottom + "]"));
}

TEST(JsonReader, RefusesMoreValuesThanItsBound) {
  std::string many = "[0";
  for (std::size_t i = 0; i < json_nodes_max; ++i) many += ",0";
  EXPECT_EQ(code_of(many + "]"), ErrorCode::too_large);
}

TEST(JsonReader, ADocumentCanBeParsedIntoAgain) {
  JsonDocument document;
  const std::string first = R"({"a":"x\ty"})", second = R"(["z\u0041"])";
  ASSERT_TRUE(document.parse(first));
  ASSERT_FALSE(document.parse("["));
  ASSERT_TRUE(document.parse(second));
  EXPECT_EQ((*document.root().elements().begin()).text(), "zA");
}

TEST(JsonReader, CanonicalTextForgetsOrderAndBlanks) {
  JsonDocument a, b, c;
  const std::string one = R"({"x":[1, 2.50],"a":{"q":"\u0041","b":null}})", other = R"({ "a":{"b":null,"q":"A"},"x":[1,2.50] })", different = R"({"x":[2.50,1],"a":{"q":"A","b":null}})";
  ASSERT_TRUE(a.parse(one) && b.parse(other) && c.parse(different));
  EXPECT_EQ(canonical_json(a.root()), canonical_json(b.root()));
  EXPECT_NE(canonical_json(a.root()), canonical_json(c.root()));
}

// ---- simdjson as the judge: it accepts whatever we accept; what only we refuse is what the header says.

void append_random_value(Random& random, std::string& out, int depth) {
  switch (random.below(depth > 4 ? 6 : 8)) {
  case 0: out += std::to_string(static_cast<std::int64_t>(random.next())); break;
  case 1: append_json_number(out, random.normal() * 1e6); break;
  case 2: out += "true"; break;
  case 3: out += "null"; break;
  case 4:
  case 5: {
    std::string text;
    for (std::uint64_t i = random.below(12); i > 0; --i) text += static_cast<char>(random.below(128));
    append_json_text(out, text);
    break;
  }
  case 6:
    out += '[';
    for (std::uint64_t i = 0, count = random.below(4); i < count; ++i) {
      if (i) out += ',';
      append_random_value(random, out, depth + 1);
    }
    out += ']';
    break;
  default:
    out += '{';
    for (std::uint64_t i = 0, count = random.below(4); i < count; ++i) {
      if (i) out += ", ";
      out += "\"k" + std::to_string(random.below(6)) + "\" :";
      append_random_value(random, out, depth + 1);
    }
    out += '}';
  }
}

bool same(JsonValue ours, simdjson::dom::element theirs) {
  switch (ours.kind()) {
  case JsonKind::null: return theirs.is_null();
  case JsonKind::boolean: return theirs.is_bool() && bool(theirs) == ours.boolean();
  case JsonKind::number: return theirs.is_number() && double(theirs) == ours.real();
  case JsonKind::string: return theirs.is_string() && std::string_view(theirs) == ours.text();
  case JsonKind::array: {
    if (!theirs.is_array() || simdjson::dom::array(theirs).size() != ours.size()) return false;
    auto element = simdjson::dom::array(theirs).begin();
    for (const JsonValue value : ours.elements()) {
      if (!same(value, *element)) return false;
      ++element;
    }
    return true;
  }
  case JsonKind::object: {
    if (!theirs.is_object() || simdjson::dom::object(theirs).size() != ours.size()) return false;
    auto field = simdjson::dom::object(theirs).begin();
    for (const JsonMember member : ours.members()) {
      if (member.key != field.key() || !same(member.value, field.value())) return false;
      ++field;
    }
    return true;
  }
  }
  return false;
}

TEST(JsonReader, AgreesWithSimdjsonOnRandomAndMutatedText) {
  Random random(20260301);
  simdjson::dom::parser judge;
  constexpr std::string_view spice = "{}[]\",:\\u0123456789eE+-. \n\ttrufalsnl\x80\xc3\xa9\xed\xa0";
  int accepted = 0, refused = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string json;
    append_random_value(random, json, 0);
    const std::uint64_t mutations = random.below(3);
    for (std::uint64_t i = 0; i < mutations && !json.empty(); ++i) {
      const std::size_t at = random.below(json.size());
      if (random.below(3) == 0) json.erase(at, 1);
      else if (random.below(2) == 0) json[at] = spice[random.below(spice.size())];
      else json.insert(at, 1, spice[random.below(spice.size())]);
    }
    JsonDocument document;
    const auto ours = document.parse(json);
    auto theirs = judge.parse(json);
    if (ours) {
      ++accepted;
      if (theirs.error() != simdjson::SUCCESS) {
        // It keeps 64-bit integers only: a longer one is a number of ours.
        ASSERT_EQ(theirs.error(), simdjson::NUMBER_ERROR) << json;
        continue;
      }
      ASSERT_TRUE(same(document.root(), theirs.value())) << json;
    } else {
      ++refused;
      ASSERT_EQ(ours.error().code, ErrorCode::malformed) << json;
      const bool stricter = ours.error().message.find("twice") != std::string::npos || ours.error().message.find("surrogate") != std::string::npos;
      if (!stricter) {
        ASSERT_NE(theirs.error(), simdjson::SUCCESS) << json << " " << ours.error().message;
      }
    }
  }
  EXPECT_GT(accepted, 10'000);
  EXPECT_GT(refused, 10'000);
}

TEST(JsonReader, RandomBytesNeverCrash) {
  Random random(7);
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes;
    for (std::uint64_t i = random.below(60); i > 0; --i) bytes += static_cast<char>(random.below(256));
    JsonDocument document;
    const auto status = document.parse(bytes);
    if (!status) {
      EXPECT_EQ(status.error().code, ErrorCode::malformed);
    }
  }
}

// ---- writer

TEST(JsonWriter, WhatItWritesReadsBackTheSame) {
  using namespace std::string_literals;
  const std::string text = "a\"\\/\b\f\n\r\t\x01\x7f<script>\xe2\x80\xa8\xc3\xa9\xf0\x9f\x98\x80\0z"s;
  std::string json;
  append_json_text(json, text);
  EXPECT_EQ(json.find('<'), std::string::npos);
  JsonDocument document;
  ASSERT_TRUE(document.parse(json));
  EXPECT_EQ(document.root().text(), text);
}

TEST(JsonWriter, BrokenTextAndNumbersStillMakeValidJson) {
  JsonWriter writer;
  writer.begin_object().field("t", "a\xff\xc3").key("n").number(std::numeric_limits<double>::infinity()).field("d", 0.1).end_object();
  const std::string json = writer.take();
  EXPECT_EQ(json, R"({"t":"a\ufffd\ufffd","n":null,"d":0.1})");
  EXPECT_TRUE(accepts(json));
}

} // namespace
} // namespace takt
