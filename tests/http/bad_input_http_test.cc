// Bad input gets a clear 4xx, changes nothing, and the next request is answered: the fault table as a suite.
#include "tests/http/running_server.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

class BadInput : public testing::Test {
protected:
  static void SetUpTestSuite() { server_ = std::make_unique<RunningServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  void TearDown() override { EXPECT_EQ(server_->get("/healthz").status, 200) << "and the server goes on"; }

  /// Status of the first answer to these bytes, 0 for none.
  static int status_of(const std::string& answer) { return answer.size() < 12 ? 0 : std::atoi(answer.substr(9, 3).c_str()); }
  static std::size_t answers_in(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("HTTP/1.1 ", at)) != std::string::npos; ++at) ++count;
    return count;
  }
  static std::string post(const std::string& headers, const std::string& body) { return "POST /api/v1/decide HTTP/1.1\r\nHost: t\r\n" + headers + "\r\n" + body; }
  static std::unique_ptr<RunningServer> server_;
};
std::unique_ptr<RunningServer> BadInput::server_;

TEST_F(BadInput, BodiesThatAreNoRequest) {
  struct Case { std::string body; int status; };
  const Case cases[]{
      {"", 400},
      {"{", 400},
      {"null", 422},
      {"[]", 422},
      {"\xef\xbb\xbf{}", 400},
      {"{} {}", 400},
      {std::string(100'000, '['), 400},
      {[] { std::string deep; for (int i = 0; i < 100'000; ++i) deep += "{\"a\":"; return deep; }(), 400},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero","limit":NaN}]})", 400},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero","limit":1e400}]})", 400},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero","limit":"3"}]})", 422},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero","limit":true}]})", 422},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero","limit":-1}]})", 422},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero","limit":4}]})", 422},
      {R"({"customer":{"user_id":5},"placements":[{"placement":"home.hero"}]})", 422},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero"}],"colour":"pink"})", 422},
      {R"({"customer":{"user_id":"u"},"customer":{"user_id":"v"},"placements":[{"placement":"home.hero"}]})", 400},
      {R"({"customer":{"user_id":"u"},"placements":[]})", 422},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"nowhere"}]})", 404},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero"},{"placement":"home.hero"}]})", 422},
      {"{\"customer\":{\"user_id\":\"\xff\"},\"placements\":[{\"placement\":\"home.hero\"}]}", 400},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero"}],"exclude":[")" + std::string(129, 'x') + R"("]})", 422},
      {R"({"customer":{"user_id":"u"},"placements":[{"placement":"home.hero"}],"now":"yesterday"})", 422},
  };
  for (const Case& test : cases) {
    const auto reply = server_->post("/api/v1/decide", test.body);
    EXPECT_EQ(reply.status, test.status) << test.body.substr(0, 120) << "\n" << reply.body;
    ASSERT_FALSE(reply.json.is_null()) << test.body.substr(0, 120);
    EXPECT_EQ(reply.json["status"], test.status);
    EXPECT_EQ(reply.headers.find("Content-Type")->second, "application/problem+json");
    EXPECT_TRUE(reply.json.contains("code") && reply.json.contains("message") && reply.json.contains("detail"));
  }
  EXPECT_EQ(server_->get("/api/v1/customers/u").status, 404) << "nothing of it was written";
}

TEST_F(BadInput, PathsAndMethods) {
  EXPECT_EQ(server_->get("/nothing").status, 404);
  const auto wrong = server_->get("/api/v1/decide:batch");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.find("Allow")->second, "POST");
  EXPECT_EQ(server_->client().Delete("/api/v1/decide")->status, 405);
  EXPECT_EQ(server_->get("/" + std::string(3000, 'a')).status, 414);
  EXPECT_EQ(server_->get("/api/v1/customers/" + std::string(200, 'a')).status, 404);
}

TEST_F(BadInput, BodiesOverTheLimit) {
  const std::size_t limit = limits::body_bytes_max;
  const std::string exactly = "{\"a\":\"" + std::string(limit - 8, 'x') + "\"}";
  ASSERT_EQ(exactly.size(), limit);
  EXPECT_EQ(server_->post("/api/v1/decide", exactly).status, 422) << "read, and refused for what it says";
  EXPECT_EQ(server_->post("/api/v1/decide", exactly + " ").status, 413);
  EXPECT_EQ(status_of(server_->raw(post("Content-Length: 99999999999\r\n", "{"))), 413);
  std::string chunked;
  for (int i = 0; i < 40; ++i) chunked += "10000\r\n" + std::string(65536, 'x') + "\r\n"; // never ended
  EXPECT_EQ(status_of(server_->raw(post("Transfer-Encoding: chunked\r\n", chunked))), 413);
}

TEST_F(BadInput, LengthsThatCannotBe) {
  for (const char* headers : {"Content-Length: -1\r\n", "Content-Length: abc\r\n", "Content-Length: 3,5\r\n", "Content-Length: 3\r\nContent-Length: 5\r\n",
                              "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, identity\r\n"}) {
    const std::string answer = server_->raw(post(headers, "{}"));
    EXPECT_EQ(status_of(answer), 400) << headers << answer;
    EXPECT_EQ(answers_in(answer), 1U) << headers;
  }
}

TEST_F(BadInput, ARefusedBodyIsNeverTheNextRequest) {
  const std::string hidden = "GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n";
  for (const std::string& headers : {std::string("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"), "Range: bytes=0-1\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n",
                                     "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n"}) {
    const std::string answer = server_->raw(post(headers, hidden));
    EXPECT_GE(status_of(answer), 400) << answer;
    EXPECT_EQ(answers_in(answer), 1U) << answer;
  }
  const std::string get_with_body = server_->raw("GET /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n\r\n" + hidden);
  EXPECT_EQ(status_of(get_with_body), 400);
  EXPECT_EQ(answers_in(get_with_body), 1U);
}

TEST_F(BadInput, HeadersOverTheLimit) {
  std::string many;
  for (int i = 0; i < 200; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(status_of(server_->raw(post(many + "Content-Length: 2\r\n", "{}"))), 431);
}

TEST_F(BadInput, WhatAHeaderSaysIsNotEchoedUnchecked) {
  const auto reply = server_->get("/healthz", {{"X-Request-Id", "a%0D%0ASet-Cookie: b"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.count("Set-Cookie"), 0U);
  EXPECT_EQ(reply.headers.find("X-Request-Id")->second.size(), 16U) << "one of ours instead";
}

TEST_F(BadInput, NoBodyAtAllDoesNotWait) {
  const std::string answer = server_->raw("POST /v1/m HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), 200);
}

TEST_F(BadInput, BadLinesOfEvents) {
  for (const char* body : {"", "{", "[]", R"({"batch":{}})", R"({"batch":[]} x)"}) {
    const auto reply = server_->post("/v1/batch", body);
    EXPECT_GE(reply.status, 400) << body;
    EXPECT_LT(reply.status, 500) << body;
  }
  Json batch{{"batch", Json::array()}};
  for (std::size_t i = 0; i <= limits::batch_events_max; ++i) batch["batch"].push_back({{"type", "track"}, {"event", "X"}, {"userId", "u"}});
  EXPECT_EQ(server_->post("/v1/batch", batch.dump()).status, 413);
}

} // namespace
} // namespace takt::test
