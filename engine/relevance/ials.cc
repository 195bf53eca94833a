#include "engine/relevance/ials.h"

#include "core/check.h"
#include "core/random.h"
#include "engine/index/inner_product.h"
#include "engine/relevance/parallel.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

Factors random_factors(std::size_t rows, const IalsOptions& options, std::uint64_t stream) {
  Factors factors(rows, options.dimension);
  Random random(mix64(options.seed, stream));
  const double deviation = 0.1 / std::sqrt(static_cast<double>(options.dimension)); // Rendle et al. 2022: products start near 0.01
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t d = 0; d < options.dimension; ++d) factors.row(row)[d] = static_cast<float>(deviation * random.normal());
  return factors;
}

SymmetricSystem gramian_of(const Factors& factors) {
  SymmetricSystem gramian(factors.dimension());
  for (std::size_t row = 0; row < factors.rows(); ++row) gramian.add_outer_product(factors.row(row), 1);
  return gramian;
}

/// λ · #^ν for a row with `seen` interactions among `others` rows of the other side.
float penalty_of(std::size_t seen, std::size_t others, const IalsOptions& options) {
  const double count = static_cast<double>(seen) + static_cast<double>(options.unseen_weight) * static_cast<double>(others);
  return static_cast<float>(static_cast<double>(options.lambda) * std::pow(count, static_cast<double>(options.nu)));
}

/// Solves one row: system and right side hold Σ_seen w v vᵀ and Σ_seen w v; `gramian` is that of the other side.
class RowSolver {
public:
  RowSolver(const Factors& others, const SymmetricSystem& gramian, const IalsOptions& options)
      : others_(others), gramian_(gramian), options_(options), system_(others.dimension()) {}
  void begin(float* row) {
    row_ = row;
    seen_ = 0;
    std::fill_n(row_, others_.stride(), 0.0F);
    system_.assign_scaled(gramian_, options_.unseen_weight);
  }
  void add(std::size_t other, float weight) {
    const float* vector = others_.row(other);
    system_.add_outer_product(vector, weight);
    add_scaled(weight, vector, row_, others_.stride());
    ++seen_;
  }
  void finish() {
    system_.add_to_diagonal(penalty_of(seen_, others_.rows(), options_));
    TAKT_CHECK(system_.solve({row_, others_.stride()}), "a penalised sum of squares is positive definite");
  }

private:
  const Factors& others_;
  const SymmetricSystem& gramian_;
  const IalsOptions& options_;
  SymmetricSystem system_;
  float* row_ = nullptr;
  std::size_t seen_ = 0;
};

void solve_side(const InteractionMatrix& matrix, const Factors& others, const IalsOptions& options, Factors& factors) {
  const SymmetricSystem gramian = gramian_of(others);
  constexpr std::size_t block = 64;
  for_blocks(factors.rows(), block, options.threads, [&](std::size_t, std::size_t begin, std::size_t end) {
    RowSolver solver(others, gramian, options);
    for (std::size_t row = begin; row < end; ++row) {
      solver.begin(factors.row(row));
      for (const MatrixCell& cell : matrix.row(row)) solver.add(cell.index, cell.weight);
      solver.finish();
    }
  });
}

double penalty_sum(const InteractionMatrix& matrix, const Factors& factors, const IalsOptions& options) {
  double sum = 0;
  for (std::size_t row = 0; row < factors.rows(); ++row) {
    const float* v = factors.row(row);
    sum += static_cast<double>(penalty_of(matrix.row(row).size(), matrix.columns(), options)) *
           static_cast<double>(inner_product(v, v, factors.stride()));
  }
  return sum;
}

} // namespace

IalsTrainer::IalsTrainer(const InteractionMatrix& customers, const InteractionMatrix& items, const IalsOptions& options)
    : customers_(customers), items_(items), options_(options), customer_factors_(random_factors(customers.rows(), options, 1)),
      item_factors_(random_factors(items.rows(), options, 2)) {
  TAKT_CHECK(options.dimension > 0 && options.lambda > 0 && options.unseen_weight >= 0, "iALS needs a dimension and a penalty");
}

void IalsTrainer::start_from(Factors items) {
  TAKT_CHECK(items.rows() == items_.rows() && items.dimension() == options_.dimension, "vectors of other items or dimensions");
  item_factors_ = std::move(items);
}

void IalsTrainer::run_epoch() {
  solve_side(customers_, item_factors_, options_, customer_factors_);
  solve_side(items_, customer_factors_, options_, item_factors_);
}

double IalsTrainer::loss() const {
  double seen = 0, all = 0;
  for (std::size_t customer = 0; customer < customers_.rows(); ++customer)
    for (const MatrixCell& cell : customers_.row(customer)) {
      const auto miss =
          static_cast<double>(inner_product(customer_factors_.row(customer), item_factors_.row(cell.index), item_factors_.stride())) - 1;
      seen += static_cast<double>(cell.weight) * miss * miss;
    }
  // Σ over all pairs of (u·i)² = Σ over d, e of both gramians, element by element.
  const SymmetricSystem left = gramian_of(customer_factors_), right = gramian_of(item_factors_);
  for (std::size_t d = 0; d < options_.dimension; ++d)
    for (std::size_t e = d; e < options_.dimension; ++e)
      all += (d == e ? 1 : 2) * static_cast<double>(left.at(d, e)) * static_cast<double>(right.at(d, e));
  return seen + static_cast<double>(options_.unseen_weight) * all + penalty_sum(customers_, customer_factors_, options_) +
         penalty_sum(items_, item_factors_, options_);
}

IalsModel::IalsModel(Factors items, const IalsOptions& options) : items_(std::move(items)), gramian_(gramian_of(items_)), options_(options) {}

std::vector<float> IalsModel::fold_in(std::span<const HistoryItem> history) const {
  std::vector<float> customer(items_.stride(), 0);
  RowSolver solver(items_, gramian_, options_);
  solver.begin(customer.data());
  for (const HistoryItem& seen : history)
    if (seen.item < items_.rows()) solver.add(seen.item, seen.weight);
  solver.finish();
  return customer;
}

IalsModel train_ials(const InteractionMatrix& customers, const IalsOptions& options, const std::function<void(double)>& progress,
                     const IalsCheckpoint& checkpoint) {
  const InteractionMatrix items = customers.transposed();
  IalsTrainer trainer(customers, items, options);
  if (checkpoint.epochs_done > 0) trainer.start_from(checkpoint.items);
  for (std::size_t epoch = checkpoint.epochs_done; epoch < options.epochs; ++epoch) {
    trainer.run_epoch();
    if (checkpoint.keep) checkpoint.keep(epoch + 1, trainer.item_factors());
    if (progress) progress(static_cast<double>(epoch + 1) / static_cast<double>(options.epochs));
  }
  return {trainer.item_factors(), options};
}

void IalsMethod::score(const RelevanceQuery& query, ScoreSheet& sheet) const {
  const Factors& items = model_->items();
  if (query.history.empty() || items.rows() == 0) return;
  const std::vector<float> customer = model_->fold_in(query.history);
  std::vector<float> products(items.rows());
  inner_products(customer.data(), items.row(0), items.stride(), items.rows(), products.data());
  for (std::uint32_t item = 0; item < products.size(); ++item) sheet.add(item, products[item]);
}

} // namespace takt
