// The only file that includes FAISS: its exceptions, raw pointers and −1 padding end here.
#include "core/check.h"
#include "engine/index/exact_index.h"
#include "engine/index/inner_product.h"

#include <array>
#include <cmath>
#include <exception>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/utils/Heap.h>
#include <numeric>
#include <omp.h>

namespace takt {
namespace {

/// Inner product favours long vectors: in four real sets the longest 5 % hold seven of eight of the top ten (ip-NSW+, Liu et al.
/// 2019), and a graph or an inverted list that ignores it loses them. So the longest are scanned exactly: 2 % of many, and of
/// fewer rows up to a tenth, as long as the scan stays near 30 µs.
constexpr std::size_t exact_one_of = 50;
constexpr std::size_t exact_one_of_few = 10;
constexpr std::size_t exact_rows_cheap = 4096;
/// Rows of one length have no longest: where the longest is within this share of the middle one, none is scanned.
constexpr double same_length_within = 0.01;
/// Too few to cluster.
constexpr std::size_t tail_rows_min = 400;
/// More centroids than rows / 39 make FAISS complain that they are not learnt; sqrt(rows) balances centroids and list lengths.
constexpr std::size_t rows_per_list_min = 39;
/// k-means from a sample: 64 points per centroid place it well enough, and 1 M rows cluster in seconds.
constexpr int sample_per_list = 64;
constexpr int clustering_rounds = 10;
constexpr int clustering_seed = 1234;

/// How many of the rows, by descending length, are scanned.
std::size_t exact_rows(std::span<const std::uint32_t> order, std::span<const double> squares) {
  const std::size_t rows = order.size();
  if (rows < tail_rows_min) return rows;
  if (squares[order.front()] <= squares[order[rows / 2]] * (1 + 2 * same_length_within)) return 0;
  return std::max(rows / exact_one_of, std::min(rows / exact_one_of_few, exact_rows_cheap));
}

std::size_t lists_for(std::size_t rows) {
  const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(rows)));
  return std::max<std::size_t>(1, std::min(root, rows / rows_per_list_min));
}

std::vector<double> square_lengths(std::span<const float> rows, std::size_t dimension) {
  std::vector<double> squares(rows.size() / dimension);
  for (std::size_t r = 0; r < squares.size(); ++r)
    for (const float value : rows.subspan(r * dimension, dimension)) squares[r] += static_cast<double>(value) * static_cast<double>(value);
  return squares;
}

/// Rows by descending length, ties by row.
std::vector<std::uint32_t> by_length(std::span<const double> squares) {
  std::vector<std::uint32_t> order(squares.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return squares[a] > squares[b]; });
  return order;
}

std::vector<float> gather(std::span<const float> rows, std::size_t dimension, std::span<const std::uint32_t> chosen) {
  std::vector<float> values;
  values.reserve(chosen.size() * dimension);
  for (const std::uint32_t row : chosen) {
    const auto one = rows.subspan(row * dimension, dimension);
    values.insert(values.end(), one.begin(), one.end());
  }
  return values;
}

/// FAISS's own hook for scanning a list. Debian's FAISS does it one float at a time (it is built for any x86-64): three quarters
/// of a search.
class ListScanner final : public faiss::InvertedListScanner {
public:
  explicit ListScanner(std::size_t dimension) : dimension_(dimension) {
    keep_max = true; // inner product
    code_size = dimension * sizeof(float);
  }
  void set_query(const float* query) override { query_ = query; }
  void set_list(idx_t list, float) override { list_no = list; }
  float distance_to_code(const std::uint8_t* code) const override { return inner_product(query_, reinterpret_cast<const float*>(code), dimension_); }
  std::size_t scan_codes(std::size_t count, const std::uint8_t* codes, const idx_t* ids, float* scores, idx_t* rows, std::size_t wanted) const override {
    constexpr std::size_t block = 256;
    std::array<float, block> products;
    std::size_t changes = 0;
    for (std::size_t begin = 0; begin < count; begin += block) {
      const std::size_t width = std::min(block, count - begin);
      inner_products(query_, reinterpret_cast<const float*>(codes) + begin * dimension_, dimension_, width, products.data());
      for (std::size_t i = 0; i < width; ++i) {
        if (!(products[i] > scores[0])) continue; // scores is a heap: the worst of the best stands first
        faiss::minheap_replace_top(wanted, scores, rows, products[i], ids[begin + i]);
        ++changes;
      }
    }
    return changes;
  }

private:
  std::size_t dimension_;
  const float* query_ = nullptr;
};

