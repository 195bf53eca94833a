// How soon people buy again: from the orders that they kept to a cycle per category, and back from its bytes.
#include "core/random.h"
#include "engine/artefact_repurchase.h"
#include "engine/train/learn_repurchase.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

constexpr UtcTime now = utc_from_ms(1'709'640'000'000);

class Repurchase : public testing::Test {
protected:
  SymbolList path(std::initializer_list<std::string> names) {
    const std::vector<std::string> parts(names);
    return store->symbols().intern_path(parts);
  }
  Symbol category(std::initializer_list<std::string> names) { return path(names).back(); }

  /// One order per age, of one thing.
  void buys(std::uint64_t customer, const SymbolList& of, const std::vector<Duration>& ages, std::int32_t quantity = 1) {
    Commit commit;
    commit.customer = CustomerId{customer};
    commit.expected = versions_[customer]++;
    commit.id.bytes[0] = static_cast<std::uint8_t>(customer);
    commit.id.bytes[1] = static_cast<std::uint8_t>(customer >> 8);
    commit.id.bytes[2] = static_cast<std::uint8_t>(versions_[customer]);
    commit.delta.clock = now;
    if (commit.expected == 0) commit.delta.operations.push_back(op::Found{now, false});
    for (const Duration age : ages) {
      Order order;
      order.order_id = store->symbols().intern("o-" + std::to_string(++orders_));
      order.at = now - age;
      order.lines.push_back({store->symbols().intern("thing"), Symbol::none, of, quantity, 0});
      commit.delta.operations.push_back(op::PutOrder{order});
    }
    ASSERT_EQ(store->records().commit({&commit, 1}, Durability::wal, Deadline{}).front(), CommitOutcome::committed);
  }
  RepurchaseModel learn(std::uint64_t customers_min = 20) {
    auto learnt = learn_repurchase(*store, {now, customers_min, 20}, [](double) {});
    EXPECT_TRUE(learnt);
    return learnt ? **learnt : RepurchaseModel{};
  }

  std::unique_ptr<Store> store = make_memory_store();

private:
  std::map<std::uint64_t, Version> versions_;
  std::uint64_t orders_ = 0;
};

double days_of(Duration length) { return static_cast<double>(length.count()) / static_cast<double>(days(1).count()); }

TEST_F(Repurchase, CoffeeIsBoughtAgainInWeeksAndPrintersInYears) {
  for (std::uint64_t customer = 1; customer <= 200; ++customer) {
    buys(customer, path({"Food", "Coffee"}), {days(63), days(42), days(21), days(0)});
    buys(customer, path({"Office", "Printers"}), {days(1000), days(10)});
  }
  const RepurchaseModel model = learn();
  const RepurchaseCycle &coffee = model.by_category.at(category({"Food", "Coffee"})), &printers = model.by_category.at(category({"Office", "Printers"}));
  EXPECT_EQ(coffee.observed, days(21));
  EXPECT_EQ(coffee.customers, 200U);
  EXPECT_EQ(coffee.intervals, 600U);
  EXPECT_EQ(printers.observed, days(990));
  EXPECT_LT(days_of(coffee.cycle), 40) << "drawn a little towards what everybody does";
  EXPECT_GT(days_of(printers.cycle), 700);
  EXPECT_EQ(model.orders, 1200U);
}

TEST_F(Repurchase, OneWhoBuysAllTheTimeIsOneVoice) {
  std::vector<Duration> weekly;
  for (int week = 0; week < 30; ++week) weekly.push_back(days(2 * week));
  buys(1, path({"Coffee"}), weekly);
  for (std::uint64_t customer = 2; customer <= 4; ++customer) buys(customer, path({"Coffee"}), {days(30), days(0)});
  EXPECT_EQ(learn(3).by_category.at(category({"Coffee"})).observed, days(30));
}

TEST_F(Repurchase, FewCustomersAreRefusedAndTheCategoryAboveServes) {
  for (std::uint64_t customer = 1; customer <= 30; ++customer) buys(customer, path({"Food", "Tea"}), {days(40), days(0)});
  for (std::uint64_t customer = 31; customer <= 34; ++customer) buys(customer, path({"Food", "Salt"}), {days(400), days(0)});
  const RepurchaseModel model = learn();
  const Symbol salt = category({"Food", "Salt"});
  EXPECT_FALSE(model.by_category.contains(salt));
  EXPECT_EQ(model.refused.at(salt), 4U);
  const auto found = model.of(path({"Food", "Salt"}));
  EXPECT_EQ(found.category, category({"Food"}));
  ASSERT_NE(found.cycle, nullptr);
  EXPECT_EQ(found.cycle->observed, days(40));
  EXPECT_EQ(model.of(path({"Cars"})).cycle, nullptr);
  EXPECT_EQ(model.of({}).cycle, nullptr);
  EXPECT_TRUE(learn(100).by_category.empty());
}

