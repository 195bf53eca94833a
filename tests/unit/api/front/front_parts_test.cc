// The small parts of the front door: refusals as documents, bounded gzip, the rate limit, the queue.
#include "api/front/connection.h"
#include "api/front/inflate.h"
#include "api/front/rate_limit.h"
#include "api/front/refusal.h"
#include "api/front/work_queue.h"
#include "api/http_errors.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <latch>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

namespace takt::test {
namespace {

TEST(Refusals, HaveTheShapeOfEveryOtherProblem) {
  for (std::size_t i = 0; i < front_reasons_count; ++i) {
    const Refusal refusal{static_cast<FrontReason>(i), "a detail"};
    EXPECT_EQ(problem_document(refusal), problem_text(status_of(refusal.reason), code_of(refusal.reason), refusal.detail));
  }
}

TEST(Refusals, AreWholeAnswers) {
  const std::string text = refusal_answer({FrontReason::rate_limited, "slower"}, false, 3);
  EXPECT_TRUE(text.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << text;
  EXPECT_NE(text.find("\r\nRetry-After: 3\r\n"), std::string::npos);
  EXPECT_EQ(text.find("Connection:"), std::string::npos);
  EXPECT_NE(refusal_answer({FrontReason::bad_chunk, "x"}, true).find("\r\nConnection: close\r\n"), std::string::npos);
  const std::size_t body = text.find("\r\n\r\n") + 4;
  EXPECT_NE(text.find("\r\nContent-Length: " + std::to_string(text.size() - body) + "\r\n"), std::string::npos);
}

std::string packed(const std::string& plain, int window_bits = 15 + 16) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string text(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  deflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  deflateEnd(&stream);
  return text;
}

TEST(Inflate, UpToTheLimitAndNoFurther) {
  const std::string plain(100'000, 'x');
  std::string out;
  EXPECT_EQ(inflate_gzip(packed(plain), plain.size(), out), InflateEnd::complete);
  EXPECT_EQ(out, plain);
  EXPECT_EQ(inflate_gzip(packed(plain), plain.size() - 1, out), InflateEnd::too_large);
  EXPECT_LT(out.capacity(), 2 * plain.size()) << "and not inflated to its end";
  EXPECT_EQ(inflate_gzip(packed(""), 0, out), InflateEnd::complete);
}

TEST(Inflate, WhatIsNotOneWholeGzipIsBroken) {
  const std::string whole = packed("some text that is long enough to be damaged");
  std::string out;
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(inflate_gzip(whole.substr(0, size), 1000, out), InflateEnd::broken) << size;
  EXPECT_EQ(inflate_gzip(whole + "x", 1000, out), InflateEnd::broken);
  EXPECT_EQ(inflate_gzip(whole + whole, 1000, out), InflateEnd::broken);
  EXPECT_EQ(inflate_gzip(packed("zlib, not gzip", 15), 1000, out), InflateEnd::broken);
  std::string damaged = whole;
  damaged[damaged.size() - 6] ^= 1; // in the checksum
  EXPECT_EQ(inflate_gzip(damaged, 1000, out), InflateEnd::broken);
}

constexpr std::int64_t second = 1'000'000'000;

TEST(RateLimits, ABurstThenTheSustainedRate) {
  RateLimiter limiter({2, 5}, 16);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.refused_for(1, 0), std::nullopt) << i;
  EXPECT_EQ(limiter.refused_for(1, 0), 1);
  EXPECT_EQ(limiter.refused_for(2, 0), std::nullopt) << "another caller has a burst of its own";
  EXPECT_EQ(limiter.refused_for(1, second / 2 - 1), 1);
  EXPECT_EQ(limiter.refused_for(1, second / 2), std::nullopt);
  EXPECT_EQ(limiter.refused_for(1, second / 2), 1);
}

TEST(RateLimits, NoneIsNone) {
  RateLimiter limiter({}, 16);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(limiter.refused_for(1, 0), std::nullopt);
}

RC_GTEST_PROP(RateLimits, NoWindowHoldsMoreThanItMay, ()) {
  const int per_second = *rc::gen::inRange(1, 50), burst = *rc::gen::inRange(1, 20);
  const auto gaps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 400));
  RateLimiter limiter({static_cast<double>(per_second), static_cast<double>(burst)}, 1);
  std::int64_t now = 0;
  std::vector<std::int64_t> admitted;
  for (const int gap : gaps) {
    now += static_cast<std::int64_t>(gap) * 1'000'000;
    if (!limiter.refused_for(7, now)) admitted.push_back(now);
  }
  for (std::size_t i = 0; i < admitted.size(); ++i)
    for (std::size_t j = i; j < admitted.size(); ++j) {
      const double seconds = static_cast<double>(admitted[j] - admitted[i]) * 1e-9;
      RC_ASSERT(static_cast<double>(j - i + 1) <= burst + seconds * per_second + 1e-6);
    }
}

RC_GTEST_PROP(RateLimits, WhoWaitsAsLongAsToldIsLetIn, ()) {
  const int per_second = *rc::gen::inRange(1, 50), burst = *rc::gen::inRange(1, 20), questions = *rc::gen::inRange(1, 60);
  RateLimiter limiter({static_cast<double>(per_second), static_cast<double>(burst)}, 1);
  std::int64_t now = 0;
  for (int i = 0; i < questions; ++i) {
    if (const auto seconds = limiter.refused_for(7, now)) {
      now += *seconds * second;
      RC_ASSERT(!limiter.refused_for(7, now));
    }
  }
}

TEST(RateLimits, AFloodOfCallersForgetsThoseNearestToForgiven) {
  RateLimiter limiter({1, 3}, 1); // room for four
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.refused_for(1, 0), std::nullopt);
  for (std::uint64_t caller = 100; caller < 1100; ++caller) EXPECT_EQ(limiter.refused_for(caller, 0), std::nullopt);
  EXPECT_TRUE(limiter.refused_for(1, 0)) << "the busiest one is still known";
}