class InvertedFile final : public faiss::IndexIVFFlat {
public:
  using faiss::IndexIVFFlat::IndexIVFFlat;
  faiss::InvertedListScanner* get_InvertedListScanner(bool store_pairs, const faiss::IDSelector* selector) const override {
    TAKT_CHECK(!store_pairs && !selector, "searches here ask for plain rows");
    return new ListScanner(static_cast<std::size_t>(d)); // FAISS deletes it
  }
};

class FaissIndex final : public VectorIndex {
public:
  FaissIndex(std::span<const float> rows, std::size_t dimension) : FaissIndex(rows, dimension, square_lengths(rows, dimension)) {}

  std::vector<VectorHit> search(std::span<const float> query, const SearchLimits& limits) const override {
    TopHits best(std::min(limits.items_max, size()));
    head_.scan(query, head_names(), best);
    search_tail(query, limits, best);
    return best.take();
  }
  std::size_t size() const override { return order_.size(); }
  std::size_t dimension() const override { return head_.dimension(); }
  std::string name() const override { return "faiss-ivf"; }

private:
  FaissIndex(std::span<const float> rows, std::size_t dimension, const std::vector<double>& squares)
      : order_(by_length(squares)), head_count_(exact_rows(order_, squares)),
        head_(gather(rows, dimension, head_names()), dimension), coarse_(static_cast<faiss::Index::idx_t>(dimension)),
        tail_(&coarse_, dimension, lists_for(order_.size() - head_count_), faiss::METRIC_INNER_PRODUCT) {
    const std::vector<float> values = gather(rows, dimension, tail_names());
    const auto count = static_cast<faiss::Index::idx_t>(tail_names().size());
    tail_.cp.seed = clustering_seed;
    tail_.cp.niter = clustering_rounds;
    tail_.cp.max_points_per_centroid = sample_per_list;
    if (count == 0) return;
    tail_.train(count, values.data());
    tail_.add(count, values.data());
    centroids_ = std::make_unique<ExactIndex>(std::span(coarse_.get_xb(), tail_.nlist * dimension), dimension);
  }

  std::span<const std::uint32_t> head_names() const { return std::span(order_).first(head_count_); }
  std::span<const std::uint32_t> tail_names() const { return std::span(order_).subspan(head_count_); }

  void search_tail(std::span<const float> query, const SearchLimits& limits, TopHits& best) const {
    const std::size_t wanted = std::min(limits.items_max, tail_names().size());
    if (wanted == 0) return;
    // A request is one thread of many: parallel loops inside it would only fight the others. The setting is the thread's own.
    omp_set_num_threads(1);
    faiss::SearchParametersIVF parameters;
    parameters.nprobe = std::clamp<std::size_t>(limits.probes, 1, tail_.nlist);
    std::vector<faiss::Index::idx_t> lists;
    std::vector<float> list_scores;
    for (const VectorHit& near : centroids_->search(query, {.items_max = parameters.nprobe})) {
      lists.push_back(static_cast<faiss::Index::idx_t>(near.row));
      list_scores.push_back(near.score);
    }
    std::vector<float> scores(wanted);
    std::vector<faiss::Index::idx_t> rows(wanted, -1);
    try {
      tail_.search_preassigned(1, query.data(), static_cast<faiss::Index::idx_t>(wanted), lists.data(), list_scores.data(), scores.data(), rows.data(),
                               false, &parameters);
    } catch (const std::exception&) {
      return; // out of memory: the exact part still answers
    }
    for (std::size_t i = 0; i < wanted; ++i)
      if (rows[i] >= 0) best.offer(tail_names()[static_cast<std::size_t>(rows[i])], scores[i]);
  }

  std::vector<std::uint32_t> order_; ///< rows by length: the first head_count_ are scanned, the rest is FAISS row 0, 1, …
  std::size_t head_count_;
  ExactIndex head_;
  faiss::IndexFlatIP coarse_;
  InvertedFile tail_;
  std::unique_ptr<ExactIndex> centroids_; ///< of coarse_, for the same reason as ListScanner; null where the tail is empty
};

} // namespace

std::unique_ptr<VectorIndex> make_faiss_index(std::span<const float> rows, std::size_t dimension) {
  TAKT_CHECK(dimension > 0 && rows.size() % dimension == 0, "rows do not fit the dimension");
  try {
    return std::make_unique<FaissIndex>(rows, dimension);
  } catch (const std::exception&) {
    return make_exact_index(rows, dimension); // slower, never wrong; its name says so in every decision record
  }
}

} // namespace takt
