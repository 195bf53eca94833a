#include "api/process_log.h"

#include "api/json/writer.h"
#include "api/traceparent.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <poll.h>
#include <random>
#include <unistd.h>

namespace takt {
namespace {

constexpr std::array<std::string_view, 3> format_names{"none", "text", "json"};
constexpr std::array<std::string_view, 3> level_names{"info", "warning", "error"};
constexpr int failed_status_min = 500;

/// Lines wait for so long at most; nobody wakes the writer, because that would cost each request a system call.
constexpr std::chrono::milliseconds gather_time{50};
/// 20,000 lines: what a burst makes while a reader such as journald rotates its files.
constexpr std::size_t gathered_bytes_max = std::size_t{4} << 20;
/// A pipe that can be written to takes that much without waiting (POSIX: PIPE_BUF), a larger piece might block for ever.
constexpr std::size_t piece_bytes = 4096;
/// How long a reader that takes nothing may keep the process from ending.
constexpr int patience_ms = 500;

LogLevel level_of(const RequestLine& line) {
  if (line.status >= failed_status_min) return LogLevel::error;
  return line.code.empty() ? LogLevel::info : LogLevel::warning;
}

std::string new_span_id() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return fmt::format("{:016x}", generator() | 1); // all zeros would be no span
}

void begin_line(JsonWriter& json, UtcTime now, LogLevel level, std::string_view message) {
  json.begin_object().field("ts", now).field("level", level_names[static_cast<std::size_t>(level)]).field("message", message);
}

} // namespace

std::optional<LogFormat> parse_log_format(std::string_view text) {
  for (std::size_t i = 0; i < format_names.size(); ++i)
    if (format_names[i] == text) return static_cast<LogFormat>(i);
  return std::nullopt;
}

std::string_view to_text(LogFormat format) { return format_names[static_cast<std::size_t>(format)]; }

ProcessLog::ProcessLog(LogFormat format, int descriptor, const Clock& clock)
    : format_(format), descriptor_(descriptor), clock_(clock), writer_([this] { hand_on(); }) {}

ProcessLog::~ProcessLog() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_one();
  writer_.join();
}

void ProcessLog::request(const RequestLine& line) {
  if (format_ == LogFormat::none) return;
  const LogLevel level = level_of(line);
  const auto trace = parse_traceparent(line.traceparent);
  const double milliseconds = line.seconds * 1e3;
  if (format_ == LogFormat::text) {
    std::string text = fmt::format("{} {} {} {} {} {:.3f} ms", format_utc(clock_.utc_now()), level_names[static_cast<std::size_t>(level)],
                                   line.method.empty() ? "-" : line.method, line.route.empty() ? "-" : line.route, line.status, milliseconds);
    if (!line.id.empty()) text.append(" request ").append(line.id);
    if (trace) text.append(" trace ").append(trace->trace_id);
    if (!line.key_id.empty()) text.append(" key ").append(line.key_id);
    if (!line.code.empty()) text.append(" ").append(line.code);
    return add(text);
  }
  JsonWriter json;
  begin_line(json, clock_.utc_now(), level, "request");
  if (!line.id.empty()) json.field("request_id", line.id);
  if (trace) json.field("trace_id", trace->trace_id).field("parent_id", trace->parent_id).field("span_id", new_span_id());
  if (!line.method.empty()) json.field("method", line.method);
  if (!line.route.empty()) json.field("route", line.route);
  json.field("status", static_cast<std::int64_t>(line.status));
  if (line.code.empty()) json.field("duration_ms", static_cast<double>(static_cast<std::int64_t>(milliseconds * 1e3)) / 1e3); // to the microsecond
  else json.field("code", line.code);
  if (!line.key_id.empty()) json.field("key", line.key_id);
  add(json.end_object().take());
}

void ProcessLog::event(LogLevel level, std::string_view text) {
  if (format_ != LogFormat::json) return add(fmt::format("takt: {}", text));
  JsonWriter json;
  begin_line(json, clock_.utc_now(), level, text);
  add(json.end_object().take());
}

void ProcessLog::add(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (lines_.size() + line.size() >= gathered_bytes_max) {
    ++dropped_;
    return;
  }
  lines_.append(line).push_back('\n');
}

/// False: nobody takes it, now or ever.
bool ProcessLog::write_some(std::string_view& bytes) {
  pollfd ready{descriptor_, POLLOUT, 0};
  const int count_ready = ::poll(&ready, 1, patience_ms);
  if (count_ready == 0) {
    const std::lock_guard lock(mutex_);
    return !ended_;
  }
  std::string_view piece = bytes.substr(0, piece_bytes);
  if (const std::size_t end = piece.rfind('\n'); end != std::string_view::npos) piece = piece.substr(0, end + 1); // whole lines: others write here, too
  const ssize_t count = count_ready > 0 ? ::write(descriptor_, piece.data(), piece.size()) : -1;
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  bytes.remove_prefix(static_cast<std::size_t>(count));
  return true;
}

void ProcessLog::hand_on() {
  for (bool last = false; !last;) {
    std::string taken;
    {
      std::unique_lock lock(mutex_);
      ending_.wait_for(lock, gather_time, [this] { return ended_; });
      last = ended_;
      taken.swap(lines_);
    }
    std::string_view bytes = taken;
    while (!bytes.empty() && write_some(bytes)) {}
    dropped_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  }
}

} // namespace takt
