// The promise under a race: one customer, a cap of three, 64 threads that all ask at once, each with a `now` of its own. Exactly three
// are granted, in every round, whoever commits first. TAKT_RACE_ROUNDS sets the rounds (1,000).
#include "core/hash.h"
#include "engine/decide.h"
#include "engine/resolve.h"
#include "tests/contract/store_contract.h"
#include "tests/support/forwarding_store.h"

#include <atomic>
#include <barrier>
#include <cstdlib>
#include <thread>

namespace takt::test {
namespace {

constexpr int threads_count = 64;
constexpr std::uint32_t cap = 3;
constexpr UtcTime base = utc_from_ms(1'767'225'600'000);

int rounds_wanted() {
  const char* const text = std::getenv("TAKT_RACE_ROUNDS");
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  constexpr int usual = 100; // ten times as slow, and it is the order of things that is watched there
#else
  constexpr int usual = 1000;
#endif
  return text != nullptr ? std::atoi(text) : usual;
}

class RaceClock final : public Clock {
public:
  UtcTime utc_now() const override { return base; }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

/// One rule of each kind that lets three through and no fourth, however long the day.
std::vector<CapRule> rules_of_every_window() {
  std::vector<CapRule> rules;
  for (const WindowKind kind : {WindowKind::lifetime, WindowKind::rolling, WindowKind::session, WindowKind::calendar, WindowKind::anchored_first, WindowKind::anchored_last}) {
    CapRule& rule = rules.emplace_back();
    rule.id = "few";
    rule.limit = cap;
    rule.window.kind = kind;
    if (kind == WindowKind::rolling || kind == WindowKind::anchored_first || kind == WindowKind::anchored_last) rule.window.length = days(1);
  }
  CapRule& share = rules.emplace_back();
  share.id = "few";
  share.share = Share{Share::denominator * cap / 10, 10};   // of ten that are assumed
  share.window = {WindowKind::rolling, days(1)};
  return rules;
}

/// Two items, two placements, one rule.
World race_world(Store& store, const CapRule& rule) {
  std::vector<Item> items(2);
  items[0].id = *ItemId::parse("pumps");
  items[1].id = *ItemId::parse("boots");
  auto policy = std::make_shared<Policy>();
  policy->version = 1;
  policy->caps = {rule};
  auto rulebook = std::make_shared<Rulebook>();
  set_policy(*rulebook, policy, store.symbols());
  for (const char* id : {"home.hero", "home.side"}) {
    Placement placement;
    placement.id = *PlacementId::parse(id);
    placement.channel = "web";
    placement.slots = 1;
    rulebook->placements.emplace(id, compile_placement(placement, store.symbols()));
  }
  World world;
  world.catalogue = Catalogue::build(std::move(items), store.symbols(), 1);
  world.rulebook = rulebook;
  world.models = untrained_models();
  world.symbols = &store.symbols();
  return world;
}

World race_world(Store& store, std::uint32_t limit) {
  CapRule rule;
  rule.id = "few";
  rule.limit = limit;
  return race_world(store, rule);
}

DecisionRequest ask(const std::string& user, UtcTime now, std::uint64_t seed, const char* placement = "home.hero") {
  DecisionRequest request;
  request.user_id = user;
  request.placements.push_back({*PlacementId::parse(placement), std::nullopt, {}, std::nullopt});
  request.now = now;
  request.seed = seed;
  request.body_hash = hash64(placement);
  return request;
}

bool is_grant(const Result<Decision>& decision) { return decision && decision->id && !decision->placements.front().choices.empty(); }

/// A store whose lanes keep nobody apart, so that only the conditional write does; and in which something may happen just
/// before a commit.
class Crowded final : public ForwardingStore {
public:
  explicit Crowded(Store& inner) : ForwardingStore(inner), records_(*this, inner.records()) {}
  RecordStore& records() override { return records_; }
  std::function<void()> before_commit;                           ///< once

private:
  class Records final : public ForwardingRecords {
  public:
    Records(Crowded& owner, RecordStore& inner) : ForwardingRecords(inner), owner_(owner) {}
    std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline) override {
      if (owner_.before_commit) std::exchange(owner_.before_commit, nullptr)();
      else std::this_thread::yield();                            // let somebody else come between the read and the write
      return ForwardingRecords::commit(commits, durability, deadline);
    }
    Lane enter(CustomerId) override { return {}; }

  private:
    Crowded& owner_;
  };
  Records records_;
};

class CapRace : public StoreContract {
protected:
  CustomerRecord record_of(const std::string& user) {
    const auto customer = find_customer(store(), {IdentityKind::user, user});
    EXPECT_TRUE(customer && *customer);
    return read(*customer);
  }
  /// Asks through `crowd` from 64 threads at once, `rounds` times, and judges each round.
  void race(Store& crowd, int rounds, bool is_contended);

