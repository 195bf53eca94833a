#pragma once
/// iALS: customers and items as vectors whose product says how likely they belong together (Hu, Koren, Volinsky 2008, with the loss and
/// the regularisation of Rendle, Krichene, Zhang, Koren 2022):
///   L = Σ_seen w (ŷ−1)² + α₀ Σ_all ŷ² + λ (Σ_u #u^ν ‖u‖² + Σ_i #i^ν ‖i‖²),   #u = seen by u + α₀·items, #i alike.
/// Each epoch solves for all customers, then for all items; each row is a system of its own, so neither order nor threads change a bit.
/// Resumable: between two epochs the vectors of the items are all there is. Errors: none. Threads: as an argument.
/// Cost of an epoch: dimension² per interaction and side, dimension³/3 per row; d = 64 and 1 M interactions: a few seconds.
#include "engine/relevance/factors.h"
#include "engine/relevance/interaction_matrix.h"
#include "engine/relevance/method.h"

#include <functional>
#include <memory>

namespace takt {

struct IalsOptions {
  std::size_t dimension = 64;
  std::size_t epochs = 16;
  float unseen_weight = 0.05F; ///< α₀: how much it counts that somebody did not do something
  float lambda = 0.005F;
  float nu = 1; ///< 1: those with much data are held back more
  std::uint64_t seed = 1;
  std::size_t threads = 1;
};

/// What is served: the item vectors, and how a customer's vector follows from a history. Immutable. Threads: any.
class IalsModel {
public:
  IalsModel() = default;
  /// `items` are the trained ones.
  IalsModel(Factors items, const IalsOptions& options);
  const Factors& items() const { return items_; }
  const IalsOptions& options() const { return options_; }
  /// The customer vector that training would give this history: stride() values. Items out of range are skipped; nothing known: all 0.
  /// Cost: dimension² per item and dimension³/3 (30 items, d = 64: ~20 µs).
  std::vector<float> fold_in(std::span<const HistoryItem> history) const;

private:
  Factors items_;
  SymmetricSystem gramian_{0}; ///< Σ over the items of v vᵀ
  IalsOptions options_;
};

class IalsTrainer {
public:
  /// Keeps what it is given by reference.
  IalsTrainer(const InteractionMatrix& customers, const InteractionMatrix& items, const IalsOptions& options);
  /// Goes on from item vectors that so many epochs gave; of these dimensions. The customers' follow in the next one.
  void start_from(Factors items);
  void run_epoch();
  /// L. Cost: about that of an epoch, without the systems.
  double loss() const;
  const Factors& customer_factors() const { return customer_factors_; }
  const Factors& item_factors() const { return item_factors_; }

private:
  const InteractionMatrix& customers_;
  const InteractionMatrix& items_;
  IalsOptions options_;
  Factors customer_factors_, item_factors_;
};

/// For a training that may be killed: where it begins, and who is told after each epoch.
struct IalsCheckpoint {
  std::size_t epochs_done = 0;
  Factors items;                                       ///< after these epochs; empty: from the beginning
  std::function<void(std::size_t epochs_done, const Factors& items)> keep = {};
};

IalsModel train_ials(const InteractionMatrix& customers, const IalsOptions& options, const std::function<void(double)>& progress = {},
                     const IalsCheckpoint& checkpoint = {});

/// Inner product of the folded-in customer with every item.
class IalsMethod final : public RelevanceMethod {
public:
  explicit IalsMethod(std::shared_ptr<const IalsModel> model) : model_(std::move(model)) {}
  void score(const RelevanceQuery& query, ScoreSheet& sheet) const override;

private:
  std::shared_ptr<const IalsModel> model_;
};

} // namespace takt
