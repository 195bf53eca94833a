#pragma once
/// What would have happened under this draft? START HERE. Every logged decision of the sampled customers again, each from the record that the
/// draft would have left behind; what is frozen, and what becomes of marks and clicks: simulate.h. Two answers about clicks and value that are
/// never mixed: the model's, over everything that is shown; and one from logged responses alone, weighted by propensities, which may have to say
/// that it cannot know.
/// Units: UTC, shares in [0, 1], money in the account's currency. Errors: invalid (from >= to, sample outside (0, 1]); those of the store.
/// Threads: one call at a time per object passed in; it runs `threads` of its own. Reads only, beside live traffic. Deterministic: the same store,
/// draft and options give the same report on any number of threads. Cost: some 200 µs a decision and core; memory: one customer per thread.
#include "engine/what_if/figures.h"

#include <atomic>
#include <functional>
#include <optional>

namespace takt::what_if {

struct Options {
  TimeRange range;
  double sample = 1;                                   ///< share of the customers; who is in it depends on the customer's id alone
  std::size_t customers_max = SIZE_MAX;                ///< the first of them by place, so that a preview ends
  std::size_t decisions_max = SIZE_MAX;                ///< no further block is begun once so many are decided
  std::size_t threads = 1;
  double checked_share = 1.0 / 64;                     ///< of the decisions, made again under their own rules too
  std::function<void(std::uint64_t customers, std::uint64_t of, std::uint64_t decisions)> progress;  ///< on the caller's thread
  const std::atomic<bool>* cancel = nullptr;           ///< looked at before each customer
};

struct Interval { double value = 0, low = 0, high = 0; };  ///< 95 %, customers as the unit

/// The model's answer about everything that is seen. The interval is of the customers; that the model may be wrong is not in it.
struct ModelEstimate { Interval log, draft, difference; };

/// From logged responses alone. `clicks` and `value` are those of all decisions, if the ones that could be weighed stand for the rest.
struct WeightedEstimate {
  std::uint64_t decisions = 0, customers = 0;          ///< weighed
  double covered = 0;                                  ///< of all decisions
  double effective_sample = 0, weight_max = 0;         ///< (Σw)²/Σw², in decisions
  Interval clicks, value;                              ///< under the draft
  double logged_clicks = 0, logged_value = 0;          ///< observed over the same decisions, as a rate of all
  std::vector<std::string> doubts;                     ///< none: it may be believed; else why it cannot know
};

struct Report {
  Figures figures;
  Options options;                                     ///< as asked, without its functions
  std::uint64_t customers_known = 0, customers_sampled = 0, customers_read = 0;
  double sampled = 1;                                  ///< share of the customers that was read
  bool is_cancelled = false, is_cut_short = false;     ///< cut short: by customers_max or decisions_max
  ModelEstimate model_clicks, model_value;
  WeightedEstimate weighted;
};

/// `in_force`: whose consent and caps the report compares with. `draft`: checked like one to be published.
Result<Report> run(Store& store, const WorldOfVersions& world_of, const Policy& in_force, std::shared_ptr<const Policy> draft, const Options& options,
                   const Clock& clock);

/// What the sums of logged responses say, and whether they may be believed.
WeightedEstimate estimate_of(const Figures& figures);
/// Fills the report's estimates from its figures.
void tell_estimates(Report& report);

} // namespace takt::what_if