TEST_F(Repurchase, TwoThingsOfOneDepartmentAreNoRepurchase) {
  for (std::uint64_t customer = 1; customer <= 30; ++customer) {
    buys(customer, path({"Food", "Tea"}), {days(50)});
    buys(customer, path({"Food", "Salt"}), {days(40)});
  }
  EXPECT_TRUE(learn(1).by_category.empty());
}

TEST_F(Repurchase, WhatWasReturnedAndParcelsOfOnePurchaseTeachNothing) {
  for (std::uint64_t customer = 1; customer <= 30; ++customer) {
    buys(customer, path({"Coffee"}), {days(60), days(60) - hours(5), days(20)});
    buys(customer, path({"Coffee"}), {days(50), days(30)}, 0);
  }
  const RepurchaseCycle coffee = learn().by_category.at(category({"Coffee"}));
  EXPECT_EQ(coffee.observed, days(40));
  EXPECT_EQ(coffee.intervals, 30U);
}

TEST_F(Repurchase, FewerCustomersAreDrawnFurtherToTheParent) {
  for (std::uint64_t customer = 1; customer <= 400; ++customer) buys(customer, path({"Food", "Coffee"}), {days(20), days(0)});
  for (std::uint64_t customer = 401; customer <= 420; ++customer) buys(customer, path({"Food", "Oil"}), {days(320), days(0)});
  const RepurchaseModel model = learn();
  const double oil = days_of(model.by_category.at(category({"Food", "Oil"})).cycle);
  EXPECT_NEAR(oil, 80, 1e-6) << "as many customers as the parent weighs: the geometric middle of 20 and 320 days";
  EXPECT_NEAR(days_of(model.by_category.at(category({"Food", "Coffee"})).cycle), 20, 1e-6);
}

TEST_F(Repurchase, NoOrdersAreNoCycles) {
  const RepurchaseModel model = learn();
  EXPECT_TRUE(model.by_category.empty() && model.refused.empty());
  EXPECT_EQ(told(model, store->symbols()).size(), 1U);
}

TEST_F(Repurchase, BytesSayWhatWasLearntAlsoToAnotherDictionary) {
  for (std::uint64_t customer = 1; customer <= 30; ++customer) buys(customer, path({"Food", "Tea"}), {days(40), days(0)});
  buys(31, path({"Salt"}), {days(400), days(0)});
  const RepurchaseModel model = learn();
  const std::string bytes = artefact::encode_repurchase(model, store->symbols());
  const auto same = artefact::decode_repurchase(bytes, store->symbols());
  ASSERT_TRUE(same);
  EXPECT_EQ(**same, model);
  SymbolTable other;
  other.intern("something else");
  const auto elsewhere = artefact::decode_repurchase(bytes, other);
  ASSERT_TRUE(elsewhere);
  const std::vector<std::string> tea{"Food", "Tea"};
  EXPECT_EQ((*elsewhere)->of(other.intern_path(tea)).cycle->observed, days(40));
  const auto lines = told(model, store->symbols());
  EXPECT_NE(lines.front().find("bought again after"), std::string::npos);
  EXPECT_NE(lines.back().find("refused: in 1 categories"), std::string::npos);
}

TEST_F(Repurchase, DamagedBytesAreRefused) {
  for (std::uint64_t customer = 1; customer <= 30; ++customer) buys(customer, path({"Tea"}), {days(40), days(0)});
  const std::string bytes = artefact::encode_repurchase(learn(), store->symbols());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(artefact::decode_repurchase(bytes.substr(0, size), store->symbols())) << size;
  EXPECT_FALSE(artefact::decode_repurchase(bytes + "x", store->symbols()));
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = bytes;
    damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    SymbolTable own;
    static_cast<void>(artefact::decode_repurchase(damaged, own).has_value()); // an error or a model, never a crash
  }
}

} // namespace
} // namespace takt
