#pragma once
/// Work of one caller on all processors: threads that live as long as the call.
#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace takt {

inline const std::size_t workers_count = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 16); // asked once: it is a system call

/// work(worker) for each of 0 … workers_count - 1, number 0 on the caller's own thread. Returns when all are done.
template <class Work>
void on_all_workers(Work&& work) {
  std::vector<std::jthread> threads;
  for (std::size_t worker = 1; worker < workers_count; ++worker) threads.emplace_back([&work, worker] { work(worker); });
  work(std::size_t{0});
}

} // namespace takt
