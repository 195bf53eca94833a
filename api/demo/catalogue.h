#pragma once
/// The demo shop's catalogue: products in variants, below categories of three levels, by invented brands; offers of campaigns;
/// services. Made from a seed; see shop.h. Prices are whole cents of EUR.
#include "api/demo/shop.h"
#include "core/random.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt::demo {

struct Item {
  std::string id, kind = "product", group, title, title_german, brand, campaign, purpose = "marketing", colour, size;
  std::vector<std::string> category, tags, channels;
  std::int64_t price_cents = 0;      ///< 0 = no price
  std::int64_t list_price_cents = 0; ///< 0 = none
  std::int64_t value_cents = 0;      ///< 0 = left to Takt: price × margin
  std::optional<std::int64_t> stock;
  bool active = true;
  std::optional<UtcTime> ends_at;
};

/// Variants that differ in size share everything else.
struct Product {
  std::vector<std::size_t> variants; ///< rows of Catalogue::items, at least one
  std::size_t leaf = 0;
  std::size_t brand = 0;  ///< row of the brands of the leaf's top category
  double price_level = 0; ///< 0 cheap … 1 dear, within its leaf
};

struct Leaf {
  std::vector<std::size_t> products;    ///< rows of Catalogue::products
  std::vector<double> popularity_up_to; ///< running sums, aligned with products
  std::size_t companion = 0;            ///< the leaf that is bought together with this one
  std::string_view noun;                ///< what people search for
};

struct Catalogue {
  std::vector<Item> items;                   ///< products' variants first, then offers, then services
  std::vector<Product> products;             ///< product 0 is the pair of pink pumps
  std::vector<Leaf> leaves;                  ///< each with at least one product
  std::vector<std::size_t> offers, services; ///< rows of items
};

constexpr std::size_t brands_per_top = 5;

Catalogue make_catalogue(const DemoOptions& options, Random& random);
/// A product of the leaf, drawn by popularity.
std::size_t draw_product(const Catalogue& catalogue, std::size_t leaf, Random& random);
/// About normal (0, 1): twelve uniforms, because sums round the same everywhere and logarithms need not.
double bell(Random& random);
/// The leaf with this path, e.g. "Sport/Running/Running shoes"; it must exist.
std::size_t leaf_at(std::string_view path);
/// The shop's placements as Takt imports them, "placement" lines.
std::vector<std::string> placement_lines(const Catalogue& catalogue);
/// As Takt imports it: one "item" document.
std::string to_json(const Item& item);
std::string price_text(std::int64_t cents);

} // namespace takt::demo
