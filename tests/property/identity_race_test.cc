// "Known ids merge only by alias" (semantics.md "Identity") under a race: two users' events that name one device at the same time. One event is
// run whole before each commit of the other, so that every order is met and not only those that a machine happens to choose; then 16 threads.
#include "core/hash.h"
#include "engine/resolve.h"
#include "tests/contract/store_contract.h"
#include "tests/support/forwarding_store.h"

#include <barrier>
#include <functional>
#include <thread>

namespace takt::test {
namespace {

constexpr UtcTime base = utc_from_ms(1'767'225'600'000);

/// Lets something happen before the n-th commit from now on.
class Interrupted final : public ForwardingStore {
public:
  explicit Interrupted(Store& inner) : ForwardingStore(inner), records_(*this, inner.records()) {}
  RecordStore& records() override { return records_; }
  void before_commit(int nth, std::function<void()> run) { countdown_ = nth, run_ = std::move(run); }
  bool has_run() const { return !run_; }

private:
  class Records final : public ForwardingRecords {
  public:
    Records(Interrupted& owner, RecordStore& inner) : ForwardingRecords(inner), owner_(owner) {}
    std::vector<CommitOutcome> commit(std::span<const Commit> commits, Durability durability, Deadline deadline) override {
      if (owner_.run_ && owner_.countdown_-- == 0) std::exchange(owner_.run_, nullptr)();
      return ForwardingRecords::commit(commits, durability, deadline);
    }
    Lane enter(CustomerId) override { return {}; }

