#pragma once
/// Work over a range in blocks, on a given number of threads. Which thread does which block is chance; what a block computes must not
/// depend on it. Errors: none. Threads: the caller is one of them.
#include <cstddef>
#include <functional>

namespace takt {

/// work(worker, begin, end) with worker < threads. `progress` (may be empty) hears the share that has been begun, on the caller's thread.
void for_blocks(std::size_t count, std::size_t block, std::size_t threads,
                const std::function<void(std::size_t worker, std::size_t begin, std::size_t end)>& work,
                const std::function<void(double)>& progress = {});

} // namespace takt
