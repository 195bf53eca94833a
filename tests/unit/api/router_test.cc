#include "api/router.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

Router sample() {
  Router router;
  for (const auto& [method, pattern] : {std::pair{"GET", "/healthz"}, {"POST", "/api/v1/decide"}, {"POST", "/api/v1/decide:batch"}, {"GET", "/api/v1/policies/current"},
                                        {"GET", "/api/v1/policies/{version}"}, {"PUT", "/api/v1/items/{id}"}, {"GET", "/api/v1/items/{id}"},
                                        {"GET", "/api/v1/customers/{id}/why"}})
    router.add({method, pattern, {}});
  return router;
}

TEST(Router, FindsLiteralPathsAndMethods) {
  const Router router = sample();
  ASSERT_NE(router.find("POST", "/api/v1/decide").route, nullptr);
  EXPECT_EQ(router.find("POST", "/api/v1/decide:batch").route->pattern, "/api/v1/decide:batch");
  EXPECT_EQ(router.find("GET", "/nothing").route, nullptr);
  EXPECT_EQ(router.find("GET", "").route, nullptr);
  EXPECT_EQ(router.find("GET", "healthz").route, nullptr);
  EXPECT_EQ(router.find("GET", "/healthz/").route, nullptr);
}

TEST(Router, LiteralBeatsName) {
  const Router router = sample();
  EXPECT_EQ(router.find("GET", "/api/v1/policies/current").route->pattern, "/api/v1/policies/current");
  const auto match = router.find("GET", "/api/v1/policies/12");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.parameters.at("version"), "12");
}

TEST(Router, NamesAreDecodedAfterSplitting) {
  const Router router = sample();
  const auto match = router.find("GET", "/api/v1/items/a%2Fb%20c+d");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.parameters.at("id"), "a/b c+d");
  EXPECT_EQ(router.find("GET", "/api/v1/items/").route, nullptr) << "an empty name is no name";
}

TEST(Router, NamesTheMethodsOfAPath) {
  const auto match = sample().find("DELETE", "/api/v1/items/x");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allowed, (std::vector<std::string>{"GET", "PUT"}));
  EXPECT_TRUE(sample().find("DELETE", "/nowhere").allowed.empty());
}

TEST(Router, HeadIsAnsweredByGet) { EXPECT_NE(sample().find("HEAD", "/healthz").route, nullptr); }

TEST(Query, DecodesAndKeepsTheFirst) {
  const auto values = parse_query("a=1&b=x%26y&c&a=2&d=p+q&%zz=1");
  EXPECT_EQ(values.at("a"), "1");
  EXPECT_EQ(values.at("b"), "x&y");
  EXPECT_EQ(values.at("c"), "");
  EXPECT_EQ(values.at("d"), "p q");
  EXPECT_EQ(values.at("%zz"), "1");
}

} // namespace
} // namespace takt
