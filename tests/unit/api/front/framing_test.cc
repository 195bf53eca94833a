// Where a request ends: what is taken, what is refused and why, and what is handed on.
#include "api/front/framing.h"

#include "api/front/limits.h"
#include "tests/support/framing_cases.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sstream>
#include <utility>

namespace takt::test {
namespace {

using State = RequestFraming::State;

TEST(Framing, WhatCanBeReadInTwoWaysIsRefused) {
  for (const FramingCase& test : refused_requests()) {
    const Framed framed = frame(test.bytes);
    ASSERT_EQ(framed.state, State::refused) << test.name << "\n" << framed.head;
    EXPECT_EQ(code_of(framed.refusal->reason), code_of(test.reason)) << test.name << ": " << framed.refusal->detail;
    EXPECT_LE(framed.taken, test.bytes.size());
    EXPECT_EQ(frame(test.bytes, {1}), framed) << test.name << ", byte by byte";
    EXPECT_EQ(frame(test.bytes, {1, 7, 2, 64}), framed) << test.name;
  }
}

TEST(Framing, ALongHeadIsRefusedBeforeItIsRead) {
  const Framed framed = frame("GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(50'000'000, 'x'));
  EXPECT_EQ(framed.state, State::refused);
  EXPECT_LE(framed.taken, front_limits::head_bytes_max);
}

TEST(Framing, AGetIsHandedOnAsItCame) {
  const Framed framed = frame("GET /a?b=%20c HTTP/1.1\r\nHost: shop.example:8080\r\nIf-Match:  \"x\" \r\n\r\n");
  ASSERT_EQ(framed.state, State::complete);
  EXPECT_EQ(framed.head, "GET /a?b=%20c HTTP/1.1\r\nHost: shop.example:8080\r\nIf-Match: \"x\"\r\n\r\n");
  EXPECT_TRUE(framed.keep_alive);
}

TEST(Framing, OnlyTheRequestIsTaken) {
  const std::string first = "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", second = "GET / HTTP/1.1\r\n";
  const Framed framed = frame(first + second);
  EXPECT_EQ(framed.state, State::complete);
  EXPECT_EQ(framed.taken, first.size());
  EXPECT_EQ(framed.body, "abc");
}

TEST(Framing, ChunksBecomeABodyWithALength) {
  const std::string bytes = "POST / HTTP/1.1\r\nHost: t\r\ntransfer-encoding: CHUNKED\r\nTrailer: X\r\n\r\n3\r\nabc\r\n0a;name=\"value\"\r\n0123456789\r\n000\r\nX: y\r\n\r\n";
  const Framed framed = frame(bytes + "GET");
  ASSERT_EQ(framed.state, State::complete);
  EXPECT_EQ(framed.taken, bytes.size());
  EXPECT_EQ(framed.body, "abc0123456789");
  EXPECT_EQ(framed.head, "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 13\r\n\r\n");
}

TEST(Framing, BodiesOfExactlyTheLimit) {
  const std::string body(1000, 'x');
  EXPECT_EQ(frame("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n" + body).body, body);
  EXPECT_EQ(frame("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + body + "\r\n0\r\n\r\n").body, body);
  EXPECT_EQ(frame("POST / HTTP/1.1\r\nHost: t\r\n\r\n").state, State::complete) << "no length is no body";
}

TEST(Framing, FieldsThatTheLibraryWouldBelieveAreGone) {
  const Framed framed = frame("GET / HTTP/1.1\r\nHost: t\r\nREMOTE_ADDR: 10.9.9.9\r\nremote_port: 1\r\nRange: bytes=0-1\r\nUpgrade: h2c\r\nX: a%0D%0ASet-Cookie: b\r\n\r\n");
  ASSERT_EQ(framed.state, State::complete);
  EXPECT_EQ(framed.head, "GET / HTTP/1.1\r\nHost: t\r\nX: a%250D%250ASet-Cookie: b\r\n\r\n");
}

TEST(Framing, WhenTheConnectionEnds) {
  const auto keeps = [](const std::string& version, const std::string& fields) { return frame("GET / " + version + "\r\nHost: t\r\n" + fields + "\r\n").keep_alive; };
  EXPECT_TRUE(keeps("HTTP/1.1", ""));
  EXPECT_TRUE(keeps("HTTP/1.1", "Connection: keep-alive\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1", "Connection: Upgrade , CLOSE\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0", ""));
}

TEST(Framing, AbsoluteTargetsAndOneEmptyLine) {
  EXPECT_EQ(frame("GET http://shop.example/a?b HTTP/1.1\r\nHost: t\r\n\r\n").head, "GET /a?b HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(frame("GET http://shop.example HTTP/1.1\r\nHost: t\r\n\r\n").head, "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(frame("GET http://shop.example?a HTTP/1.1\r\nHost: t\r\n\r\n").head, "GET /?a HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(frame("\r\nGET /a HTTP/1.1\r\nHost: t\r\n\r\n").head, "GET /a HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(frame("OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n").state, State::complete);
}

TEST(Framing, WhatTheHeadSaysIsKnownBeforeTheBody) {
  RequestFraming framing;
  framing.take("PUT /a/b?c HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\n");
  ASSERT_EQ(framing.state(), State::head_done);
  EXPECT_EQ(framing.method(), "PUT");
  EXPECT_EQ(framing.target(), "/a/b?c");
  EXPECT_TRUE(framing.expects_continue());
  EXPECT_TRUE(framing.is_gzip());
  EXPECT_EQ(framing.announced_bytes(), 7U);
  framing.begin_body(6);
  ASSERT_EQ(framing.state(), State::refused);
  EXPECT_EQ(framing.refusal().reason, FrontReason::too_large);
}

/// What the fuzzer found worth keeping, with its own invariants: tests/fuzz/framing_fuzz.cc.
TEST(Framing, TheFuzzersCorpusIsCutInManyWays) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TAKT_FRAMING_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const Framed whole = frame(bytes.substr(1), {}, 4096);
    for (const std::size_t size : {1, 2, 3, 5, 11}) EXPECT_EQ(frame(bytes.substr(1), {size}, 4096), whole) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 50U);
}

/// Words of the grammar, whole and broken, in any order.
rc::Gen<std::string> any_request() {
  const auto part = rc::gen::element<std::string>("GET", "POST", " ", "/", "/a?b", "HTTP/1.1", "HTTP/1.0", "\r\n", "\r\n\r\n", "\n", "\r", "Host: t\r\n", "Host: u\r\n",
                                                  "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n", "X:y\r\n",
                                                  " z\r\n", "5\r\nabcde\r\n", "0\r\n", "abcde", "%0d", std::string(1, '\0'), "\xff", ";x", "POST / HTTP/1.1\r\nHost: t\r\n",
                                                  "GET /a HTTP/1.1\r\nHost: t\r\n\r\n");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(part), [](const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& one : parts) text += one;
    return text;
  });
}

rc::Gen<std::string> plausible_request() {
  return rc::gen::map(any_request(), [](const std::string& rest) { return "POST / HTTP/1.1\r\nHost: t\r\n" + rest; });
}

RC_GTEST_PROP(Framing, HowTheBytesAreCutDecidesNothing, ()) {
  const std::string bytes = *rc::gen::oneOf(any_request(), plausible_request());
  const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 20));
  const Framed whole = frame(bytes);
  RC_ASSERT(frame(bytes, sizes) == whole);
  RC_ASSERT(frame(bytes, {1}) == whole);
}