  const RaceClock clock_;
};

void CapRace::race(Store& crowd, int rounds, bool is_contended) {
  std::vector<World> worlds;                     // each round under another kind of window
  for (const CapRule& rule : rules_of_every_window()) worlds.push_back(race_world(crowd, rule));
  std::atomic<int> granted = 0, refused = 0, failed = 0, contended = 0;
  std::barrier gate(threads_count);
  const auto user_of = [](int round) { return "race-" + std::to_string(round); };
  const auto judge = [&](int round) {
    ASSERT_EQ(failed, 0) << "round " << round;
    ASSERT_EQ(granted + refused, threads_count);
    ASSERT_EQ(granted, static_cast<int>(cap)) << "round " << round;
    const CustomerRecord record = record_of(user_of(round));
    ASSERT_EQ(record.ledger.entries.size(), cap);
    UtcTime before = UtcTime::min();
    for (const Entry& entry : record.ledger.entries) {
      ASSERT_GE(entry.granted_at, before) << "time of one customer never runs backwards";
      before = entry.granted_at;
    }
    if (!is_contended) {
      ASSERT_EQ(record.version, static_cast<Version>(threads_count)) << "each decision is in the journal, the refused ones too";
    }
    granted = refused = 0;
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < threads_count; ++thread)
    threads.emplace_back([&, thread] {
      for (int round = 0; round < rounds; ++round) {
        const std::uint64_t seed = mix64(static_cast<std::uint64_t>(round), static_cast<std::uint64_t>(thread)) | 1;
        gate.arrive_and_wait();
        const auto decision = decide(crowd, worlds[static_cast<std::size_t>(round) % worlds.size()], ask(user_of(round), base + Duration(seed % 5000), seed), clock_, {Durability::wal, true});
        if (!decision) ++failed;
        else if (is_grant(decision)) ++granted;
        else ++refused;
        if (decision && !decision->degraded.empty()) ++contended;
        gate.arrive_and_wait();
        if (thread == 0 && !HasFatalFailure()) judge(round);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(is_contended || contended == 0);
}

TEST_P(CapRace, SixtyFourThreadsGetThreeGrants) { race(store(), rounds_wanted(), false); }

TEST_P(CapRace, AndWithoutLanesThatKeepThemApart) {
  Crowded crowd(store());
  race(crowd, std::max(1, rounds_wanted() / 5), true);
}

TEST_P(CapRace, TheLaterNowCommitsFirst) {
  Crowded crowd(store());
  const World world = race_world(crowd, 1);
  const UtcTime early = base, late = base + seconds(5);
  std::optional<Decision> later;
  crowd.before_commit = [&] { later = *decide(crowd, world, ask("anna", late, 2), clock_, {Durability::wal, true}); };
  const auto earlier = decide(crowd, world, ask("anna", early, 1), clock_, {Durability::wal, true});
  ASSERT_TRUE(earlier && later);
  EXPECT_TRUE(is_grant(*later));
  EXPECT_FALSE(is_grant(earlier)) << "it was free when it was looked at, and is not any more";
  EXPECT_EQ(earlier->now, late) << "what is reserved at a later time is not in the future";
  EXPECT_EQ(earlier->placements.front().drops, (std::map<ReasonCode, std::uint32_t>{{ReasonCode::capped, 2}}));
  EXPECT_EQ(record_of("anna").ledger.entries.size(), 1U);
  // The same without a race: whoever asks with an older `now` afterwards sees the reservation too.
  EXPECT_FALSE(is_grant(decide(crowd, world, ask("anna", early - hours(1), 3), clock_, {Durability::wal, true})));
}

TEST_P(CapRace, TheSameSeedAtTheSameInstantAreTwoDecisions) {
  Crowded crowd(store());
  const World world = race_world(crowd, 1);
  std::optional<Decision> other;
  crowd.before_commit = [&] { other = *decide(crowd, world, ask("anna", base, 7, "home.side"), clock_, {Durability::wal, true}); };
  const auto decision = decide(crowd, world, ask("anna", base, 7), clock_, {Durability::wal, true});
  ASSERT_TRUE(decision && other);
  EXPECT_TRUE(is_grant(*other));
  EXPECT_FALSE(is_grant(decision)) << "a commit under the other one's id would pass for its repetition";
  EXPECT_NE(decision->id, other->id);
}

std::vector<StoreKind> both_stores() {
  std::vector<StoreKind> kinds = store_kinds();
  std::erase_if(kinds, [](const StoreKind& kind) { return kind.name != "memory" && kind.name != "rocksdb"; });
  return kinds;
}
std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(stores, CapRace, ::testing::ValuesIn(both_stores()), name_of);

} // namespace
} // namespace takt::test
