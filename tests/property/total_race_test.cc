// The promise of a total cap under a race: 64 threads ask for different people at once, and exactly as many are granted as there are tokens, on
// each store, with slates that take two and a rule per group beside it. Then the same after a restart, and while a new rule is being counted.
#include "core/hash.h"
#include "engine/decide.h"
#include "store/counting_store.h"
#include "tests/contract/store_contract.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/naive_totals.h"

#include <atomic>
#include <barrier>
#include <thread>

namespace takt::test {
namespace {

constexpr int threads_count = 64;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int people_per_thread = 3;
#else
constexpr int people_per_thread = 8;
#endif
constexpr UtcTime base = utc_from_ms(1'767'225'600'000);

class RaceClock final : public Clock {
public:
  UtcTime utc_now() const override { return base; }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

CapRule in_all(const char* id, Per per, std::uint32_t limit) {
  CapRule rule;
  rule.id = id;
  rule.per = {per};
  rule.limit = limit;
  rule.scope = Scope::everyone;
  return rule;
}

class TotalRace : public StoreContract {
protected:
  void SetUp() override {
    StoreContract::SetUp();
    start();
  }
  /// As a new process on the same data.
  void start() { counting_ = std::make_unique<CountingStore>(std::make_unique<ForwardingStore>(store())); }

  World world(const std::vector<CapRule>& rules) {
    auto policy = std::make_shared<Policy>();
    policy->version = 1;
    policy->total_caps = rules;
    policy->exploration.temperature = 1;
    auto rulebook = std::make_shared<Rulebook>();
    set_policy(*rulebook, policy, store().symbols());
    auto totals = counting_->count_for(rules);
    EXPECT_TRUE(totals);
    rulebook->totals = *totals;
    Placement placement;
    placement.id = *PlacementId::parse("home");
    placement.slots = 2;
    rulebook->placements.emplace("home", compile_placement(placement, store().symbols()));
    std::vector<Item> items(4);
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].id = *ItemId::parse("item-" + std::to_string(i));
      items[i].campaign = i < 2 ? "spring" : "autumn";
    }
    World world;
    world.catalogue = Catalogue::build(std::move(items), store().symbols(), 1);
    world.rulebook = rulebook;
    world.models = untrained_models();
    world.symbols = &store().symbols();
    return world;
  }

  std::size_t ask(const World& world, const std::string& user, std::uint64_t seed) {
    DecisionRequest request;
    request.user_id = user;
    request.placements.push_back({*PlacementId::parse("home"), std::nullopt, {}, std::nullopt});
    request.now = base + Duration(static_cast<std::int64_t>(seed % 1000));
    request.seed = seed;
    const auto decision = decide(*counting_, world, request, clock_, {Durability::wal, true});
    if (!decision || !decision->degraded.empty()) ++failed_;
    return decision && decision->id ? decision->placements.front().choices.size() : 0;
  }

  /// Everybody asks once, all threads at once; how many items were granted.
  std::size_t crowd(const World& world, const std::string& names) {
    std::atomic<std::size_t> granted = 0;
    std::barrier gate(threads_count);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < threads_count; ++thread)
      threads.emplace_back([&, thread] {
        gate.arrive_and_wait();
        for (int i = 0; i < people_per_thread; ++i) {
          const int number = thread * people_per_thread + i;
          granted += ask(world, names + std::to_string(number), mix64(static_cast<std::uint64_t>(number), 1) | 1);
        }
      });
    for (std::thread& thread : threads) thread.join();
    return granted;
  }

  void expect_counted(const World& world) {
    const auto& totals = *world.rulebook->totals;
    EXPECT_EQ(counted_totals(totals, base), naive_totals(store(), world.policy().total_caps, base));
    EXPECT_EQ(counting_->budgets().held_count(), 0U);
  }

  std::unique_ptr<CountingStore> counting_;
  std::atomic<int> failed_ = 0;
  const RaceClock clock_;
};

TEST_P(TotalRace, SixtyFourThreadsGetOneHundredAndOneOfAll) {
  const World shop = world({in_all("all", Per::all, 101)});
  EXPECT_EQ(crowd(shop, "u"), 101U);
  EXPECT_EQ(failed_, 0);
  expect_counted(shop);
  EXPECT_EQ(ask(shop, "late", 5), 0U);
}

TEST_P(TotalRace, EachCampaignHasItsOwnAndASlateTakesOfBoth) {
  const World shop = world({in_all("campaign", Per::campaign, 60), in_all("item", Per::item, 45), in_all("all", Per::all, 110)});
  EXPECT_EQ(crowd(shop, "u"), 110U);
  expect_counted(shop);
}

TEST_P(TotalRace, ARestartCountsTheSame) {
  const std::vector<CapRule> rules{in_all("all", Per::all, 100)};
  {
    const World shop = world(rules);
    EXPECT_EQ(crowd(shop, "u"), 100U);
  }
  counting_.reset();
  reopen();
  start();
  const World again = world(rules);
  expect_counted(again);
  EXPECT_EQ(crowd(again, "v"), 0U);
  const World wider = world({in_all("all", Per::all, 130)});
  EXPECT_EQ(crowd(wider, "w"), 30U) << "another limit is the same count";
}

TEST_P(TotalRace, ARuleThatIsPublishedUnderLoadMissesNothing) {
  const World before = world({});
  for (int i = 0; i < 200; ++i) ask(before, "early-" + std::to_string(i), static_cast<std::uint64_t>(i) + 1);
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; !stop; ++i) ask(before, (i % 2 == 0 ? "new-" : "early-") + std::to_string(thread * 50 + i % 50), static_cast<std::uint64_t>(i) + 1);
    });
  for (int round = 0; round < 5; ++round) {
    CapRule rule = in_all("item", Per::item, 10'000);
    rule.counts = round % 2 == 0 ? Counts::impression : Counts::decision;
    const auto totals = counting_->count_for(std::vector<CapRule>{rule});
    ASSERT_TRUE(totals);
    if (round == 4) {
      stop = true;
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(counted_totals(**totals, base), naive_totals(store(), std::vector<CapRule>{rule}, base));
    }
    if (round < 4) counting_->keep_only({});
  }
  EXPECT_EQ(failed_, 0);
}

std::vector<StoreKind> both_stores() {
  std::vector<StoreKind> kinds = store_kinds();
  std::erase_if(kinds, [](const StoreKind& kind) { return kind.name != "memory" && kind.name != "rocksdb"; });
  return kinds;
}
std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(stores, TotalRace, ::testing::ValuesIn(both_stores()), name_of);

} // namespace
} // namespace takt::test