  private:
    Interrupted& owner_;
  };
  int countdown_ = 0;
  std::function<void()> run_;
  Records records_;
};

enum class Says { track, identify, page_alias };
constexpr Says everything[] = {Says::track, Says::identify, Says::page_alias};

Event event_of(Says says, const std::string& user, const std::string& device, int second) {
  Event event;
  event.user_id = user;
  event.received_at = event.occurred_at = base + seconds(second);
  if (says == Says::page_alias) event.type = EventType::alias, event.previous_id = device, event.is_from_page = true;
  else event.type = says == Says::identify ? EventType::identify : EventType::track, event.anonymous_id = device;
  return event;
}

/// What is known before: nobody, the device, one user, all of them.
constexpr int pasts = 8;
constexpr int device_known = 1, anna_known = 2, ben_known = 4;

class IdentityRace : public StoreContract {
protected:
  void resolve(Store& in, const Event& event) { ASSERT_TRUE(resolve_event(in, event)); }
  void live(int past, const std::string& round) {
    const auto appear = [&](Event event) { // with a record, as somebody has who sent an event
      const auto customer = resolve_event(store(), event);
      ASSERT_TRUE(customer);
      const Identity identity = event.user_id.empty() ? Identity{IdentityKind::anonymous, event.anonymous_id} : Identity{IdentityKind::user, event.user_id};
      Delta delta;
      delta.clock = event.received_at;
      delta.operations.push_back(op::Found{event.received_at, false});
      delta.operations.push_back(op::Link{identity, event.received_at});
      const Commit commit{*customer, 0, {hash128(identity.value)}, std::move(delta), {}, std::nullopt, {}};
      ASSERT_EQ(store().records().commit({&commit, 1}, Durability::wal, Deadline{}).front(), CommitOutcome::committed);
    };
    Event device = event_of(Says::track, "", "device" + round, 0);
    if (past & device_known) appear(device);
    if (past & anna_known) appear(event_of(Says::track, "anna" + round, "", 1));
    if (past & ben_known) appear(event_of(Says::track, "ben" + round, "", 2));
  }
  CustomerId who(IdentityKind kind, const std::string& name) {
    const auto customer = find_customer(store(), {kind, name});
    EXPECT_TRUE(customer && *customer) << name;
    return customer ? *customer : CustomerId{};
  }
  /// Two users, one device, and it belongs to one of them.
  void judge(const std::string& round) {
    const CustomerId anna = who(IdentityKind::user, "anna" + round), ben = who(IdentityKind::user, "ben" + round), device = who(IdentityKind::anonymous, "device" + round);
    EXPECT_NE(anna, ben) << round;
    EXPECT_TRUE(device == anna || device == ben) << round;
    for (const auto& [customer, other] : {std::pair(anna, "ben"), std::pair(ben, "anna")})
      for (const LinkedIdentity& linked : read(customer).identities) EXPECT_NE(linked.identity, (Identity{IdentityKind::user, other + round})) << round;
  }
};

TEST_P(IdentityRace, one_event_between_any_two_commits_of_another) {
  int rounds = 0;
  for (int past = 0; past < pasts; ++past)
    for (const Says first : everything)
      for (const Says second : everything)
        for (int nth = 0;; ++nth) {
          const std::string round = "-" + std::to_string(rounds++);
          ASSERT_NO_FATAL_FAILURE(live(past, round));
          Interrupted interrupted(store());
          interrupted.before_commit(nth, [&] { resolve(store(), event_of(second, "ben" + round, "device" + round, 11)); });
          ASSERT_NO_FATAL_FAILURE(resolve(interrupted, event_of(first, "anna" + round, "device" + round, 10)));
          if (!interrupted.has_run()) break; // it has fewer commits
          judge(round);
          if (HasFailure()) FAIL() << "past " << past << ", first " << static_cast<int>(first) << ", second " << static_cast<int>(second) << ", commit " << nth;
        }
  EXPECT_GT(rounds, pasts * 9 + 100) << "commits were interrupted";
}

TEST_P(IdentityRace, sixteen_threads_and_their_logins_on_one_device) {
  constexpr int threads_count = 16, rounds = 50;
  std::barrier gate(threads_count);
  std::vector<std::thread> threads;
  const auto user_of = [](int round, int thread) { return "user-" + std::to_string(round) + "-" + std::to_string(thread); };
  for (int round = 0; round < rounds; ++round) ASSERT_NO_FATAL_FAILURE(live(device_known, "=" + std::to_string(round)));
  for (int thread = 0; thread < threads_count; ++thread)
    threads.emplace_back([&, thread] {
      for (int round = 0; round < rounds; ++round) {
        gate.arrive_and_wait();
        EXPECT_TRUE(resolve_event(store(), event_of(everything[(thread + round) % 3], user_of(round, thread), "device=" + std::to_string(round), 10 + thread)));
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (int round = 0; round < rounds; ++round) {
    std::vector<CustomerId> people;
    for (int thread = 0; thread < threads_count; ++thread) people.push_back(who(IdentityKind::user, user_of(round, thread)));
    std::sort(people.begin(), people.end());
    EXPECT_TRUE(std::adjacent_find(people.begin(), people.end()) == people.end()) << "two users became one in round " << round;
  }
}

TEST_P(IdentityRace, what_the_device_saw_goes_to_its_user) {
  ASSERT_NO_FATAL_FAILURE(live(device_known | anna_known, ""));
  const CustomerId anna = who(IdentityKind::user, "anna"), device = who(IdentityKind::anonymous, "device");
  resolve(store(), event_of(Says::track, "anna", "device", 10));
  EXPECT_EQ(who(IdentityKind::anonymous, "device"), anna) << "who has a name goes on";
  EXPECT_EQ(store().records().read(device, Deadline{}).value()->sealed_into, anna);
  EXPECT_EQ(read(anna).merges.size(), 1U);
}

TEST_P(IdentityRace, a_page_names_a_device_that_nobody_has_seen) {
  resolve(store(), event_of(Says::page_alias, "anna", "cookie", 1));
  EXPECT_EQ(store().identities().find({IdentityKind::user, "cookie"}).value(), CustomerId{}) << "nobody claims a user by naming one";
  EXPECT_EQ(who(IdentityKind::anonymous, "cookie"), who(IdentityKind::user, "anna"));
  Event server = event_of(Says::page_alias, "anna", "former", 2);
  server.is_from_page = false;
  resolve(store(), server);
  EXPECT_EQ(who(IdentityKind::user, "former"), who(IdentityKind::user, "anna")) << "a server may";
}

std::vector<StoreKind> both_stores() {
  std::vector<StoreKind> kinds = store_kinds();
  std::erase_if(kinds, [](const StoreKind& kind) { return kind.name != "memory" && kind.name != "rocksdb"; });
  return kinds;
}
std::string name_of(const ::testing::TestParamInfo<StoreKind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(stores, IdentityRace, ::testing::ValuesIn(both_stores()), name_of);

} // namespace
} // namespace takt::test
