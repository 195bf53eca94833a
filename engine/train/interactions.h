#pragma once
/// What the journal says about items, in the compact form that training reads: popularity sums and baskets. The whole journal
/// counts, not only the bounded journey of the records. Bots do not count.
/// Memory: 20 bytes per kept look or line and 24 per act, at most occurrences_max of each kind; a larger journal keeps every occurrence of a
/// sample of customers (by hash, halved until it fits). Popularity always counts everybody.
/// Deterministic: customers ascending, entries in version order. Errors: those of the store. Threads: one. Cost: one scan.
#include "core/symbol.h"
#include "core/time.h"
#include "engine/relevance/interaction_matrix.h"
#include "features/intent.h"
#include "store/store.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace takt {

/// An item in a basket. Occurrences of one owner stand together: only they can be neighbours.
struct BasketItem {
  std::uint32_t item = 0;                              ///< index into Interactions::items
  std::uint32_t owner = 0;                             ///< a session, or a customer
  std::uint32_t basket = 0;                            ///< a session, or an order
  std::uint32_t at_seconds = 0;                        ///< since 1970
  float weight = 1;                                    ///< P(intended) of the surest look in the basket; a purchase is meant
};

struct Interactions {
  std::vector<Symbol> items;                           ///< every item with evidence, by first appearance
  std::vector<double> slow;                            ///< per item: evidence decayed over popular_half_life
  std::vector<double> fast;                            ///< … over trending_half_life
  std::vector<BasketItem> views;                       ///< owner = basket = session
  std::vector<BasketItem> purchases;                   ///< owner = customer, basket = order
  std::vector<Interaction> acts;                       ///< looks and purchases of the kept customers; weight 1 = bought
  std::size_t customers_kept = 0;                      ///< acts' customers are below this
  std::size_t customers = 0, events = 0, lines = 0, bots = 0;
  UtcTime first{}, last{};                             ///< of what counted
};

constexpr Duration popular_half_life = days(30);
constexpr Duration trending_half_life = days(3);
constexpr std::size_t occurrences_max = 16'000'000;
/// More than that in one visit, or in one customer's orders, is a crawler or a wholesaler: pairs grow with the square.
constexpr std::size_t views_per_session_max = 50;
constexpr std::size_t lines_per_customer_max = 200;

/// What came after `now` does not count. Clicks and views with a dwell time weigh what `intent` says of them now, not what was known when they came.
Result<Interactions> read_interactions(Store& store, const IntentModel& intent, UtcTime now, const std::function<void(double)>& progress,
                                       std::size_t kept_max = occurrences_max);

} // namespace takt
