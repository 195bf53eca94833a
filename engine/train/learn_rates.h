#pragma once
/// How often what was shown was clicked and bought, per item, category and brand, from the ledgers. A click counts P(intended) of its
/// dwell, as it does for the scorer, so that taps nobody meant raise no rate; of one that the record's journey no longer holds, or that
/// came without a dwell, the usual share is meant. A newcomer has the rates of what it is:
/// an item is pulled towards its category, a category towards the one above, those at the top towards everything (an empirical Bayes
/// estimate with a fixed weight; Robbins 1956). Bots, ghosts and what was never shown do not count.
/// Deterministic. Errors: those of the store. Threads: one. Cost: one read of every record.
#include "core/result.h"
#include "engine/catalogue.h"
#include "engine/models.h"
#include "features/intent.h"
#include "store/store.h"

#include <functional>
#include <map>

namespace takt {

/// So many impressions weigh as much as what the item is.
constexpr double item_rate_prior = 50, category_rate_prior = 200;
/// An order belongs to an impression of the item, or of its group, this long.
constexpr Duration order_after_impression = days(7);

struct LearntRates {
  ResponseRates rates;
  std::size_t impressions = 0, orders = 0;
  double clicks = 0;                                   ///< meant ones: the sum of P(intended)
  SymbolMap<std::uint32_t> shown = {};                 ///< impressions of each item of the catalogue that had any
};

/// Counts records one by one.
class RateCounter {
public:
  /// `intent` judges the dwell times; the prior where it learnt nothing.
  explicit RateCounter(UtcTime now, IntentModel intent = {}) : now_(now), intent_(std::move(intent)) {}
  void add(const CustomerRecord& record);
  LearntRates learnt(const Catalogue& catalogue) const;

private:
  struct Counts {
    double impressions = 0, clicks = 0, orders = 0;
    void add(const Counts& other);
    Response smoothed(const Response& prior, double prior_impressions) const;
  };
  double intent_of(const CustomerRecord& record, const Entry& entry, Symbol item) const;
  void rate_kinds(const Catalogue& catalogue, ResponseRates& rates) const;
  UtcTime now_;
  IntentModel intent_;
  std::map<Symbol, Counts> items_;
};

Result<LearntRates> learn_rates(Store& store, const Catalogue& catalogue, const IntentModel& intent, UtcTime now, const std::function<void(double)>& progress);

} // namespace takt