/// One that is let in, in as many ways as there are.
rc::Gen<std::string> good_request() {
  const auto field = rc::gen::element<std::string>("X: y\r\n", "x:\t%0d%0a \r\n", "REMOTE_ADDR: 1.2.3.4\r\n", "Content-Encoding: gzip\r\n", "TE: trailers\r\n", "Y: \xc3\xa9 %\r\n", "Empty:\r\n");
  const auto fields = rc::gen::container<std::vector<std::string>>(field);
  const auto chunks = rc::gen::container<std::vector<std::string>>(rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127)));
  return rc::gen::apply([](const std::string& line, const std::vector<std::string>& some, const std::vector<std::string>& pieces, bool chunked) {
    std::string text = line, body, coded;
    bool encoded = false;
    for (const std::string& one : some) {
      if (one.starts_with("Content-Encoding") && std::exchange(encoded, true)) continue;
      text += one;
    }
    for (const std::string& piece : pieces) {
      if (piece.empty()) continue;
      std::ostringstream size;
      size << std::hex << piece.size();
      coded += size.str() + "\r\n" + piece + "\r\n";
      body += piece;
    }
    if (chunked) return text + "Transfer-Encoding: chunked\r\n\r\n" + coded + "0\r\n\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }, rc::gen::element<std::string>("POST / HTTP/1.1\r\nHost: t\r\n", "PUT http://a/b HTTP/1.1\r\nHost: t\r\n", "\r\nPATCH /?% HTTP/1.1\r\nHOST: [::1]:80\r\n"), fields, chunks, rc::gen::arbitrary<bool>());
}

RC_GTEST_PROP(Framing, WhatIsHandedOnIsUnderstoodTheSameAgain, ()) {
  const Framed once = frame(*good_request(), {}, 100'000);
  RC_ASSERT(once.state == State::complete);
  const Framed again = frame(once.head + once.body, {}, 100'000);
  RC_ASSERT(again.state == State::complete);
  RC_ASSERT(again.body == once.body);
  RC_ASSERT(again.taken == once.head.size() + once.body.size());
}

} // namespace
} // namespace takt::test
