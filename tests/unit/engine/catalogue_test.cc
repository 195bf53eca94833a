#include "engine/catalogue.h"

#include "core/random.h"
#include "engine/rulebook.h"
#include "engine/text.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

namespace takt {
namespace {

ItemId id_of(std::string_view text) { return *ItemId::parse(text); }

Item make_item(std::string_view id, std::vector<std::string> category = {}, std::int64_t added_ms = 0) {
  Item item;
  item.id = id_of(id);
  item.category = std::move(category);
  item.added_at = utc_from_ms(added_ms);
  return item;
}

std::string ids(const Catalogue& catalogue, std::span<const ItemIndex> rows) {
  std::string text;
  for (const ItemIndex row : rows) text += (text.empty() ? "" : ",") + catalogue.at(row).item.id.text();
  return text;
}

TEST(Catalogue, compiles_labels) {
  SymbolTable symbols;
  Item item = make_item("sku-1", {"Shoes", "Pumps"});
  item.brand = "Rosa";
  item.tags = {"summer", "new", "summer"};
  item.channels = {"web", "app"};
  const auto catalogue = Catalogue::build({item}, symbols, 7);
  const CatalogueItem& row = catalogue->at(0);
  EXPECT_EQ(catalogue->version(), 7U);
  EXPECT_EQ(row.labels.group, row.labels.item) << "an item without a group is its own";
  EXPECT_EQ(symbols.name(row.labels.brand), "Rosa");
  EXPECT_EQ(row.labels.tags.size(), 2U);
  EXPECT_TRUE(std::is_sorted(row.labels.tags.begin(), row.labels.tags.end()));
  ASSERT_EQ(row.labels.category.size(), 2U);
  EXPECT_EQ(symbols.path_of(row.labels.category.back()), (std::vector<std::string>{"Shoes", "Pumps"}));
  EXPECT_EQ(row.labels.channel, Symbol::none);
  EXPECT_EQ(row.channels.size(), 2U);
}

TEST(Catalogue, finds_by_id_before_alias) {
  SymbolTable symbols;
  Item a = make_item("a"), b = make_item("b"), c = make_item("c");
  a.aliases = {"c", "old"};
  b.aliases = {"old", "gtin"};
  const auto catalogue = Catalogue::build({c, b, a}, symbols, 1);
  const auto name = [&](std::string_view text) {
    const auto found = catalogue->find(symbols.find(text));
    return found ? catalogue->at(*found).item.id.text() : "-";
  };
  EXPECT_EQ(name("c"), "c");
  EXPECT_EQ(name("old"), "a");
  EXPECT_EQ(name("gtin"), "b");
  EXPECT_EQ(name("nobody"), "-");
}

TEST(Catalogue, of_one_id_the_last_stays) {
  SymbolTable symbols;
  Item first = make_item("a"), second = make_item("a");
  first.title = "first";
  second.title = "second";
  const auto catalogue = Catalogue::build({first, second}, symbols, 1);
  ASSERT_EQ(catalogue->size(), 1U);
  EXPECT_EQ(catalogue->at(0).item.title, "second");
}

TEST(Catalogue, lists_newest_services_categories_and_kinds) {
  SymbolTable symbols;
  Item service = make_item("s");
  service.kind = "service";
  const auto catalogue = Catalogue::build({make_item("b", {"Shoes", "Pumps"}, 30), make_item("a", {"Shoes"}, 30), make_item("c", {"Shoes", "Pumps"}, 40), service}, symbols, 1);
  EXPECT_EQ(ids(*catalogue, catalogue->newest()), "c,a,b");
  EXPECT_EQ(ids(*catalogue, catalogue->services()), "s");
  EXPECT_EQ(ids(*catalogue, catalogue->in_category(symbols.find("Shoes"))), "a,b,c");
  EXPECT_EQ(ids(*catalogue, catalogue->in_category(symbols.intern_path(std::vector<std::string>{"Shoes", "Pumps"}).back())), "b,c");
  EXPECT_EQ(ids(*catalogue, catalogue->of_kind(symbols.find("product"))), "a,b,c");
}

TEST(Catalogue, a_removed_item_keeps_its_row_and_is_found_no_more) {
  SymbolTable symbols;
  const auto first = Catalogue::build({make_item("a", {"Shoes"}, 5), make_item("b", {"Shoes"}, 6)}, symbols, 1);
  const ItemIndex row = *first->find(symbols.find("a"));
  const std::vector<ItemId> removed{id_of("a"), id_of("never")};
  const auto second = first->with({}, removed, symbols, 2);
  EXPECT_TRUE(first->find(symbols.find("a"))) << "the older snapshot does not change";
  EXPECT_FALSE(second->find(symbols.find("a")));
  EXPECT_TRUE(second->at(row).removed);
  EXPECT_EQ(ids(*second, second->newest()), "b");
  EXPECT_EQ(ids(*second, second->in_category(symbols.find("Shoes"))), "b");
  const auto third = second->with({make_item("a", {"Hats"}, 9)}, {}, symbols, 3);
  EXPECT_EQ(third->find(symbols.find("a")), row);
  EXPECT_EQ(ids(*third, third->newest()), "a,b");
}

/// However a catalogue came about, it answers like one that was built from what it holds now.
void expect_equal_to_rebuilt(const Catalogue& changed, const std::map<std::string, Item>& expected, SymbolTable& symbols) {
  std::vector<Item> items;
  for (const auto& [id, item] : expected) items.push_back(item);
  const auto rebuilt = Catalogue::build(std::move(items), symbols, 1);
  EXPECT_EQ(ids(changed, changed.newest()), ids(*rebuilt, rebuilt->newest()));
  EXPECT_EQ(ids(changed, changed.services()), ids(*rebuilt, rebuilt->services()));
  for (std::uint32_t s = 1; s <= symbols.size(); ++s) {
    const auto symbol = static_cast<Symbol>(s);
    EXPECT_EQ(ids(changed, changed.in_category(symbol)), ids(*rebuilt, rebuilt->in_category(symbol)));
    EXPECT_EQ(ids(changed, changed.of_kind(symbol)), ids(*rebuilt, rebuilt->of_kind(symbol)));
    const auto a = changed.find(symbol), b = rebuilt->find(symbol);
    ASSERT_EQ(a.has_value(), b.has_value()) << symbols.name(symbol);
    if (a) {
      EXPECT_EQ(changed.at(*a).item, rebuilt->at(*b).item);
    }
  }
  for (std::size_t i = 1; i < changed.size(); ++i)
    ASSERT_LT(changed.at(changed.by_id()[i - 1]).item.id, changed.at(changed.by_id()[i]).item.id);
  for (ItemIndex row = 0; row < changed.size(); ++row) ASSERT_EQ(changed.by_id()[changed.rank(row)], row);
}

TEST(Catalogue, with_equals_build_over_random_changes) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    SymbolTable symbols;
    std::map<std::string, Item> expected;
    auto catalogue = Catalogue::build({}, symbols, 1);
    for (std::uint64_t version = 2; version < 14; ++version) {
      std::vector<Item> changed;
      std::vector<ItemId> removed;
      for (std::uint64_t n = random.below(6); n > 0; --n) {
        Item item = make_item("item-" + std::to_string(random.below(30)), {"C" + std::to_string(random.below(3))}, static_cast<std::int64_t>(random.below(4)));
        if (random.below(5) == 0) item.kind = "service";
        if (random.below(4) == 0) item.aliases = {"alias-" + std::to_string(random.below(5)), "item-" + std::to_string(random.below(30))};
        item.stock = static_cast<std::int64_t>(random.below(100));
        expected[item.id.text()] = item;
        changed.push_back(std::move(item));
      }
      if (random.below(3) == 0) {
        removed.push_back(id_of("item-" + std::to_string(random.below(30))));
        expected.erase(removed.back().text());
      }
      catalogue = catalogue->with(std::move(changed), removed, symbols, version);
      expect_equal_to_rebuilt(*catalogue, expected, symbols);
    }
  }
}

TEST(TitleWords, are_lower_case_distinct_and_leave_out_single_letters) {
  EXPECT_EQ(title_words("Pink PUMPS, pink!"), title_words("pumps pink a"));
  EXPECT_EQ(title_words("Schuh für Größe 39").size(), 4U);
  EXPECT_TRUE(title_words("- / a").empty());
}

TEST(Rulebook, compiles_a_placement) {
  SymbolTable symbols;
  Placement placement;
  placement.id = *PlacementId::parse("mail.weekly");
  placement.channel = "email";
  placement.kinds = {"product", "offer", "product"};
  const PlacementRules rules = compile_placement(placement, symbols);
  EXPECT_EQ(rules.medium, Medium::message);
  EXPECT_EQ(rules.confirm_grace, hours(6));
  EXPECT_EQ(rules.kinds.size(), 2U);
  EXPECT_TRUE(std::is_sorted(rules.kinds.begin(), rules.kinds.end()));
  placement.channel = "web";
  EXPECT_EQ(compile_placement(placement, symbols).confirm_grace, minutes(5));
}

} // namespace
} // namespace takt
