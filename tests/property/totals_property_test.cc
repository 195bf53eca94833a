// Caps over more than one customer against brute force: random histories of a small shop as sentences of the scenarios (asks, views of one's own
// and of others' decisions, late ones, clicks, mails, releases, logins, merges, partings, groups, restarts, edited rules). After every step every count is
// the sum over all records; no grant goes beyond a limit; every logged decision is made again from its record.
// TAKT_TOTAL_HISTORIES sets how many (150).
#include "core/random.h"
#include "engine/decide.h"
#include "engine/history.h"
#include "tests/scenario/scenario_steps.h"
#include "tests/support/faulty_store.h"
#include "tests/support/naive_totals.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

using scenario::ScenarioWorld;

constexpr int steps_per_history = 70;

int histories_wanted() {
  const char* const text = std::getenv("TAKT_TOTAL_HISTORIES");
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  constexpr int usual = 15;
#else
  constexpr int usual = 150;
#endif
  return text != nullptr ? std::atoi(text) : usual;
}

CapRule total(std::string id, Counts counts, std::vector<Per> per, std::uint32_t limit, Scope scope) {
  CapRule rule;
  rule.id = std::move(id);
  rule.counts = counts;
  rule.per = std::move(per);
  rule.limit = limit;
  rule.scope = scope;
  return rule;
}

class History {
public:
  explicit History(std::uint64_t seed) : random_(seed), told_("seed " + std::to_string(seed) + "\n") {
    for (const char* item : {"a: campaign spring", "b: campaign spring", "c: campaign autumn, kind service"}) say("given item", item);
    scenario::given_placement(world_, "home", {"slots 2"});
    scenario::given_placement(world_, "side", {"slots 1", "fallback c"});
    scenario::given_placement(world_, "mail", {"channel email", "slots 2", "reserved 2h"});
    world_.clock.now = utc_from_ms(1'709'672'400'000); // 5 March 2024, 21:00 UTC: midnight is near
    const auto few = [&](std::uint64_t from, std::uint64_t more) { return static_cast<std::uint32_t>(from + random_.below(more)); };
    rules_ = {total("ever", Counts::impression, {Per::item}, few(2, 5), Scope::everyone), total("campaign", Counts::impression, {Per::campaign}, few(3, 6), Scope::everyone),
              total("house", Counts::contact, {Per::all}, few(2, 3), Scope::group), total("daily", Counts::contact, {Per::channel}, few(3, 5), Scope::everyone),
              total("asked", Counts::decision, {Per::campaign, Per::channel}, few(5, 9), Scope::everyone), total("clicks", Counts::click, {Per::all}, few(1, 4), Scope::everyone)};
    const CalendarPeriod day{CalendarUnit::day, Zone::find("UTC"), {}, std::chrono::Monday};
    rules_[3].window = {WindowKind::calendar, {}, day};
    rules_[0].counts_of.kinds = std::vector<Symbol>{world_.symbol("product")};
    rules_[0].applies_to = rules_[0].counts_of;
    rules_[1].exempt.emplace().kinds = std::vector<Symbol>{world_.symbol("service")};
    rules_[1].exempt_counts = random_.below(2) == 0;
    choose_rules();
    for (const char* person : people) if (person[0] != 'd') step(std::string(person) + " allows marketing on email");
  }

  void misbehave(std::uint64_t seed) {
    FaultPlan plan;
    plan.read_stale = plan.commit_conflict = plan.commit_unknown_before = plan.commit_unknown_after = 0.08;
    world_.store = std::make_unique<CountingStore>(std::make_unique<FaultyStore>(*world_.kept, plan, seed));
    world_.rebuild();
    keep_world();
    is_faulty_ = true;
  }

  void live() {
    for (int i = 0; i < steps_per_history && !::testing::Test::HasFatalFailure(); ++i) next();
    if (!::testing::Test::HasFatalFailure()) replay();
  }

private:
  static constexpr std::array people{"anna", "ben", "cleo", "dora", "device-1", "device-2"};

  std::string person() { return people[random_.below(people.size())]; }
  std::string any(std::initializer_list<const char*> words) { return words.begin()[random_.below(words.size())]; }
  std::string decision() { return " of decision " + std::to_string(1 + random_.below(world_.decisions.size())); }

  void say(const std::string& what, const std::string& text) {
    told_ += what + " " + text + "\n";
    const auto colon = text.find(": ");
    scenario::given_item(world_, text.substr(0, colon), scenario::parts_of(text.substr(colon + 2), ','));
  }

  void choose_rules() {
    world_.policy.total_caps.clear();
    for (CapRule& rule : rules_) {
      if (random_.below(4) == 0) continue;
      if (random_.below(6) == 0) rule.limit = static_cast<std::uint32_t>(1 + random_.below(8));
      world_.policy.total_caps.push_back(rule);
    }
    world_.rebuild();
    keep_world();
  }
  void keep_world() { worlds_[world_.policy.version] = world_.world; }

