// cpp-httplib as a function: what it reads is what the front wrote, and what it is known to do wrong does not come out.
#include "api/front/library_server.h"

#include "tests/support/framing_cases.h"

#include <gtest/gtest.h>
#include <stdexcept>

namespace takt::test {
namespace {

/// As the front would hand it on.
Exchange exchange_of(const std::string& bytes) {
  const Framed framed = frame(bytes);
  EXPECT_EQ(framed.state, RequestFraming::State::complete);
  Exchange exchange;
  exchange.head = framed.head;
  exchange.body = framed.body;
  exchange.address = "192.0.2.7";
  exchange.port = 4711;
  exchange.keep_alive = framed.keep_alive;
  return exchange;
}

TEST(LibraryServer, ReadsWhatTheClientSaidAndWhereItIs) {
  LibraryServer server([](const httplib::Request& request, httplib::Response& response, Exchange& exchange) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a?b=%20");
    EXPECT_EQ(request.get_header_value("X"), "a%0D%0ASet-Cookie: b%25+c") << "not decoded";
    EXPECT_EQ(request.remote_addr, "192.0.2.7");
    EXPECT_EQ(request.get_header_value("REMOTE_ADDR"), "192.0.2.7") << "not the client's own";
    EXPECT_EQ(request.get_header_value_count("REMOTE_ADDR"), 1U);
    EXPECT_TRUE(request.body.empty());
    response.set_content(exchange.body, "text/plain");
  });
  Exchange exchange = exchange_of("POST /a?b=%20 HTTP/1.1\r\nHost: t\r\nREMOTE_ADDR: 10.9.9.9\r\nX: a%0D%0ASet-Cookie: b%25+c\r\nContent-Length: 3\r\n\r\nabc");
  server.process(exchange);
  EXPECT_TRUE(exchange.output.starts_with("HTTP/1.1 200 OK\r\n")) << exchange.output;
  EXPECT_TRUE(exchange.output.ends_with("\r\n\r\nabc"));
  EXPECT_FALSE(exchange.close);
}

TEST(LibraryServer, AnExceptionTellsNothing) {
  LibraryServer server([](const httplib::Request&, httplib::Response&, Exchange&) { throw std::runtime_error("the secret path of the database"); });
  server.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) { response.status = 500; });
  Exchange exchange = exchange_of("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  server.process(exchange);
  EXPECT_TRUE(exchange.output.starts_with("HTTP/1.1 500 ")) << exchange.output;
  EXPECT_EQ(exchange.output.find("secret"), std::string::npos);
  EXPECT_EQ(exchange.output.find("EXCEPTION"), std::string::npos);
}

TEST(LibraryServer, SaysWhetherTheConnectionEnds) {
  LibraryServer server([](const httplib::Request&, httplib::Response& response, Exchange&) { response.set_content("x", "text/plain"); });
  Exchange stays = exchange_of("GET / HTTP/1.1\r\nHost: t\r\n\r\n"), ends = exchange_of("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  server.process(stays);
  server.process(ends);
  EXPECT_EQ(stays.output.find("Connection: close"), std::string::npos) << stays.output;
  EXPECT_NE(ends.output.find("Connection: close"), std::string::npos) << ends.output;
}

class Streaming : public testing::Test {
protected:
  static Exchange answered(const std::string& request, bool old_version = false) {
    LibraryServer server([](const httplib::Request&, httplib::Response& response, Exchange& exchange) {
      LibraryServer::stream(response, exchange, "application/json", [](std::string& piece) {
        piece = "abc";
        return false;
      });
    });
    Exchange exchange = exchange_of(request);
    exchange.old_version = old_version;
    server.process(exchange);
    return exchange;
  }
};

TEST_F(Streaming, TheHeadIsWrittenAndThePiecesWait) {
  Exchange exchange = answered("GET / HTTP/1.1\r\nHost: t\r\nAccept-Encoding: gzip, br\r\n\r\n");
  EXPECT_TRUE(exchange.output.ends_with("\r\n\r\n")) << exchange.output;
  EXPECT_NE(exchange.output.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos) << exchange.output;
  EXPECT_EQ(exchange.output.find("Content-Encoding"), std::string::npos) << "the pieces are plain";
  EXPECT_FALSE(exchange.close);
  ASSERT_TRUE(exchange.next_piece);
  std::string piece;
  EXPECT_FALSE(exchange.next_piece(piece));
  EXPECT_EQ(piece, "abc");
}

TEST_F(Streaming, HeadHasNoPiecesAndOldClientsNoChunks) {
  EXPECT_FALSE(answered("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n").next_piece);
  const Exchange old = answered("GET / HTTP/1.0\r\nHost: t\r\n\r\n", true);
  EXPECT_TRUE(old.next_piece);
  EXPECT_EQ(old.output.find("Transfer-Encoding"), std::string::npos) << old.output;
}

} // namespace
} // namespace takt::test
