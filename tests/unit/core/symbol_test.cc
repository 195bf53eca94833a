#include "core/symbol.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace takt {
namespace {

TEST(SymbolTable, TheSameTextIsTheSameSymbol) {
  SymbolTable table;
  const Symbol shoes = table.intern("Shoes");
  EXPECT_EQ(static_cast<std::uint32_t>(shoes), 1U);
  EXPECT_EQ(table.intern("Shoes"), shoes);
  EXPECT_NE(table.intern("shoes"), shoes);
  EXPECT_EQ(table.name(shoes), "Shoes");
  EXPECT_EQ(table.size(), 2U);
}

TEST(SymbolTable, NothingIsNone) {
  SymbolTable table;
  EXPECT_EQ(table.intern(""), Symbol::none);
  EXPECT_EQ(table.find("unheard of"), Symbol::none);
  EXPECT_EQ(table.name(Symbol::none), "");
  EXPECT_EQ(table.name(static_cast<Symbol>(99)), "");
  EXPECT_EQ(table.size(), 0U);
}

TEST(SymbolTable, ContinuesWhereItsStoreLeftOff) {
  std::vector<std::pair<Symbol, std::string>> persisted;
  SymbolTable table({"a", "b"}, [&](Symbol symbol, std::string_view text) { persisted.emplace_back(symbol, text); });
  EXPECT_EQ(table.intern("b"), static_cast<Symbol>(2));
  EXPECT_EQ(table.intern("c"), static_cast<Symbol>(3));
  EXPECT_EQ(table.intern("c"), static_cast<Symbol>(3));
  ASSERT_EQ(persisted.size(), 1U);
  EXPECT_EQ(persisted[0], std::pair(static_cast<Symbol>(3), std::string("c")));
}

TEST(SymbolTable, APathHasOneSymbolPerPrefix) {
  SymbolTable table;
  const auto pumps = table.intern_path(std::vector<std::string>{"Shoes", "Pumps"});
  const auto boots = table.intern_path(std::vector<std::string>{"Shoes", "Boots"});
  ASSERT_EQ(pumps.size(), 2U);
  EXPECT_EQ(pumps[0], boots[0]);
  EXPECT_NE(pumps[1], boots[1]);
  EXPECT_NE(table.intern("Pumps"), pumps[1]); // "Pumps" at the root is another place
  EXPECT_EQ(table.path_of(pumps[1]), (std::vector<std::string>{"Shoes", "Pumps"}));
  EXPECT_EQ(table.path_of(Symbol::none), std::vector<std::string>{});
}

TEST(SymbolTable, APartCannotPretendToBeTwo) {
  SymbolTable table;
  const auto odd = table.intern_path(std::vector<std::string>{std::string("Shoes") + path_separator + "Pumps", ""});
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_EQ(table.path_of(odd[0]), std::vector<std::string>{"Shoes Pumps"});
}

TEST(SymbolTable, ManyThreadsAgree) {
  std::set<Symbol> persisted; // the table calls back under its own lock
  SymbolTable table({}, [&](Symbol symbol, std::string_view) { persisted.insert(symbol); });
  std::vector<std::vector<Symbol>> seen(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < seen.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) seen[t].push_back(table.intern("label " + std::to_string((i * (static_cast<int>(t) + 1)) % 500)));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(persisted.size(), table.size());
  for (std::size_t t = 0; t < seen.size(); ++t)
    for (std::size_t i = 0; i < seen[t].size(); ++i)
      ASSERT_EQ(table.name(seen[t][i]), "label " + std::to_string((i * (t + 1)) % 500));
}

} // namespace
} // namespace takt
