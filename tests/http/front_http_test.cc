// The front door with handlers of the test's own: order, limits, slow and vanishing clients, stopping.
#include "api/front/front.h"
#include "tests/support/raw_client.h"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <latch>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace takt::test {
namespace {

std::string answer_of(const std::string& body) { return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body; }
std::string get(const std::string& target, const std::string& fields = {}) { return "GET " + target + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n"; }
std::string post(const std::string& target, const std::string& body, const std::string& fields = {}) {
  return "POST " + target + " HTTP/1.1\r\nHost: t\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string target_of(const Exchange& exchange) {
  const std::size_t begin = exchange.head.find(' ') + 1;
  return exchange.head.substr(begin, exchange.head.find(' ', begin) - begin);
}

class RunningFront {
public:
  RunningFront(ExchangeHandler handler, const std::function<void(FrontOptions&)>& change = {}) : front_(options(change), std::move(handler)) {
    port_ = front_.bind("127.0.0.1", 0).value();
    loop_ = std::thread([this] { front_.run(); });
  }
  ~RunningFront() { stop(); }
  void stop() {
    front_.stop();
    if (loop_.joinable()) loop_.join();
  }
  Front& front() { return front_; }
  int port() const { return port_; }
  std::uint64_t refused(FrontReason reason) const { return front_.counts().refused[static_cast<std::size_t>(reason)]; }

private:
  static FrontOptions options(const std::function<void(FrontOptions&)>& change) {
    FrontOptions options;
    options.workers = 2;
    options.body_bytes_max = [](std::string_view, std::string_view) { return std::size_t{100'000}; };
    if (change) change(options);
    return options;
  }
  Front front_;
  std::thread loop_;
  int port_ = 0;
};

void echo(Exchange& exchange) { exchange.output = answer_of(exchange.body.empty() ? target_of(exchange) : exchange.body); }

TEST(FrontHttp, OneConnectionManyRequests) {
  RunningFront server(echo);
  RawClient client(server.port());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client.send(i % 2 == 0 ? get("/" + std::to_string(i)) : post("/", "body " + std::to_string(i))));
    ASSERT_EQ(RawClient::body_of(client.read_answer()), i % 2 == 0 ? "/" + std::to_string(i) : "body " + std::to_string(i));
  }
}

TEST(FrontHttp, PipelinedRequestsAreAnsweredInOrder) {
  RunningFront server(echo);
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 5000; ++i) all += get("/" + std::to_string(i)); // more than is read ahead
  std::thread sending([&] { EXPECT_TRUE(client.send(all)); });
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(RawClient::body_of(client.read_answer()), "/" + std::to_string(i));
  sending.join();
}

TEST(FrontHttp, ARequestMayComeByteByByte) {
  RunningFront server(echo);
  RawClient client(server.port());
  for (const char byte : post("/", "abc")) ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
  EXPECT_EQ(RawClient::body_of(client.read_answer()), "abc");
}

TEST(FrontHttp, ChunksAndContinue) {
  RunningFront server(echo);
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_EQ(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  EXPECT_EQ(RawClient::body_of(client.read_answer()), "abcde");
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 999999\r\n\r\n"));
  EXPECT_EQ(RawClient::status_of(client.read_answer()), 413) << "and not told to go on";
}

TEST(FrontHttp, TheEndOfAConnection) {
  RunningFront server(echo);
  bool closed = false;
  RawClient asked(server.port());
  asked.send(get("/a", "Connection: close\r\n") + get("/b"));
  EXPECT_EQ(RawClient::answers_in(asked.read_to_end(closed)), 1U);
  EXPECT_TRUE(closed);
  RawClient old(server.port());
  old.send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(RawClient::body_of(old.read_to_end(closed)), "/a");
  EXPECT_TRUE(closed);
  RawClient half(server.port());
  half.send(get("/a"));
  half.half_close();
  EXPECT_EQ(RawClient::body_of(half.read_to_end(closed)), "/a") << "who stops talking may still listen";
  EXPECT_TRUE(closed);
}

TEST(FrontHttp, AFullQueueSaysSoAtOnce) {
  std::latch held(1);
  std::atomic<int> begun{0};
  RunningFront server([&](Exchange& exchange) { ++begun; held.wait(); echo(exchange); }, [](FrontOptions& options) { options.workers = 1; options.waiting_requests_max = 2; });
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server.port());
    clients.back().send(get("/admitted"));
    while (begun == 0 || server.front().counts().requests_waiting < static_cast<std::uint64_t>(i)) std::this_thread::yield();
  }
  RawClient late(server.port());
  late.send(get("/late"));
  const std::string refused = late.read_answer();
  EXPECT_EQ(RawClient::status_of(refused), 503) << refused;
  EXPECT_NE(refused.find("\r\nRetry-After: 1\r\n"), std::string::npos);
  EXPECT_NE(refused.find("\"code\":\"queue_full\""), std::string::npos);
  EXPECT_EQ(server.refused(FrontReason::queue_full), 1U);
  held.count_down();
  for (RawClient& client : clients) EXPECT_EQ(RawClient::body_of(client.read_answer()), "/admitted") << "the admitted ones are not harmed";
  late.send(get("/late"));
  EXPECT_EQ(RawClient::body_of(late.read_answer()), "/late") << "and the connection of the refused one is good for another try";
}

