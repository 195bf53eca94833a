#pragma once
/// A thread that takes what was erased out of the files (Erasures::scrub), so that nobody waits for rewritten files in a request. What is
/// asked for while it works is done after. Threads: any; the destructor stops it between two files.
#include "core/result.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace takt {

class Scrubber {
public:
  /// `go_on` false = stop.
  using Work = std::function<Status(bool everything, const std::function<bool()>& go_on)>;
  explicit Scrubber(Work scrub);
  ~Scrubber();
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

  void ask(bool everything);
  /// Until what was asked for so far is done; the error of the last attempt where it failed.
  Status wait();

private:
  void run();

  Work scrub_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t asked_ = 0, finished_ = 0;   ///< turns
  bool everything_ = false, stops_ = false;
  Status last_;
  std::thread thread_;                       ///< last: it uses the others
};

} // namespace takt