TEST(WorkQueues, TakeWhatTheyHaveRoomForAndDoIt) {
  std::array<std::unique_ptr<Connection>, 5> connections;
  std::vector<Connection*> jobs;
  for (auto& connection : connections) {
    connection = std::make_unique<Connection>(::dup(0));
    jobs.push_back(connection.get());
  }
  std::latch held(1);
  std::atomic<int> done{0};
  {
    WorkQueue queue(1, 3, [&](Connection&) { held.wait(); ++done; }, {});
    EXPECT_EQ(queue.push(std::span(jobs).first(1), {}), 1U);
    while (queue.waiting() > 0) std::this_thread::yield(); // the one worker has it
    EXPECT_EQ(queue.push(std::span(jobs).subspan(1), {}), 3U);
    queue.push_admitted(*jobs[4], {});
    EXPECT_EQ(queue.waiting(), 4U);
    held.count_down();
  }
  EXPECT_EQ(done, 5) << "stopping does what was taken in";
}

TEST(WorkQueues, JobsBehindOnesThatWaitAreHurried) {
  using std::chrono::milliseconds;
  constexpr int threads = 40;
  std::vector<std::unique_ptr<Connection>> connections;
  std::vector<Connection*> jobs;
  for (int i = 0; i < threads; ++i) jobs.push_back(connections.emplace_back(std::make_unique<Connection>(::dup(0))).get());
  std::latch all(threads);
  WorkQueue queue(threads, threads, [&](Connection&) { all.arrive_and_wait(); }, {}); // each waits for every other
  ASSERT_EQ(queue.push(jobs, {}), jobs.size());
  while (queue.hurry(WorkQueue::Time(milliseconds(2)), milliseconds(1))) std::this_thread::yield();
  all.wait();
}

} // namespace
} // namespace takt::test
