#pragma once
/// Seconds since it was made, for benchmarks.
#include <chrono>

namespace takt::bench {

class Stopwatch {
public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace takt::bench
