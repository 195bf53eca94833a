#pragma once
/// What came of what was shown: logged rows joined with the marks and orders that followed (log-and-wait). Nothing is computed
/// again: a row is what the scorer saw when it decided, so nothing of later can leak into it.
/// One row per confirmed impression of a scored item; label = P(intended) of its click within 30 minutes, else 0.
/// Left out: what was never confirmed, what is too young to have an outcome, decisions before there were rows or with another
/// feature schema, bots. Merged customers are followed: a mark counts in whichever journal it stands.
/// Memory: rows_max rows (230 bytes each, twice at the end), whatever the log holds: of a longer one a sample of its decisions is kept, by hash of the
/// decision's id, so the same log gives the same rows. Errors: those of the store. Threads: one; reads only, beside live traffic.
/// Cost: one scan of the decision log, then the journals of the customers in it, once.
#include "core/custom_feature.h"
#include "core/time.h"
#include "features/logistic_fit.h"
#include "store/store.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace takt {

constexpr Duration click_window = minutes(30);
constexpr Duration order_window = days(7);

struct OutcomeOptions {
  UtcTime from = UtcTime::min();                       ///< of the decisions
  UtcTime now{};                                       ///< what is known by then
  std::size_t rows_max = 400'000;
  std::vector<CustomFeature> custom = {};              ///< columns after the schema's; 0 in rows that were logged before one was configured
};

enum class OrderLabel : std::uint8_t { no = 0, yes = 1, unknown = 2 }; ///< unknown: the seven days are not over

struct Outcomes {
  LabelledRows data;                                   ///< label = click; ascending by time
  std::vector<OrderLabel> orders;                      ///< the item or its group, within order_window of the impression
  std::vector<UtcTime> shown_at;
  std::vector<CustomerId> customers;                   ///< whom it was shown to: rows of one person are not independent
  std::vector<CustomFeature> custom;                   ///< the columns of `data` after the schema's
  std::size_t decisions = 0;                           ///< in the log, in the range
  std::size_t other_schema = 0;                        ///< of them: rows of other columns
  std::size_t without_rows = 0;                        ///< … nothing was scored, or logged before there were rows
  std::size_t sampled_decisions = 0;                   ///< whose rows were kept before the join
  std::size_t unconfirmed = 0, too_young = 0, of_bots = 0; ///< rows that were kept and have no outcome
};

Result<Outcomes> read_outcomes(Store& store, const OutcomeOptions& options, const std::function<void(double)>& progress);

} // namespace takt
