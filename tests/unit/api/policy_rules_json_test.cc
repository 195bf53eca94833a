// What single rules of a policy say: people whom nobody may remember, stops, pauses after a purchase. The whole document: policy_json_test.cc.
#include "api/json/codecs.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <tuple>

namespace takt {
namespace {

class PolicyRulesJson : public testing::Test {
protected:
  Result<Policy> parse(std::string_view json) { return parse_policy(json, symbols_); }
  /// "" where it is taken.
  std::string refused_at(std::string_view json) {
    const auto policy = parse(json);
    return policy || policy.error().fields.empty() ? "" : policy.error().fields[0].pointer;
  }
  SymbolTable symbols_;
};

TEST_F(PolicyRulesJson, AMisspeltFieldIsNamedWithTheOneThatWasMeant) {
  for (const auto& [json, pointer, detail] : {std::tuple{R"({"cap":[]})", "/cap", "is not a field of this document; did you mean \"caps\"?"},
                                              {R"({"caps":[{"id":"a","limit":1,"window":{"kind":"lifetime"},"match":{"category":["x"]}}]})", "/caps/0/match/category", "is not a field of this document; did you mean \"categories\"?"},
                                              {R"({"caps":[{"id":"a","Limit":1,"min_gap":"1h","window":{"kind":"lifetime"}}]})", "/caps/0/Limit", "is not a field of this document; did you mean \"limit\"?"},
                                              {R"({"caps":[{"id":"a","limit":1,"window":{"kind":"lifetime","wnidow":1}}]})", "/caps/0/window/wnidow", "is not a field of this document"}}) {
    const auto policy = parse(json);
    ASSERT_FALSE(policy) << json;
    const auto& fields = policy.error().fields;
    EXPECT_TRUE(std::any_of(fields.begin(), fields.end(), [&](const FieldError& field) { return field.pointer == pointer && field.detail == detail; })) << policy.error().message;
  }
}

TEST_F(PolicyRulesJson, ACapOfPeopleWhomNobodyMayRemember) {
  const auto cap = [&](const char* without) { return parse(std::string(R"({"caps":[{"id":"c","limit":1,"window":{"kind":"lifetime"},"without_identity":")") + without + "\"}]}"); };
  EXPECT_TRUE(cap("block")->caps[0].blocks_uncounted);
  EXPECT_FALSE(cap("session")->caps[0].blocks_uncounted);
  EXPECT_FALSE(cap("both"));
  EXPECT_EQ(refused_at(R"({"caps":[{"id":"c","limit":1,"scope":"everyone","window":{"kind":"lifetime"},"without_identity":"block"}]})"), "/caps/0/without_identity");
}

TEST_F(PolicyRulesJson, AKeptPartDoesNotSayTwiceThatNobodyIsCounted) {
  const auto policy = parse(R"({"caps":[{"id":"c","limit":2,"window":{"kind":"lifetime"},"without_identity":"block","keep":[{"match":{"tags":["critical"]},"slots":1}]}]})");
  ASSERT_TRUE(policy) << policy.error().message;
  ASSERT_EQ(policy->caps.size(), 2U);
  EXPECT_NE(policy->caps[0].blocks_uncounted, policy->caps[1].blocks_uncounted);
}

TEST_F(PolicyRulesJson, StopsAndPausesAfterAPurchaseAreRulesLikeOthers) {
  const auto policy = parse(R"({"pauses":[{"id":"stocktaking","exempt":{"kinds":["service"]},"schedule":{"from":"2027-01-01T00:00:00Z"}}],
                               "post_purchase":[{"id":"shoes","pause":"30d"},{"pause":"1d"},{"pause":"2d"}]})");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_TRUE(policy->pauses[0].exempt);
  EXPECT_EQ(policy->pauses[0].schedule.from, parse_utc("2027-01-01T00:00:00Z").value());
  EXPECT_EQ(policy->post_purchase[0].id, "shoes");
  EXPECT_EQ(policy->post_purchase[2].id, "");
  EXPECT_EQ(refused_at(R"({"post_purchase":[{"id":"shoes","pause":"30d"},{"id":"shoes","pause":"1d"}]})"), "/post_purchase/1/id");
  EXPECT_EQ(refused_at(R"({"pauses":[{"exempt":{"colours":["red"]}}]})"), "/pauses/0/exempt/colours");
}

} // namespace
} // namespace takt
