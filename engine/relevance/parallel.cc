#include "engine/relevance/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace takt {

void for_blocks(std::size_t count, std::size_t block, std::size_t threads,
                const std::function<void(std::size_t worker, std::size_t begin, std::size_t end)>& work,
                const std::function<void(double)>& progress) {
  std::atomic<std::size_t> next{0};
  const auto run = [&](std::size_t worker) {
    for (;;) {
      const std::size_t begin = next.fetch_add(block);
      if (begin >= count) return;
      if (worker == 0 && progress) progress(static_cast<double>(begin) / static_cast<double>(count));
      work(worker, begin, std::min(begin + block, count));
    }
  };
  // No memory on a thread of ours is the caller's to hear of, not the end of the process.
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run_safely = [&](std::size_t worker) {
    try {
      run(worker);
    } catch (...) {
      next = count; // the others stop after their block
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t worker = 1; worker < threads && worker * block < count; ++worker) others.emplace_back(run_safely, worker);
  run_safely(0);
  others.clear(); // joins
  if (failure) std::rethrow_exception(failure);
  if (progress) progress(1);
}

} // namespace takt
