#pragma once
/// Inner products of one query with many rows. Debian builds FAISS and Eigen's callers for the oldest x86-64, so their loops use 4 lanes
/// at best; this one asks the processor and uses 16.
/// The same bits on every machine: 16 running sums, always, joined in a fixed order; wider registers only do more of them at a time.
/// Rows are row-major, `dimension` floats each. Errors: none. Threads: pure. Cost: ~6 ns per row of 64 with AVX2.
#include <cstddef>

namespace takt {

/// products[i] = query · row i, for `count` rows.
void inner_products(const float* query, const float* rows, std::size_t dimension, std::size_t count, float* products);
float inner_product(const float* a, const float* b, std::size_t dimension);

} // namespace takt
