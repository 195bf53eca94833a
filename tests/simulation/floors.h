#pragma once
/// What Takt gives where little is known, measured against the truth of the simulated shop: an unknown person, a new item, an empty
/// journal. Everything is drawn from a seed. Cost: seconds to a minute each. Errors: none; a failure of the engine is counted.
#include "api/demo/simulation.h"

#include <cstdint>

namespace takt::simulation {

/// How well a set of showings fits those who see it, as a mean over all of them.
struct Fit {
  double taste = 0;                                      ///< cosine of the true tastes, [-1,1]
  double click = 0;                                      ///< true chance of an intended click in the first slot, nothing worn
  double worth = 0;                                      ///< click x margin, EUR: what the engine is after
  std::uint64_t showings = 0;
  std::uint64_t empty = 0;                               ///< answers without an item
  void add(const demo::Town& town, const demo::CustomerTruth& truth, std::size_t product);
  void finish();                                         ///< from sums to means
};

demo::TownOptions floors_town(std::uint64_t seed, std::uint32_t items);

/// People whom nobody has seen, in a shop that has learnt from a month of others.
struct ColdCustomers {
  Fit popular;                                           ///< the best sellers of the training, as many as home.hero has places
  Fit stranger;                                          ///< home.hero, nothing known
  Fit stranger_plain;                                    ///< the same under a policy that neither explores nor diversifies
  Fit clicked;                                           ///< home.hero after one look at a product of theirs
  Fit anchored;                                          ///< product.similar on that product's page, by a stranger; as many places
  Fit random;                                            ///< any product
};
/// With `equal_worth` every response is worth one euro, so that the engine is after nothing but responses.
ColdCustomers measure_cold_customers(std::uint64_t seed, std::uint32_t items, std::uint64_t pilot, std::uint64_t strangers, bool equal_worth);

/// A month in which some products appear on the tenth day, which nobody finds but by being shown them; trained again each week.
struct Launch {
  std::uint64_t impressions = 0, launched_impressions = 0;  ///< of products, from the tenth day on
  std::uint64_t launched = 0, launched_seen = 0;            ///< products; of them shown at least fifty times
  double click_chance = 0, launched_click_chance = 0;       ///< true means, worn as they were
  double value = 0;                                         ///< of everything bought in the month, net of contacts, EUR
  double expected_worth = 0;                                ///< true click chance x margin of all that was seen from then on, EUR
  std::uint64_t failures = 0;
  double share() const { return static_cast<double>(launched_impressions) / static_cast<double>(impressions); }
};
Launch measure_launch(std::uint64_t seed, std::uint32_t items, std::uint64_t customers, const std::optional<LaunchPolicy>& policy);

/// The first hour of a shop: a catalogue, no event, no model.
struct DayOne {
  Fit shown, random;                                     ///< on no product's page
  Fit on_page;                                           ///< product.similar
  Fit may_hold;                                          ///< placements that may answer "nothing" on purpose
  std::uint64_t calls = 0, failures = 0;
  std::uint64_t different = 0;                           ///< products shown over all calls
};
DayOne measure_day_one(std::uint64_t seed, std::uint32_t items, std::uint64_t strangers);

} // namespace takt::simulation