TEST(FrontHttp, OneAddressDoesNotKeepEverybodysLargeBodiesOut) {
  RunningFront server(echo, [](FrontOptions& options) {
    options.body_bytes_max = [](std::string_view, std::string_view) { return std::size_t{8} << 20; };
    options.buffers_bytes_max = std::size_t{16} << 20;
  });
  const std::string announced = "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(std::size_t{3} << 20) + "\r\n\r\n";
  RawClient first(server.port()), second(server.port()), small(server.port());
  ASSERT_TRUE(first.send(announced + "begun"));
  ASSERT_TRUE(small.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"));
  EXPECT_EQ(RawClient::body_of(small.read_answer()), "ab");
  ASSERT_TRUE(second.send(announced));
  const std::string refused = second.read_answer();
  EXPECT_EQ(RawClient::status_of(refused), 503);
  EXPECT_NE(refused.find("from this address"), std::string::npos) << refused;
  ASSERT_TRUE(first.send(std::string((std::size_t{3} << 20) - 5, 'x')));
  EXPECT_EQ(RawClient::body_of(first.read_answer()).size(), std::size_t{3} << 20) << "what was let in is not given up";
}

TEST(FrontHttp, TooManyRequestsOfOneAddress) {
  RunningFront server(echo, [](FrontOptions& options) { options.per_address = {0.001, 3}; options.limits_loopback = true; });
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send(get("/a"));
    EXPECT_EQ(RawClient::status_of(client.read_answer()), 200);
  }
  client.send(get("/a"));
  const std::string refused = client.read_answer();
  EXPECT_EQ(RawClient::status_of(refused), 429);
  const std::size_t field = refused.find("\r\nRetry-After: ");
  ASSERT_NE(field, std::string::npos) << refused;
  EXPECT_GT(std::atoi(refused.c_str() + field + 15), 900);
  RunningFront open(echo, [](FrontOptions& options) { options.per_address = {0.001, 1}; });
  RawClient proxy(open.port());
  for (int i = 0; i < 10; ++i) {
    proxy.send(get("/a"));
    EXPECT_EQ(RawClient::status_of(proxy.read_answer()), 200) << "this machine's own are not limited";
  }
}

TEST(FrontHttp, AtTheLimitTheLongestIdleConnectionGoes) {
  RunningFront server(echo, [](FrontOptions& options) { options.connections_max = 10; });
  std::vector<RawClient> idle;
  for (int i = 0; i < 10; ++i) {
    idle.emplace_back(server.port());
    idle.back().send(get("/a"));
    ASSERT_EQ(RawClient::status_of(idle.back().read_answer()), 200);
  }
  RawClient late(server.port());
  late.send(get("/late"));
  EXPECT_EQ(RawClient::body_of(late.read_answer()), "/late");
  bool closed = false;
  EXPECT_EQ(idle.front().read_to_end(closed), "");
  EXPECT_TRUE(closed);
  idle.back().send(get("/b"));
  EXPECT_EQ(RawClient::body_of(idle.back().read_answer()), "/b");
  EXPECT_LE(server.front().counts().connections_open, 10U);
}

