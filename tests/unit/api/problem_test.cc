// RFC 9457 bodies: every code has its status, and what clients rely on is there.
#include "api/json/codecs.h"
#include "api/json/reader.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace takt {
namespace {

TEST(Problem, EveryCodeHasItsStatus) {
  const std::vector<std::pair<ErrorCode, int>> table{
      {ErrorCode::malformed, 400}, {ErrorCode::invalid, 422},     {ErrorCode::not_found, 404},   {ErrorCode::conflict, 409},
      {ErrorCode::mismatch, 422},  {ErrorCode::too_large, 413},   {ErrorCode::not_built, 501},   {ErrorCode::unavailable, 503},
      {ErrorCode::deadline_exceeded, 504}, {ErrorCode::corrupt, 500}, {ErrorCode::forbidden, 403}, {ErrorCode::internal, 500}};
  std::vector<std::string_view> names;
  for (const auto& [code, status] : table) {
    EXPECT_EQ(status_of(code), status);
    EXPECT_EQ(problem_of({code, "why", {}}).status, status);
    names.push_back(name_of(code));
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
}

TEST(Problem, TheBodyNamesEveryMistakeWithItsPointer) {
  const Problem problem = problem_of({ErrorCode::invalid, "a \"bad\" cap", {{"/caps/0/limit", "must be a whole number"}, {"/caps/1/id", "is missing"}}});
  JsonDocument document;
  ASSERT_TRUE(document.parse(problem.body)) << problem.body;
  const JsonValue root = document.root();
  for (const char* key : {"type", "title", "status", "detail", "code", "message", "errors"}) EXPECT_TRUE(root.find(key)) << key;
  EXPECT_EQ(root.find("code")->text(), "invalid");
  EXPECT_EQ(root.find("status")->whole(), 422);
  EXPECT_EQ(root.find("detail")->text(), "a \"bad\" cap");
  ASSERT_EQ(root.find("errors")->size(), 2U);
  const JsonValue first = *root.find("errors")->elements().begin();
  EXPECT_EQ(first.find("pointer")->text(), "/caps/0/limit");
  EXPECT_EQ(first.find("detail")->text(), "must be a whole number");
}

} // namespace
} // namespace takt
