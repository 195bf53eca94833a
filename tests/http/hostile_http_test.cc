// Hostile clients against the whole server, through raw sockets: the fault table's cases of HTTP. The rest of that table lives in
// bad_input_http_test (documents), events_http_test (duplicates, gzip), cap_race_test, kill_test and the store's suites.
// Memory is held against a ceiling where no sanitizer keeps freed blocks.
#include "tests/http/running_server.h"
#include "tests/support/framing_cases.h"
#include "tests/support/raw_client.h"

#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>
#include <zlib.h>

namespace takt::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_counts = false;
#else
constexpr bool memory_counts = true;
#endif

class Hostile : public testing::Test {
protected:
  static void SetUpTestSuite() { server_ = std::make_unique<RunningServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    ask_healthz(); // what is allocated once is not counted
    resident_before_ = resident_bytes();
  }
  void TearDown() override {
    ask_healthz();
    if (!memory_counts) return;
    EXPECT_LT(resident_bytes(), resident_before_ + (std::size_t{12} << 20)) << "resident memory rose";
  }

  static void ask_healthz() {
    RawClient client(server_->port());
    client.send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_EQ(RawClient::status_of(client.read_answer()), 200) << "the server goes on";
  }
  /// Sends it all, `piece` so many times, or as much as is wanted, and expects exactly one answer and the end of the connection.
  static std::string only_answer(const std::string& bytes, const std::string& piece = {}, int times = 0) {
    RawClient client(server_->port());
    client.send(bytes);
    while (times-- > 0 && client.send(piece)) {}
    bool closed = false;
    const std::string text = client.read_to_end(closed);
    EXPECT_TRUE(closed) << text;
    EXPECT_EQ(RawClient::answers_in(text), 1U) << text;
    return text;
  }
  static std::string post(const std::string& fields, const std::string& body = {}) { return "POST /api/v1/decide HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n" + body; }
  static std::uint64_t metric(const std::string& name) {
    const std::string text = server_->get("/metrics").body;
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + name.size() + 2, nullptr, 10);
  }
  static std::unique_ptr<RunningServer> server_;
  std::size_t resident_before_ = 0;
};
std::unique_ptr<RunningServer> Hostile::server_;

