#pragma once
/// What a what-if adds up over customers, on both sides. Sums only, so blocks of customers are joined in their order and the result does not
/// depend on who computed which. Units: money in the account's currency; exposures are views that a cap would count, re-shown ones too.
/// Values; no errors. Cost of adding a customer: a few map look-ups per exposure.
#include "engine/what_if/simulate.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace takt::what_if {

/// How many customers had so many.
using Histogram = std::map<std::uint32_t, std::uint64_t>;

/// A sum over customers with what its error needs: the customer is the unit, because what one person does is not independent.
struct CustomerSum {
  double sum = 0, squares = 0;
  void add(double value) { sum += value, squares += value * value; }
  CustomerSum& operator+=(const CustomerSum& other) { return sum += other.sum, squares += other.squares, *this; }
};

struct SideFigures {
  std::uint64_t placements = 0, slots = 0, filled = 0, holds = 0, fallbacks = 0, defers = 0, contacts = 0;
  double contact_cost = 0;
  std::uint64_t exposures = 0, reached = 0;            ///< reached: customers who saw anything
  Histogram customers_by_exposures;
  CustomerSum clicks, value;                           ///< the model's: p_act x fatigue factor, and times the worth of a response
  SideFigures& operator+=(const SideFigures& other);
};

struct BothSides {
  std::uint64_t log = 0, draft = 0;
  std::uint64_t removed = 0, added = 0;                ///< items that only one of the two showed in that decision's placement
};

/// A rule that a histogram can be laid beside: a count of impressions over everything, or of one item, within a length of time. Per
/// customer, the most that any such window held.
struct Yardstick {
  std::string rule;
  bool is_of_draft = false;                            ///< else of the policy in force
  Per per = Per::all;
  Duration window{};                                   ///< max(): for ever
  std::uint32_t limit = 0;
  Selector counts_of;
  Histogram log, draft;
};
/// Those of a policy; none where no rule can be drawn so.
std::vector<Yardstick> yardsticks_of(const Policy& policy, bool is_of_draft);

/// Sums of the propensity-weighted estimate: w = how much likelier the draft makes the logged slate.
struct WeightedSums {
  std::uint64_t decisions = 0, unweighed = 0, customers = 0;
  double weights = 0, squared_weights = 0, weight_max = 0;
  /// Per customer: sums of w and of w x response, and their products, for the error of the ratio.
  struct Ratio { double over = 0, under = 0, over_over = 0, over_under = 0, under_under = 0; };
  Ratio clicks, value;
  CustomerSum logged_clicks, logged_value;             ///< without weights, over the same decisions
};

struct CustomerChange {
  CustomerId id;
  std::uint64_t decisions = 0, changed = 0, exposures_log = 0, exposures_draft = 0, removed = 0, added = 0;
  std::map<std::string, std::uint64_t> removed_by_rule;
};

struct Figures {
  std::uint64_t customers = 0, diverged = 0, decisions = 0, changed = 0, checked = 0, not_reproduced = 0;
  std::array<std::uint64_t, left_out_count> left_out{};
  std::map<std::string, std::uint64_t> not_held;       ///< by what; customers
  SideFigures log, draft;
  CustomerSum clicks_gained, value_gained;             ///< draft less log, the model's
  std::map<std::string, std::uint64_t> removed_by_rule, added_by_rule;   ///< exposures; one that two rules keep off counts under both
  std::uint64_t removed = 0, added = 0;                ///< exposures that only the log, or only the draft, has; each once
  std::uint64_t moved_out = 0, moved_in = 0;           ///< the item stands in another slot, which was not (or was) looked at
  std::map<Symbol, BothSides> by_category, by_channel, by_placement;
  std::vector<Yardstick> yardsticks;
  WeightedSums weighted;
  std::vector<CustomerChange> most_changed;            ///< at most ten, the largest change first, ties by id
};
constexpr std::size_t customers_named_max = 10;

void add(Figures& figures, const SimulatedCustomer& customer);
/// `later` are figures of customers that come after those of `figures`.
void join(Figures& figures, Figures later);

} // namespace takt::what_if
