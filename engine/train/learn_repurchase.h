#pragma once
/// Repurchase cycles per category from the orders that customers kept: `takt train` calls it; a pause that says "learnt" is served by it.
/// Unit: one customer and one full category. His interval is the median between his order days of it, so that who buys coffee weekly is one
/// voice, not fifty; a category's is the median over the units in it and below it, because two orders of different things in one department
/// are no repurchase. Drawn to the parent on the logarithmic scale with the weight of `strength` customers (empirical Bayes, fixed weight);
/// over all categories lies the median of everything, which draws but never serves. Refused below `customers_min` customers.
/// Orders within a day are one purchase in several parcels. What was returned (net quantity 0) teaches nothing. Left out: bots.
/// Bias, known and kept: an interval that has not ended yet is not counted, so of a young shop cycles come out short; the policy's `min`
/// bounds that. Errors: those of the store. Threads: one. Deterministic. Cost: one read of every record; memory 16 bytes per unit and level.
#include "core/result.h"
#include "engine/repurchase_model.h"
#include "store/store.h"

#include <functional>
#include <memory>

namespace takt {

struct LearnRepurchaseOptions {
  UtcTime now{};                             ///< orders until then
  std::uint64_t customers_min = 20;          ///< a median of fewer moves by half its length from one customer to the next
  double strength = 20;                      ///< the parent's weight, in customers
};

Result<std::shared_ptr<const RepurchaseModel>> learn_repurchase(Store& store, const LearnRepurchaseOptions& options, const std::function<void(double)>& progress);

} // namespace takt
