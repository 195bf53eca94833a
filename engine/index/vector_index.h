#pragma once
/// Nearest items by inner product. Rows are those of ItemVectors. Implementations: exact (Eigen) and FAISS, one contract suite.
/// Threads: `search` from any thread; nothing per request is set on the index. Errors: none (an empty index finds nothing).
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace takt {

struct VectorHit {
  std::uint32_t row = 0;
  float score = 0;                                    ///< inner product
};

struct SearchLimits {
  std::size_t items_max = 100;
  std::size_t probes = 16;                            ///< lists visited by an inverted index; ignored by the exact one
};

class VectorIndex {
public:
  virtual ~VectorIndex() = default;
  /// Best first; ties by row. At most items_max hits.
  virtual std::vector<VectorHit> search(std::span<const float> query, const SearchLimits& limits) const = 0;
  virtual std::size_t size() const = 0;
  virtual std::size_t dimension() const = 0;
  virtual std::string name() const = 0;               ///< "exact", "faiss-ivf": named in the decision record
};

/// Brute force over a row-major matrix: the truth the other one is tested against. Keeps a copy.
std::unique_ptr<VectorIndex> make_exact_index(std::span<const float> rows, std::size_t dimension);
/// Largest 2 % of norms scanned + FAISS IVF for the tail (design.md §6), both as one byte per dimension; the nearest are then multiplied
/// out with the rows themselves, so scores are exact. The rows must outlive the index. Training is seeded: same rows, same index.
std::unique_ptr<VectorIndex> make_faiss_index(std::span<const float> rows, std::size_t dimension);
/// The exact one up to `exact_index_rows_max` rows, else FAISS.
std::unique_ptr<VectorIndex> make_index(std::span<const float> rows, std::size_t dimension);
/// Where exact search takes as long as FAISS over bytes with the lists that training finds enough: about 40 µs at 64 dimensions.
constexpr std::size_t exact_index_rows_max = 5'000;

} // namespace takt
