#include "api/process_log.h"

#include "api/traceparent.h"

#include <array>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>
#include <vector>

namespace takt::test {
namespace {

using Json = nlohmann::json;
constexpr const char* parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class StandingClock final : public Clock {
public:
  UtcTime utc_now() const override { return *parse_utc("2026-11-22T22:40:12.123Z"); }
  SteadyTime steady_now() const override { return {}; }
};

/// A pipe; what was written is read after the log has gone.
class Reader {
public:
  Reader() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Reader() {
    ::close(ends_[0]);
    if (ends_[1] >= 0) ::close(ends_[1]);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  int descriptor() const { return ends_[1]; }
  std::vector<std::string> lines() {
    ::close(ends_[1]);
    ends_[1] = -1;
    std::string all;
    std::array<char, 65536> buffer;
    for (ssize_t count; (count = ::read(ends_[0], buffer.data(), buffer.size())) > 0;) all.append(buffer.data(), static_cast<std::size_t>(count));
    std::vector<std::string> lines;
    std::istringstream text(all);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

private:
  std::array<int, 2> ends_{-1, -1};
};

RequestLine decided() {
  RequestLine line;
  line.id = "r-1";
  line.traceparent = parent;
  line.method = "POST";
  line.route = "/api/v1/decide";
  line.status = 200;
  line.seconds = 0.0012341;
  line.key_id = "k1";
  return line;
}

std::vector<std::string> written(LogFormat format, const std::vector<RequestLine>& requests) {
  Reader reader;
  const StandingClock clock;
  {
    ProcessLog log(format, reader.descriptor(), clock);
    for (const RequestLine& request : requests) log.request(request);
    log.event(LogLevel::error, "a \"word\" of it");
  }
  return reader.lines();
}

TEST(ProcessLog, JsonHasALineForEachRequest) {
  RequestLine broken = decided();
  broken.status = 503;
  broken.traceparent = "00-0-0-0";
  RequestLine refused;
  refused.status = 429;
  refused.code = "rate_limited";
  const auto lines = written(LogFormat::json, {decided(), broken, refused});
  ASSERT_EQ(lines.size(), 4U);
  Json first = Json::parse(lines[0]);
  EXPECT_EQ(first.at("span_id").get<std::string>().size(), 16U);
  first.erase("span_id");
  EXPECT_EQ(first, Json::parse(R"({"ts":"2026-11-22T22:40:12.123Z","level":"info","message":"request","request_id":"r-1","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",
    "parent_id":"00f067aa0ba902b7","method":"POST","route":"/api/v1/decide","status":200,"duration_ms":1.234,"key":"k1"})"));
  const Json second = Json::parse(lines[1]);
  EXPECT_EQ(second.at("level"), "error");
  EXPECT_FALSE(second.contains("trace_id"));
  EXPECT_EQ(Json::parse(lines[2]), Json::parse(R"({"ts":"2026-11-22T22:40:12.123Z","level":"warning","message":"request","status":429,"code":"rate_limited"})"));
  EXPECT_EQ(Json::parse(lines[3]).at("message"), "a \"word\" of it");
}

TEST(ProcessLog, TextIsForPeopleAndNoneIsAboutTheProcessOnly) {
  const auto text = written(LogFormat::text, {decided()});
  ASSERT_EQ(text.size(), 2U);
  EXPECT_EQ(text[0], "2026-11-22T22:40:12.123Z info POST /api/v1/decide 200 1.234 ms request r-1 trace 4bf92f3577b34da6a3ce929d0e0e4736 key k1");
  EXPECT_EQ(text[1], "takt: a \"word\" of it");
  EXPECT_EQ(written(LogFormat::none, {decided()}), std::vector<std::string>{"takt: a \"word\" of it"});
}

TEST(ProcessLog, AReaderWhoTakesNothingCostsLinesAndNobodysTime) {
  Reader reader;
  const StandingClock clock;
  std::uint64_t dropped = 0;
  constexpr std::size_t count = 40'000;                // some 9 MB, into a pipe of 64 KiB
  {
    ProcessLog log(LogFormat::json, reader.descriptor(), clock);
    for (std::size_t i = 0; i < count; ++i) log.request(decided());
    dropped = log.dropped();
  }                                                    // ends, although nobody reads
  EXPECT_GT(dropped, 0U);
  const auto lines = reader.lines();
  EXPECT_GT(lines.size(), 0U);
  EXPECT_LT(lines.size(), count - dropped);
  for (const std::string& line : lines) EXPECT_TRUE(Json::accept(line)) << line;
}

TEST(ProcessLog, WritesToNobodyWithoutEnd) {
  Reader reader;
  const StandingClock clock;
  ProcessLog log(LogFormat::json, 1'000'000, clock);   // no such descriptor
  for (int i = 0; i < 100; ++i) log.request(decided());
  while (log.dropped() < 100) std::this_thread::yield();
  EXPECT_EQ(log.dropped(), 100U);
}

TEST(TraceParent, IsReadAsTheStandardSays) {
  const auto trace = parse_traceparent(parent);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace->parent_id, "00f067aa0ba902b7");
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like"));
  for (const char* bad : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", "00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01", "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01"})
    EXPECT_FALSE(parse_traceparent(bad)) << bad;
}

} // namespace
} // namespace takt::test
