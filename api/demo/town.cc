#include "api/demo/town.h"

#include "api/json/codecs.h"
#include "core/check.h"
#include "core/hash.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace takt::demo {
namespace {

constexpr std::uint64_t catalogue_stream = 0xca7a, taste_stream = 0x7a57e, customer_stream = 0xc057;
constexpr double margin_default = 0.3;
/// Shoe cream and socks are used up; a camera lasts.
constexpr double used_up_below_euros = 60;

Taste draw_taste(Random& random) {
  Taste taste{};
  for (double& value : taste) value = random.normal();
  return taste;
}

void add(Taste& sum, const Taste& other, double weight) {
  for (std::size_t i = 0; i < taste_dimension; ++i) sum[i] += weight * other[i];
}

Taste unit(Taste taste) {
  const double length = std::sqrt(std::inner_product(taste.begin(), taste.end(), taste.begin(), 0.0));
  for (double& value : taste) value /= length;
  return taste;
}

void make_tastes(Town& town, Random& random) {
  for (std::size_t leaf = 0; leaf < town.catalogue.leaves.size(); ++leaf) town.leaf_tastes.push_back(unit(draw_taste(random)));
  std::array<Taste, brands_per_top> brands{};
  for (Taste& brand : brands) brand = unit(draw_taste(random));
  for (const Product& product : town.catalogue.products) {
    Taste taste = town.leaf_tastes[product.leaf];
    add(taste, brands[product.brand], 0.4);
    add(taste, unit(draw_taste(random)), 0.5);
    town.tastes.push_back(unit(taste));
  }
}

void make_popularity(Town& town) {
  town.popularity.resize(town.catalogue.products.size());
  for (const Leaf& leaf : town.catalogue.leaves)
    for (std::size_t i = 0; i < leaf.products.size(); ++i)
      town.popularity[leaf.products[i]] = leaf.popularity_up_to[i] - (i == 0 ? 0.0 : leaf.popularity_up_to[i - 1]);
  town.best_sellers.resize(town.popularity.size());
  std::iota(town.best_sellers.begin(), town.best_sellers.end(), std::size_t{0});
  std::stable_sort(town.best_sellers.begin(), town.best_sellers.end(), [&](std::size_t a, std::size_t b) { return town.popularity[a] > town.popularity[b]; });
}

/// An import line without what it has in front of the document.
std::string document_of(std::string line, std::string_view type) {
  line.erase(1, type.size());
  return line;
}

void make_items(Town& town) {
  for (std::size_t row = 0; row < town.catalogue.items.size(); ++row) {
    ItemContext context;
    context.now = town.options.start - days(30 + static_cast<std::int64_t>(row * 37 % 300)); // the shop is not of yesterday
    auto item = parse_item(document_of(to_json(town.catalogue.items[row]), R"("type":"item",)"), context);
    TAKT_CHECK(item.has_value(), "the demo shop writes items that Takt reads");
    town.row_of.emplace(item->id.text(), row);
    town.items.push_back(std::move(*item));
  }
  town.product_of.assign(town.items.size(), town.catalogue.products.size());
  for (std::size_t product = 0; product < town.catalogue.products.size(); ++product)
    for (const std::size_t item : town.catalogue.products[product].variants) town.product_of[item] = product;
}

void make_cycles(Town& town) {
  for (const Leaf& leaf : town.catalogue.leaves) {
    const auto& first = town.catalogue.items[town.catalogue.products[leaf.products.front()].variants.front()];
    const bool is_used_up = static_cast<double>(first.price_cents) / 100 < used_up_below_euros;
    town.repurchase.push_back(days(is_used_up ? 30 : 180));
  }
}

/// A few devices have a wrong clock and nobody corrects it: hours ahead, or days behind.
Duration draw_clock_error(Random& random) {
  const double kind = random.uniform(), size = random.uniform();
  if (kind < 0.02) return hours(static_cast<std::int64_t>(20 * size));
  if (kind < 0.04) return -hours(static_cast<std::int64_t>(24 * 8 * size));
  return {};
}

Device draw_device(const Town& town, std::uint64_t number, std::string_view channel, Random& random) {
  Device device;
  device.anonymous_id = "a-" + std::to_string(number) + "-" + std::string(channel);
  device.channel = channel;
  device.is_phone = channel == "app" || random.uniform() < 0.5;
  const Duration error = draw_clock_error(random);
  const double offline = device.is_phone ? 0.1 : 0.02;
  if (town.options.has_faults) {
    device.clock_error = error;
    device.offline_chance = offline;
  }
  return device;
}

/// Pages of other people: one place, paid per showing, empty rather than worthless.
constexpr std::string_view partner_placement = R"({"id": "partner.page", "channel": "display", "slots": 1, "contact_cost": "0.002", "hold": true,
  "sources": ["taste", "session", "recently_viewed", "trending", "popular"]})";

