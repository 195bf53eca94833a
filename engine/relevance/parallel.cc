#include "engine/relevance/parallel.h"

#include <algorithm>
#include <atomic>
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
  std::vector<std::jthread> others;
  for (std::size_t worker = 1; worker < threads && worker * block < count; ++worker) others.emplace_back(run, worker);
  run(0);
  others.clear(); // joins
  if (progress) progress(1);
}

} // namespace takt