  void next() {
    const std::uint64_t what = random_.below(20);
    if (what < 7 || world_.decisions.empty()) return ask();
    if (what < 10) return step(person() + " views " + any({"a", "b", "c"}) + decision());
    if (what == 10) return step(person() + " clicks " + any({"a", "b"}) + decision());
    if (what == 11) return step(person() + " views " + any({"a", "b"}) + " without decision");
    if (what == 12) return step("the mail to " + person() + any({" is delivered", " bounces"}) + decision());
    if (what == 13) return step(person() + " joins " + any({"acme", "beta"}));
    if (what == 14) return step(any({"device-1 becomes anna", "device-2 becomes ben", "cleo was dora", "ben was cleo", "device-1 becomes cleo", "cleo is parted from dora", "ben is parted from cleo", "anna is parted from device-1"}));
    if (what == 15) return release();
    if (what == 16) return random_.below(2) == 0 ? edit() : restart();
    step(any({"1m", "7m", "14m", "40m", "3h", "26h"}) + " pass");
  }

  void ask() {
    const std::string who = person();
    const bool again = world_.last_answer.contains(who) && random_.below(4) == 0;
    const SumOfAll before = naive_totals(*world_.kept, world_.policy.total_caps, world_.clock.now);
    const std::size_t decided = world_.decisions.size();
    step(who + " asks at " + any({"home", "side", "mail", "home and side", "side and mail"}) + (again ? " replacing the last" : ""));
    if (world_.decisions.size() == decided) return;
    for (const auto& [place, count] : naive_totals(*world_.kept, world_.policy.total_caps, world_.clock.now)) {
      const CapRule& rule = world_.policy.total_caps[place.first];
      const auto known = before.find(place);
      const std::uint64_t had = known == before.end() ? 0 : known->second;
      const bool is_bound = rule.counts != Counts::click && !(rule.exempt && rule.exempt_counts); // who is exempt takes tokens beyond the limit
      ASSERT_TRUE(!is_bound || count <= std::max<std::uint64_t>(had, *rule.limit)) << rule.id << " " << count << "\n" << told_;
    }
  }

  void release() {
    told_ += "release\n";
    const Decision& last = world_.decisions[random_.below(world_.decisions.size())].second;
    if (last.id) static_cast<void>(release_decision(*world_.store, last.id, world_.clock.now));
    compare();
  }
  void edit() {
    told_ += "other rules\n";
    choose_rules();
    compare();
  }
  void restart() {
    if (is_faulty_) return;
    told_ += "restart\n";
    world_.restart();
    keep_world();
    compare();
  }

  void step(const std::string& sentence) {
    told_ += sentence + "\n";
    try {
      scenario::when_step(world_, scenario::words_of(sentence));
    } catch (const scenario::Mistake&) {
      return; // somebody who has not asked yet
    }
    compare();
  }

  void compare() {
    const auto& totals = world_.world->rulebook->totals;
    if (!totals) return;
    const SumOfAll truth = naive_totals(*world_.kept, world_.policy.total_caps, world_.clock.now);
    const SumOfAll counted = counted_totals(*totals, world_.clock.now);
    for (const auto& [place, count] : truth)
      ASSERT_EQ(counted.contains(place) ? counted.at(place) : 0, count) << world_.policy.total_caps[place.first].id << "\n" << told_;
    ASSERT_EQ(counted.size(), truth.size()) << told_;
    ASSERT_EQ(world_.store->budgets().held_count(), 0U) << told_;
  }

  void replay() {
    std::size_t again = 0;
    const auto visit = [&](const DecisionRecord& logged) {
      const auto repeated = run_again(*world_.kept, *worlds_.at(logged.decision.versions.rules), logged, world_.clock);
      EXPECT_TRUE(repeated) << told_;
      EXPECT_EQ(repeated ? difference_between(logged.decision, *repeated) : "not made again", "") << told_;
      ++again;
      return !::testing::Test::HasFailure();
    };
    ASSERT_TRUE(world_.kept->decisions().scan(UtcTime::min(), UtcTime::max(), visit));
    EXPECT_GT(again, 0U);
  }

  Random random_;
  ScenarioWorld world_;
  std::vector<CapRule> rules_;
  std::map<std::uint64_t, WorldPtr> worlds_;   ///< by the version of the rules
  std::string told_;                           ///< what happened so far
  bool is_faulty_ = false;
};

TEST(Totals, AreTheSumOverAllRecordsInAnyHistory) {
  for (int i = 0; i < histories_wanted() && !HasFailure(); ++i) History(static_cast<std::uint64_t>(i) + 1).live();
}

TEST(Totals, AndWhereTheStoreMisbehaves) {
  for (int i = 0; i < histories_wanted() && !HasFailure(); ++i) {
    History history(static_cast<std::uint64_t>(i) + 100'000);
    history.misbehave(static_cast<std::uint64_t>(i) + 1);
    history.live();
  }
}

} // namespace
} // namespace takt::test