std::vector<Placement> simulated_placements(const Catalogue& catalogue) {
  std::vector<std::string> documents;
  for (std::string& line : placement_lines(catalogue)) documents.push_back(document_of(std::move(line), R"("type":"placement",)"));
  documents.emplace_back(partner_placement);
  std::vector<Placement> placements;
  for (const std::string& document : documents) {
    auto placement = parse_placement(document);
    TAKT_CHECK(placement.has_value(), "our own placements can be read");
    placements.push_back(std::move(*placement));
  }
  return placements;
}

} // namespace

double cosine(const Taste& one, const Taste& other) { return std::inner_product(one.begin(), one.end(), other.begin(), 0.0); }

double Town::margin_of(std::size_t item) const {
  const Item& sold = catalogue.items[item];
  return static_cast<double>(sold.value_cents > 0 ? sold.value_cents : sold.price_cents) / 100 * (sold.value_cents > 0 ? 1 : margin_default);
}

const Placement& Town::placement(std::string_view id) const {
  const auto found = std::find_if(placements.begin(), placements.end(), [&](const Placement& known) { return known.id.text() == id; });
  TAKT_CHECK(found != placements.end(), "a placement of the simulated shop");
  return *found;
}

Town make_town(const TownOptions& options) {
  Town town;
  town.options = options;
  DemoOptions shop;
  shop.items = options.items;
  shop.end = options.start + days(options.days);
  Random random(mix64(options.seed, catalogue_stream)), tastes(mix64(options.seed, taste_stream));
  town.catalogue = make_catalogue(shop, random);
  make_tastes(town, tastes);
  make_popularity(town);
  make_items(town);
  make_cycles(town);
  town.placements = simulated_placements(town.catalogue);
  return town;
}

CustomerTruth draw_customer(const Town& town, std::uint64_t number) {
  Random random(mix64(mix64(town.options.seed, customer_stream), number));
  CustomerTruth truth;
  truth.number = number;
  if (random.uniform() < 0.7) truth.user_id = "u-" + std::to_string(number);
  const auto& classes = town.options.response.classes;
  double which = random.uniform();
  truth.kind = classes.back();
  for (const CustomerClass& kind : classes) {
    if (which < kind.share) { truth.kind = kind; break; }
    which -= kind.share;
  }
  const std::size_t wanted = 1 + random.below(3);
  while (truth.favourite_leaves.size() < wanted) {
    const std::size_t leaf = random.below(town.catalogue.leaves.size());
    if (std::find(truth.favourite_leaves.begin(), truth.favourite_leaves.end(), leaf) == truth.favourite_leaves.end()) truth.favourite_leaves.push_back(leaf);
  }
  for (std::size_t i = 0; i < wanted; ++i) add(truth.taste, town.leaf_tastes[truth.favourite_leaves[i]], 1.0 / static_cast<double>(i + 1));
  add(truth.taste, unit(draw_taste(random)), 0.5);
  truth.taste = unit(truth.taste);
  truth.price_level = std::clamp(0.5 + 0.25 * random.normal(), 0.0, 1.0);
  truth.size = random.below(3);
  const bool uses_app = random.uniform() < 0.35;
  if (!uses_app || random.uniform() < 0.7) truth.devices.push_back(draw_device(town, number, "web", random));
  if (uses_app) truth.devices.push_back(draw_device(town, number, "app", random));
  const double eagerness = random.uniform(), exposure = random.uniform();
  truth.visits_per_day = 0.05 + 0.45 * eagerness * eagerness * eagerness; // five visits a month, a few come every other day
  truth.foreign_pages_per_day = 1.2 * exposure * exposure * exposure;
  truth.takes_mail = !truth.user_id.empty() && random.uniform() < 0.6;
  return truth;
}

double coin(const Town& town, std::uint64_t customer, std::uint64_t question, std::uint64_t detail) {
  return uniform_open(mix64(mix64(town.options.seed, 0xc014), customer), mix64(question, detail));
}

} // namespace takt::demo