// Cases 3, 5, 6, 12 and every known way of smuggling.
TEST_F(Hostile, EveryAmbiguousRequestIsRefusedAndTheConnectionEnds) {
  for (const FramingCase& test : refused_requests()) {
    if (test.reason == FrontReason::too_large) continue; // the limits are others here: BodiesOverTheLimit
    const std::string text = only_answer(test.bytes + "GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(RawClient::status_of(text), status_of(test.reason)) << test.name << "\n" << text;
    EXPECT_NE(text.find("\"code\":\"" + std::string(code_of(test.reason)) + "\""), std::string::npos) << test.name << "\n" << text;
    EXPECT_NE(text.find("Content-Type: application/problem+json"), std::string::npos) << test.name;
  }
  EXPECT_GT(metric("takt_http_refused_total{reason=\"bad_framing\"}"), 10U);
}

// Cases 1 and 2; CVE-2025-46728 and CVE-2025-53629 (no limit for chunked bodies).
TEST_F(Hostile, ChunksWithoutEndStopAtTheLimit) {
  const std::string text = only_answer(post("Transfer-Encoding: chunked\r\n"), "8000\r\n" + std::string(0x8000, 'x') + "\r\n", 400); // 13 MB
  EXPECT_EQ(RawClient::status_of(text), 413);
}

// Case 3; CVE-2026-45352 (a chunk of size -2 wraps).
TEST_F(Hostile, ANegativeChunkIsNoHugeOne) {
  EXPECT_EQ(RawClient::status_of(only_answer(post("Transfer-Encoding: chunked\r\n", "-2\r\n"), std::string(100'000, 'x'), 100)), 400);
}

// Case 4; CVE-2025-53628 (a line without end) and CVE-2025-52887 (fields without number).
TEST_F(Hostile, LinesAndFieldsWithoutEnd) {
  const std::string piece(100'000, 'x');
  EXPECT_EQ(RawClient::status_of(only_answer("GET /healthz HTTP/1.1\r\nHost: t\r\nX: ", piece, 140)), 431);
  EXPECT_EQ(RawClient::status_of(only_answer("GET /", piece, 140)), 414);
  std::string fields;
  for (int i = 0; i < 1000; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(RawClient::status_of(only_answer("GET /healthz HTTP/1.1\r\nHost: t\r\n", fields, 100)), 431);
}

// A field that goes on for ever gets its answer while it is still being sent, and is cut off.
TEST_F(Hostile, NobodyIsListenedToForEver) {
  RawClient client(server_->port());
  client.send("GET /healthz HTTP/1.1\r\nHost: t\r\nX: ");
  const std::string piece(1'000'000, 'x');
  std::size_t sent = 0;
  while (client.send(piece) && sent < std::size_t{1} << 30) sent += piece.size();
  EXPECT_LT(sent, std::size_t{64} << 20) << "some MB are thrown away so that it can read the answer, and the kernel holds a few";
}

// Case 7; CVE-2026-22776 (a gzip bomb), and with a length that is chunked.
TEST_F(Hostile, ABombIsInflatedToTheLimitOnly) {
  const std::string plain(std::size_t{200} << 20, 'x');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string bomb(1'000'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(bomb.data());
  stream.avail_out = static_cast<uInt>(bomb.size());
  deflate(&stream, Z_FINISH);
  bomb.resize(stream.total_out);
  deflateEnd(&stream);
  RawClient client(server_->port());
  client.send("POST /v1/batch HTTP/1.1\r\nHost: t\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(bomb.size()) + "\r\n\r\n" + bomb);
  EXPECT_EQ(RawClient::status_of(client.read_answer()), 413);
  client.send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(RawClient::status_of(client.read_answer()), 200) << "it was read to its end: the connection is good";
}

// Cases 8 and 9; CVE-2026-45372, CVE-2026-21428 (line ends in values) and CVE-2025-66570 (REMOTE_ADDR of the client's making).
TEST_F(Hostile, NothingOfTheRequestBecomesAField) {
  RawClient client(server_->port());
  client.send("GET /healthz HTTP/1.1\r\nHost: t\r\nX-Request-Id: a%0D%0ASet-Cookie: b\r\nOrigin: x%0d%0aSet-Cookie: c\r\nREMOTE_ADDR: 10.9.9.9\r\nX-Forwarded-For: 10.9.9.9\r\n\r\n");
  const std::string text = client.read_answer();
  EXPECT_EQ(RawClient::status_of(text), 200);
  EXPECT_EQ(text.find("Set-Cookie"), std::string::npos) << text;
  EXPECT_EQ(text.find("10.9.9.9"), std::string::npos) << text;
}

// Case 10: twice as many slow writers as threads, and then some.
TEST_F(Hostile, SlowWritersAreCutAndHarmNobody) {
  std::vector<RawClient> slow;
  for (int i = 0; i < 200; ++i) {
    slow.emplace_back(server_->port());
    slow.back().send(i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nHo" : "G");
  }
  for (int i = 0; i < 50; ++i) ask_healthz();
  for (RawClient& client : slow) {
    bool closed = false;
    EXPECT_EQ(RawClient::status_of(client.read_to_end(closed)), 408);
    EXPECT_TRUE(closed);
  }
  EXPECT_GE(metric("takt_http_connections_cut_total"), 200U);
}

// Case 11.
TEST_F(Hostile, IdleConnectionsCostNoThread) {
  std::vector<RawClient> idle;
  for (int i = 0; i < 300; ++i) idle.emplace_back(server_->port());
  for (int i = 0; i < 50; ++i) ask_healthz();
  EXPECT_GE(metric("takt_http_connections_parked"), 300U);
  idle.front().send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(RawClient::status_of(idle.front().read_answer()), 200) << "and may ask when it likes";
}

// Case 12: bytes of other protocols are answered at once, without waiting for more of them.
TEST_F(Hostile, OtherProtocols) {
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  EXPECT_EQ(RawClient::status_of(only_answer(hello)), 400);
  EXPECT_EQ(RawClient::status_of(only_answer(std::string("\x80\x2e\x01\x00\x02", 5))), 400);
  EXPECT_EQ(RawClient::status_of(only_answer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), 505);
  std::uint64_t random = 1;
  for (int i = 0; i < 50; ++i) {
    std::string bytes;
    for (int k = 0; k < 300; ++k) {
      random = random * 6364136223846793005ULL + 1442695040888963407ULL;
      bytes.push_back(static_cast<char>(random >> 56));
    }
    EXPECT_EQ(RawClient::status_of(only_answer(bytes)), 400);
  }
}

// Case 13.
TEST_F(Hostile, PipelinedRequestsAreAllAnswered) {
  RawClient client(server_->port());
  client.send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\nPOST /api/v1/decide HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n{GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(RawClient::status_of(client.read_answer()), 200);
  EXPECT_EQ(RawClient::status_of(client.read_answer()), 400);
  EXPECT_EQ(RawClient::status_of(client.read_answer()), 404);
}

// Case 14: documents that nest.
TEST_F(Hostile, DeepDocuments) {
  std::string arrays(100'000, '['), objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(server_->post("/api/v1/decide", arrays).status, 400);
  EXPECT_EQ(server_->post("/v1/batch", objects).status, 400);
}

// Case 20: no name leads out of where names live.
TEST_F(Hostile, PathsThatClimb) {
  for (const char* path : {"/../etc/passwd", "/api/v1/items/..%2f..%2fetc", "/api/v1/customers/%2e%2e", "/api/v1/items/%00", "/api/v1/items/%", "//healthz/", "/%0d%0aX:y"}) {
    RawClient client(server_->port());
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n\r\n");
    const int status = RawClient::status_of(client.read_answer());
    EXPECT_GE(status, 400) << path;
    EXPECT_LT(status, 500) << path;
  }
}

// CVE-2026-28434 (the text of an exception in the answer), and paths that the library's regular expressions would recurse on.
TEST_F(Hostile, NothingInternalIsTold) {
  for (const std::string& request : {post("Content-Length: 1\r\n", "{"), "GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nHost: t\r\n\r\n",
                                     post("Content-Type: multipart/form-data; boundary=" + std::string(200, '\'') + "\r\nContent-Length: 1\r\n", "x"),
                                     "GET /healthz HTTP/1.1\r\nHost: t\r\nRange: bytes=" + std::string(4000, '-') + "\r\n\r\n"}) {
    RawClient client(server_->port());
    client.send(request);
    const std::string text = client.read_answer();
    EXPECT_NE(RawClient::status_of(text), 0) << request.substr(0, 60);
    EXPECT_LT(RawClient::status_of(text), 500) << text;
    EXPECT_EQ(text.find("EXCEPTION_WHAT"), std::string::npos) << text;
  }
}

// Case 26, at the level of the whole server.
TEST(HostileLimits, TooManyRequestsOfOneAddress) {
  RunningServer server([](Config& config) {
    config.rate_per_address = 0.01;
    config.rate_burst = 5;
    config.rate_loopback = true;
  });
  RawClient client(server.port());
  for (int i = 0; i < 5; ++i) {
    client.send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(RawClient::status_of(client.read_answer()), 200);
  }
  client.send("POST /v1/m HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{}");
  const std::string text = client.read_answer();
  EXPECT_EQ(RawClient::status_of(text), 429) << text;
  EXPECT_NE(text.find("\r\nRetry-After: "), std::string::npos);
  EXPECT_EQ(Json::parse(RawClient::body_of(text))["code"], "rate_limited");
}

} // namespace
} // namespace takt::test
