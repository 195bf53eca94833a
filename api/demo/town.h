#pragma once
/// The simulated shop and who lives around it: items with latent tastes, and customers drawn one by one, each from a generator of
/// their own, so that one more customer changes nobody else. Immutable once made. Errors: none. Threads: readers, any number.
/// Cost: make_town a few microseconds per item; draw_customer a microsecond.
#include "api/demo/catalogue.h"
#include "api/demo/response.h"
#include "core/item.h"
#include "core/placement.h"

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace takt::demo {

constexpr std::size_t taste_dimension = 12;
using Taste = std::array<double, taste_dimension>;       ///< unit length
double cosine(const Taste& one, const Taste& other);

struct TownOptions {
  std::uint32_t items = 1000;                            ///< as DemoOptions::items
  std::uint64_t seed = 7;
  UtcTime start{};                                       ///< first day, 00:00 UTC
  std::uint32_t days = 28;
  ResponseParameters response;
  bool has_faults = true;                                ///< wrong clocks, late, repeated and shuffled events
};

struct Town {
  TownOptions options;
  Catalogue catalogue;
  std::vector<takt::Item> items;                         ///< as Takt imports them; same rows as catalogue.items
  std::vector<std::size_t> product_of;                   ///< by row of items; products.size() = an offer or a service
  std::vector<Taste> tastes;                             ///< by product
  std::vector<double> popularity;                        ///< by product, [0,1]
  std::vector<std::size_t> best_sellers;                 ///< products by popularity, best first
  std::vector<Duration> repurchase;                      ///< by leaf: how long one purchase lasts
  std::unordered_map<std::string, std::size_t> row_of;   ///< item id → row
  std::vector<Taste> leaf_tastes;
  std::vector<Placement> placements;                     ///< the demo shop's, and "partner.page" on other people's pages
  bool is_product(std::size_t item) const { return product_of[item] < catalogue.products.size(); }
  /// What a purchase leaves, in EUR: as configured, else the margin of the price.
  double margin_of(std::size_t item) const;
  const Placement& placement(std::string_view id) const;  ///< which must exist
};
Town make_town(const TownOptions& options);

struct Device {
  std::string anonymous_id;
  std::string channel = "web";                           ///< web or app
  bool is_phone = false;
  Duration clock_error{};                                ///< what it adds to the true time
  double offline_chance = 0;                             ///< of a visit whose events arrive later, in any order
};

/// Who a customer is and stays: the truth that learners look for.
struct CustomerTruth {
  std::uint64_t number = 0;
  std::string user_id;                                   ///< "" = never signs in
  CustomerClass kind{};
  Taste taste{};
  std::vector<std::size_t> favourite_leaves;
  double price_level = 0.5;
  std::size_t size = 0;
  std::vector<Device> devices;                           ///< at least one
  double visits_per_day = 0.17;
  double foreign_pages_per_day = 0.3;                    ///< chances to be met on somebody else's site
  bool takes_mail = false;
  bool browses = true;                                   ///< false: looks only at what is shown
};
CustomerTruth draw_customer(const Town& town, std::uint64_t number);

/// Uniform in (0,1) for one question about one customer: the same whatever else was asked.
double coin(const Town& town, std::uint64_t customer, std::uint64_t question, std::uint64_t detail = 0);

} // namespace takt::demo
