// The look back at the index: counts what it missed, on its own thread, for the sampled decisions only.
#include "api/recall_check.h"

#include "core/random.h"

#include <gtest/gtest.h>

namespace takt {
namespace {

constexpr UtcTime now = utc_from_ms(1'709'640'000'000);
constexpr std::size_t dimension = 16, rows = 6000;

class RecallOnline : public testing::Test {
protected:
  RecallOnline() {
    Random random(12);
    auto models = std::make_shared<Models>();
    models->vectors.dimension = dimension;
    for (std::size_t i = 0; i < rows; ++i) {
      const Symbol item = store->symbols().intern("item-" + std::to_string(i));
      models->vectors.items.push_back(item);
      models->vectors.row_of.emplace(item, static_cast<std::uint32_t>(i));
      for (std::size_t d = 0; d < dimension; ++d) models->vectors.values.push_back(static_cast<float>(random.normal()));
    }
    models->index = make_faiss_index(models->vectors.values, dimension);
    models->scorer = make_prior_scorer();
    auto rulebook = std::make_shared<Rulebook>();
    rulebook->policy = std::make_shared<const Policy>();
    world = std::make_shared<World>();
    world->models = models;
    world->rulebook = rulebook;
    world->symbols = &store->symbols();
    probes = &models->probes;
    commit(1, true);
    commit(2, false);
  }
  void commit(std::uint64_t customer, bool looked) {
    Commit next;
    next.customer = CustomerId{customer};
    next.id.bytes[0] = static_cast<std::uint8_t>(customer);
    next.delta = {now, {op::Found{now, false}}};
    if (looked) {
      op::Journey journey;
      journey.event.at = now;
      journey.event.kind = JourneyKind::view;
      journey.event.item = store->symbols().find("item-7");
      next.delta.operations.push_back(journey);
    }
    ASSERT_EQ(store->records().commit({&next, 1}, Durability::wal, Deadline{}).front(), CommitOutcome::committed);
  }
  OnlineRecall checked(CustomerId customer) {
    check.offer(world, customer, now);
    check.wait_until_idle();
    return check.totals();
  }

  std::unique_ptr<Store> store = make_memory_store();
  std::shared_ptr<World> world;
  std::size_t* probes = nullptr;
  RecallCheck check{*store};
};

TEST_F(RecallOnline, an_index_that_looks_everywhere_finds_everything) {
  *probes = 1000;
  const OnlineRecall totals = checked(CustomerId{1});
  EXPECT_EQ(totals.searches, 1U);
  EXPECT_EQ(totals.wanted, 100U);
  EXPECT_GE(totals.recall_at_100(), 0.98);
}

TEST_F(RecallOnline, an_index_that_hardly_looks_is_found_out) {
  *probes = 1;
  EXPECT_LT(checked(CustomerId{1}).recall_at_100(), 0.9);
}

TEST_F(RecallOnline, whoever_has_no_taste_asks_no_question) {
  EXPECT_EQ(checked(CustomerId{2}).searches, 0U);
  EXPECT_EQ(checked(CustomerId{77}).searches, 0U); // nobody
  EXPECT_EQ(check.totals().recall_at_100(), 1);
}

TEST_F(RecallOnline, exact_search_needs_no_check) {
  auto exact = std::make_shared<Models>(*world->models);
  exact->index = make_exact_index(exact->vectors.values, dimension);
  world->models = exact;
  EXPECT_EQ(checked(CustomerId{1}).searches, 0U);
}

TEST_F(RecallOnline, ends_while_something_waits) {
  for (int i = 0; i < 50; ++i) check.offer(world, CustomerId{1}, now);
} // the destructor joins

TEST(RecallSample, is_one_in_a_thousand) {
  std::size_t sampled = 0;
  for (std::uint64_t seed = 1; seed <= 200'000; ++seed) sampled += RecallCheck::samples(seed) ? 1U : 0U;
  EXPECT_NEAR(static_cast<double>(sampled), 200, 60);
}

} // namespace
} // namespace takt