TEST(FrontHttp, WhereAllConnectionsAreBusyANewOneIsRefused) {
  std::latch held(1);
  std::atomic<int> begun{0};
  RunningFront server([&](Exchange& exchange) { ++begun; held.wait(); echo(exchange); }, [](FrontOptions& options) { options.connections_max = 2; });
  std::vector<RawClient> busy;
  for (int i = 0; i < 2; ++i) {
    busy.emplace_back(server.port());
    busy.back().send(get("/busy"));
  }
  while (begun < 2) std::this_thread::yield();
  RawClient late(server.port());
  EXPECT_EQ(RawClient::status_of(late.read_answer()), 503);
  held.count_down();
  for (RawClient& client : busy) EXPECT_EQ(RawClient::status_of(client.read_answer()), 200);
}

TEST(FrontHttp, WithoutDescriptorsItWaitsInsteadOfSpinning) {
  std::latch held(1);
  std::atomic<int> begun{0};
  RunningFront server([&](Exchange& exchange) { ++begun; held.wait(); echo(exchange); });
  RawClient busy(server.port()), late;               // the late one has its descriptor while there are some
  busy.send(get("/busy"));
  while (begun == 0) std::this_thread::yield();      // and cannot be closed to make room
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<int> files{::dup(0)};
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(files.front()) + 8;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  for (int file = ::dup(0); file >= 0; file = ::dup(0)) files.push_back(file);
  EXPECT_TRUE(late.connect(server.port())) << "by the kernel, which needs no descriptor";
  while (server.front().counts().accepts_failed < 2) std::this_thread::yield();
  const std::uint64_t failed = server.front().counts().accepts_failed;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LE(server.front().counts().accepts_failed, failed + 10) << "a try now and then, not as many as fit";
  for (const int file : files) ::close(file);
  ::setrlimit(RLIMIT_NOFILE, &before);
  held.count_down();
  late.send(get("/late"));
  EXPECT_EQ(RawClient::body_of(late.read_answer()), "/late") << "let in when there is room again";
  EXPECT_EQ(RawClient::body_of(busy.read_answer()), "/busy");
}

