// The only file that includes FAISS: its exceptions, raw pointers and −1 padding end here.
#include "core/check.h"
#include "engine/index/byte_product.h"
#include "engine/index/exact_index.h"
#include "engine/index/inner_product.h"

#include <array>
#include <cmath>
#include <algorithm>
#include <exception>
#include <faiss/IndexFlat.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/invlists/InvertedLists.h>
#include <limits>
#include <numeric>

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

/// Codes put some rows a little too high and some too low: so many of the best by code are multiplied out again, with floats, and the best
/// of those are the answer. Rounding is about a hundredth of the spread of the scores; the rows that near the last place are fewer than this.
constexpr std::size_t again_of_four = 5, again_min = 16;
std::size_t rows_again(std::size_t wanted) { return wanted * again_of_four / 4 + again_min; }

/// A query against rows stored as one byte per dimension (FAISS QT_8bit: value = low + width · (code + 0.5) / 255, per dimension):
/// query · row = offset + scale · (weights · codes).
class CodedQuery {
public:
  void set(const float* query, const std::vector<float>& ranges, std::size_t dimension) {
    const float *low = ranges.data(), *width = low + dimension;
    std::vector<float> steps(dimension);
    float largest = 0;
    offset_ = 0;
    for (std::size_t d = 0; d < dimension; ++d) {
      steps[d] = query[d] * width[d] / 255;
      largest = std::max(largest, std::abs(steps[d]));
      offset_ += query[d] * low[d] + steps[d] / 2;
    }
    scale_ = largest / 127;
    weights_.resize(dimension);
    for (std::size_t d = 0; d < dimension; ++d) weights_[d] = scale_ > 0 ? static_cast<std::int8_t>(std::lround(steps[d] / scale_)) : std::int8_t{0};
  }
  /// Offers what may be among the best: row i under name(i).
  template <class Name>
  void scan(const std::uint8_t* codes, std::size_t count, TopHits& best, Name&& name) const {
    constexpr std::size_t block = 256; // the bar rises while the first rows come in
    std::array<ByteHit, block> hits;
    for (std::size_t begin = 0; begin < count; begin += block) {
      const std::size_t width = std::min(block, count - begin);
      const std::size_t kept = byte_products(weights_.data(), codes + begin * weights_.size(), weights_.size(), width, product_at(best.bar()), hits.data());
      for (const ByteHit& hit : std::span(hits).first(kept)) best.offer(name(begin + hit.row), offset_ + scale_ * static_cast<float>(hit.product));
    }
  }

private:
  /// No product below it reaches the score.
  std::int32_t product_at(float score) const {
    const float product = scale_ > 0 ? std::floor((score - offset_) / scale_) - 2 : -std::numeric_limits<float>::infinity();
    constexpr float largest = 1e9F; // within 32 bits; products are smaller
    return static_cast<std::int32_t>(std::clamp(product, -largest, largest));
  }

  std::vector<std::int8_t> weights_;
  float scale_ = 0, offset_ = 0;
};

/// The longest rows as codes of their own ranges: they are several times as long as the others.
class CodedRows {
public:
  CodedRows(std::span<const float> rows, std::size_t dimension)
      : quantizer_(dimension, faiss::ScalarQuantizer::QT_8bit), codes_(rows.size()) {
    if (rows.empty()) return;
    quantizer_.train(rows.size() / dimension, rows.data());
    quantizer_.compute_codes(rows.data(), codes_.data(), rows.size() / dimension);
  }
  void scan(std::span<const float> query, std::span<const std::uint32_t> names, TopHits& best) const {
    if (codes_.empty()) return;
    CodedQuery coded;
    coded.set(query.data(), quantizer_.trained, query.size());
    coded.scan(codes_.data(), names.size(), best, [&](std::size_t i) { return names[i]; });
  }

private:
  faiss::ScalarQuantizer quantizer_;
  std::vector<std::uint8_t> codes_;
};

class FaissIndex final : public VectorIndex {
public:
  FaissIndex(std::span<const float> rows, std::size_t dimension) : FaissIndex(rows, dimension, square_lengths(rows, dimension)) {}

  std::vector<VectorHit> search(std::span<const float> query, const SearchLimits& limits) const override {
    const std::size_t wanted = std::min(limits.items_max, size()), again = std::min(rows_again(wanted), size());
    TopHits near(again);
    head_.scan(query, head_names(), near);
    search_tail(query, limits.probes, near);
    TopHits best(wanted);
    const std::vector<VectorHit> nearest = near.take();
    for (const VectorHit& hit : nearest) prefetch(row(hit.row)); // from all over the memory: asked for together they arrive together
    for (const VectorHit& hit : nearest) best.offer(hit.row, inner_product(query.data(), row(hit.row).data(), dimension_));
    return best.take();
  }
  std::size_t size() const override { return order_.size(); }
  std::size_t dimension() const override { return dimension_; }
  std::string name() const override { return "faiss-ivf"; }

private:
  FaissIndex(std::span<const float> rows, std::size_t dimension, const std::vector<double>& squares)
      : rows_(rows), dimension_(dimension), order_(by_length(squares)), head_count_(exact_rows(order_, squares)),
        head_(gather(rows, dimension, head_names()), dimension), coarse_(static_cast<faiss::Index::idx_t>(dimension)),
        tail_(&coarse_, dimension, lists_for(order_.size() - head_count_), faiss::ScalarQuantizer::QT_8bit, faiss::METRIC_INNER_PRODUCT, false) {
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

  std::span<const float> row(std::uint32_t index) const { return rows_.subspan(index * dimension_, dimension_); }
  static void prefetch(std::span<const float> row) {
    constexpr std::size_t floats_per_line = 16;
    for (std::size_t i = 0; i < row.size(); i += floats_per_line) __builtin_prefetch(row.data() + i);
  }
  std::span<const std::uint32_t> head_names() const { return std::span(order_).first(head_count_); }
  std::span<const std::uint32_t> tail_names() const { return std::span(order_).subspan(head_count_); }

  /// FAISS clusters, encodes and keeps the lists; they are read here and not by its search, whose loops are built for any x86-64, one
  /// number at a time, and whose heap starts empty where the head has set a bar already that few rows of the tail reach.
  void search_tail(std::span<const float> query, std::size_t probes, TopHits& best) const {
    if (!centroids_) return;
    CodedQuery coded;
    coded.set(query.data(), tail_.sq.trained, dimension_);
    for (const VectorHit& near : centroids_->search(query, {.items_max = std::clamp<std::size_t>(probes, 1, tail_.nlist)})) {
      faiss::InvertedLists::ScopedCodes codes(tail_.invlists, near.row);
      const faiss::InvertedLists::ScopedIds ids(tail_.invlists, near.row);
      coded.scan(codes.get(), tail_.invlists->list_size(near.row), best, [&](std::size_t i) { return tail_names()[static_cast<std::size_t>(ids[i])]; });
    }
  }

  std::span<const float> rows_;      ///< not ours
  std::size_t dimension_;
  std::vector<std::uint32_t> order_; ///< rows by length: the first head_count_ are scanned, the rest is FAISS row 0, 1, …
  std::size_t head_count_;
  CodedRows head_;
  faiss::IndexFlatIP coarse_;
  faiss::IndexIVFScalarQuantizer tail_;
  std::unique_ptr<ExactIndex> centroids_; ///< of coarse_, multiplied by our own loop; null where the tail is empty
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
