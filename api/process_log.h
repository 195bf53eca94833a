#pragma once
/// What the process says of its work: a line per answered or refused request, and one for each thing that happened to it. As JSON for machines
/// or as text for people. A line names routes by their pattern, and neither customers nor addresses. Whoever writes one never waits: lines
/// are gathered and a thread of their own hands them on; where nobody takes them, what does not fit is dropped and counted.
/// Threads: any. Cost: ~1 µs a line and no system call.
#include "api/log_format.h"
#include "core/time.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace takt {

enum class LogLevel : std::uint8_t { info, warning, error };

/// One request at its end. Of a streamed answer that is when its last piece was made, or its reader left.
struct RequestLine {
  std::string_view id;                               ///< "" = refused before it had one
  std::string_view traceparent;                      ///< as it came; ignored where it is malformed
  std::string_view method;
  std::string_view route;                            ///< the pattern, never the path: paths name customers
  int status = 0;
  double seconds = 0;                                ///< from its last byte
  std::string_view key_id;                           ///< of the API key; "" = none
  std::string_view code;                             ///< why the front refused it; "" = it did not
};

class ProcessLog {
public:
  /// Writes to `descriptor`, which stays the caller's. `clock` must outlive it.
  ProcessLog(LogFormat format, int descriptor, const Clock& clock);
  /// Hands on what is left; gives up where nobody takes it.
  ~ProcessLog();
  ProcessLog(const ProcessLog&) = delete;
  ProcessLog& operator=(const ProcessLog&) = delete;

  void request(const RequestLine& line);
  /// `text` is one sentence without a line break.
  void event(LogLevel level, std::string_view text);
  /// Lines that nobody took in time.
  std::uint64_t dropped() const { return dropped_; }

private:
  void add(std::string_view line);
  void hand_on();
  bool write_some(std::string_view& bytes);

  const LogFormat format_;
  const int descriptor_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string lines_;                                ///< gathered and not yet being written
  bool ended_ = false;
  std::condition_variable ending_;
  std::atomic<std::uint64_t> dropped_{0};
  std::thread writer_;                               ///< last: it uses the rest
};

} // namespace takt