TEST(FrontHttp, AStreamedAnswerGoesAtThePaceOfItsReader) {
  std::atomic<int> made{0};
  RunningFront server([&](Exchange& exchange) {
    exchange.output = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    exchange.next_piece = [&made, left = 1000](std::string& piece) mutable {
      ++made;
      piece.assign(10'000, 'x');
      return --left > 0;
    };
  });
  RawClient slow(server.port(), 4096);
  slow.send(get("/stream"));
  RawClient other(server.port());
  int last = -1;
  for (int same = 0; same < 50; same = made == last ? same + 1 : 0) { // until no more is made
    last = made;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_LT(made, 1000) << "the whole of 10 MB does not wait in memory";
  EXPECT_LT(server.front().counts().buffer_bytes, std::uint64_t{2} << 20);
  std::string all;
  std::thread reading([&] { all = slow.read_answer(); });
  RawClient second(server.port(), 4096), third(server.port(), 4096), fourth(server.port());
  second.send(get("/stream")); // more slow readers than workers
  third.send(get("/stream"));
  fourth.send(get("/stream"));
  EXPECT_GT(fourth.read_answer().size(), 10'000'000U);
  reading.join();
  EXPECT_GT(all.size(), 10'000'000U);
  EXPECT_TRUE(all.ends_with("\r\n0\r\n\r\n"));
}

TEST(FrontHttp, AReaderAsFastAsTheServerLeavesTheOtherClientsTheirTurn) {
  std::atomic<bool> answered{false}, begun{false};
  RunningFront server([&](Exchange& exchange) {
    if (target_of(exchange) != "/stream") return echo(exchange);
    exchange.output = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    exchange.next_piece = [&, left = 200'000](std::string& piece) mutable { // 200 MB, or until somebody else was served
      begun = true;
      piece.assign(1000, 'x');
      return --left > 0 && !answered;
    };
  }, [](FrontOptions& options) { options.workers = 1; });
  std::size_t streamed = 0;
  std::thread reading([&] {
    RawClient fast(server.port());
    fast.send(get("/stream"));
    streamed = fast.read_answer().size();
  });
  while (!begun) std::this_thread::yield();
  RawClient other(server.port());
  other.send(get("/other"));
  EXPECT_EQ(RawClient::body_of(other.read_answer()), "/other");
  answered = true;
  reading.join();
  EXPECT_GT(streamed, 0U);
  EXPECT_LT(streamed, 200'000'000U) << "it had to wait for the whole of it";
}

TEST(FrontHttp, AStreamWithoutChunksForOldClients) {
  RunningFront server([](Exchange& exchange) {
    exchange.output = "HTTP/1.1 200 OK\r\n\r\n";
    exchange.next_piece = [left = 3](std::string& piece) mutable {
      piece = "abc";
      return --left > 0;
    };
  });
  RawClient old(server.port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  bool closed = false;
  EXPECT_EQ(RawClient::body_of(old.read_to_end(closed)), "abcabcabc");
  EXPECT_TRUE(closed);
}

TEST(FrontHttp, AClientThatVanishesTakesNothingWithIt) {
  RunningFront server([](Exchange& exchange) { exchange.output = answer_of(std::string(std::size_t{8} << 20, 'x')); });
  for (int i = 0; i < 50; ++i) {
    RawClient client(server.port(), 4096);
    client.send(i % 2 == 0 ? get("/large") : post("/", "half").substr(0, 40));
  }
  RawClient client(server.port());
  client.send(get("/large"));
  EXPECT_EQ(RawClient::body_of(client.read_answer()).size(), std::size_t{8} << 20);
  while (server.front().counts().connections_open > 1) std::this_thread::yield();
}

TEST(FrontHttp, WhoDoesNotReadIsCutAndHoldsNoWorker) {
  RunningFront server([](Exchange& exchange) { exchange.output = answer_of(std::string(target_of(exchange) == "/large" ? std::size_t{16} << 20 : 2, 'x')); });
  std::vector<RawClient> deaf;
  for (int i = 0; i < 4; ++i) {
    deaf.emplace_back(server.port(), 4096);
    deaf.back().send(get("/large"));
  }
  RawClient client(server.port());
  while (server.front().counts().connections_cut < 4) {
    client.send(get("/small"));
    ASSERT_EQ(RawClient::status_of(client.read_answer()), 200);
  }
  EXPECT_EQ(server.front().counts().connections_open, 1U);
}

TEST(FrontHttp, StoppingAnswersEverythingThatWasAdmitted) {
  std::latch held(1);
  std::atomic<int> begun{0};
  RunningFront server([&](Exchange& exchange) { ++begun; held.wait(); echo(exchange); });
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(server.port());
    clients.back().send(get("/" + std::to_string(i)));
  }
  RawClient half(server.port());
  half.send(post("/", "abc").substr(0, 30));
  while (begun < 2 || server.front().counts().requests_waiting < 18) std::this_thread::yield();
  server.front().stop();
  half.send(post("/", "abc").substr(30));
  held.count_down();
  for (int i = 0; i < 20; ++i) {
    bool closed = false;
    EXPECT_EQ(RawClient::body_of(clients[static_cast<std::size_t>(i)].read_to_end(closed)), "/" + std::to_string(i));
    EXPECT_TRUE(closed);
  }
  EXPECT_EQ(RawClient::body_of(half.read_answer()), "abc") << "also what had only begun to arrive";
  server.stop();
}

TEST(FrontHttp, DrainingEndsConnectionsAfterTheirNextAnswer) {
  RunningFront server([](Exchange& exchange) {
    exchange.output = "HTTP/1.1 200 OK\r\n" + std::string(exchange.keep_alive ? "" : "Connection: close\r\n") + "Content-Length: 0\r\n\r\n";
  });
  RawClient client(server.port());
  client.send(get("/a"));
  EXPECT_EQ(client.read_answer().find("Connection: close"), std::string::npos);
  server.front().drain();
  client.send(get("/a"));
  bool closed = false;
  EXPECT_NE(client.read_to_end(closed).find("Connection: close"), std::string::npos);
  EXPECT_TRUE(closed);
}

} // namespace
} // namespace takt::test
