// Some simulated months with everything that can go wrong in them, judged by every checker; and each checker judged in turn: it must
// find what is planted. `--seed=N` runs that month alone; TAKT_SIMULATION_SEEDS sets how many (12).
#include "tests/simulation/checkers/knowledge.h"
#include "tests/simulation/month.h"
#include "tests/support/forwarding_store.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string_view>

namespace takt::simulation {
namespace {

std::uint64_t only_seed = 0; // of the command line; 0 = all

std::uint64_t seeds_wanted() {
  const char* const text = std::getenv("TAKT_SIMULATION_SEEDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 12;
}

std::string text_of(const Findings& findings) {
  std::string text;
  for (std::size_t i = 0; i < findings.size() && i < 10; ++i) text += findings[i] + "\n";
  return text;
}

TEST(Simulation, NoCheckerFindsAnythingInAnyMonth) {
  std::uint64_t conflicts = 0, unknown = 0, late = 0, repeated = 0, merges = 0, complaints = 0;
  for (std::uint64_t seed = only_seed ? only_seed : 1; seed <= (only_seed ? only_seed : seeds_wanted()); ++seed) {
    const Month month({.seed = seed});
    const Findings findings = check_everything(month.evidence());
    EXPECT_TRUE(findings.empty()) << text_of(findings) << "again: simulation_test --seed=" << seed;
    EXPECT_EQ(month.failures, 0U) << "again: simulation_test --seed=" << seed;
    EXPECT_GT(month.counts.impressions, 0U);
    conflicts += month.faults.conflicts;
    unknown += month.faults.unknown_before + month.faults.unknown_after;
    late += month.counts.late_events;
    repeated += month.counts.repeated_events;
    complaints += month.counts.complaints;
    static_cast<void>(month.store->records().for_each_customer([&](CustomerId customer) {
      merges += (*month.store->records().read(customer, Deadline{}))->merges.size();
      return true;
    }));
  }
  if (only_seed) return;
  EXPECT_GT(conflicts, 0U) << "a simulation in which nothing goes wrong shows nothing";
  EXPECT_GT(unknown, 0U);
  EXPECT_GT(late, 0U);
  EXPECT_GT(repeated, 0U);
  EXPECT_GT(merges, 0U);
  EXPECT_GT(complaints, 0U);
}

TEST(Simulation, ASeedReproducesAMonthThroughAllItsFaults) {
  const Month one({.seed = 5}), again({.seed = 5}), other({.seed = 6});
  EXPECT_EQ(one.counts.digest, again.counts.digest);
  EXPECT_EQ(one.faults.conflicts, again.faults.conflicts);
  EXPECT_NE(one.counts.digest, other.counts.digest);
}

TEST(Simulation, AStoreThatDoesNotAnswerGivesNothingAndNoError) {
  const Month month({.seed = 2, .customers = 1, .days = 2, .has_faults = false});
  test::FaultPlan plan;
  plan.read_unavailable = 1;
  test::FaultyStore silent(*month.store, plan, 1);
  demo::Trace trace;
  demo::TaktMarketer marketer(month.town, silent, *month.world, &trace);
  demo::Opportunity opportunity;
  opportunity.at = month.town.options.start;
  opportunity.placement = "home.hero";
  opportunity.channel = "web";
  opportunity.anonymous_id = "a-0-web";
  EXPECT_TRUE(marketer.choose(opportunity).items.empty());
  const auto& asked = std::get<demo::Asked>(trace.back());
  ASSERT_TRUE(asked.decision.has_value());
  ASSERT_EQ(asked.decision->degraded.size(), 1U);
  EXPECT_EQ(asked.decision->degraded.front().code, ReasonCode::store_unavailable);
}

// ---- the checkers themselves

/// A month without faults, lived once, with rules that every checker has something to say about.
class Planted : public ::testing::Test {
protected:
  static MonthOptions options(std::function<void(Policy&, SymbolTable&)> change = {}) {
    MonthOptions made;
    made.seed = 3;
    made.customers = 6;
    made.has_faults = false;
    made.change_policy = std::move(change);
    return made;
  }
  static World with_policy(const Month& month, const std::function<void(Policy&)>& change) {
    World world = *month.world;
    Policy policy = month.world->policy();
    change(policy);
    auto rulebook = std::make_shared<Rulebook>(*month.world->rulebook);
    set_policy(*rulebook, std::make_shared<const Policy>(std::move(policy)), *world.symbols);
    world.rulebook = std::move(rulebook);
    return world;
  }
  static demo::Asked& nth_decision(demo::Trace& trace, std::size_t n) {
    for (auto& step : trace)
      if (auto* asked = std::get_if<demo::Asked>(&step); asked && asked->decision && asked->decision->id && !asked->decision->placements.front().choices.empty() && n-- == 0) return *asked;
    std::abort();
  }
  static demo::Trace without_first(const demo::Trace& trace, EventName name) {
    demo::Trace shorter = trace;
    const auto found = std::find_if(shorter.begin(), shorter.end(), [&](const auto& step) {
      const auto* told = std::get_if<demo::Told>(&step);
      return told && told->event.name == name && told->event.type == EventType::track;
    });
    EXPECT_NE(found, shorter.end());
    shorter.erase(found);
    return shorter;
  }
};

TEST_F(Planted, AStricterCapIsSeenToBeBroken) {
  const Month month(options());
  ASSERT_TRUE(check_caps(month.evidence()).empty());
  const World stricter = with_policy(month, [](Policy& policy) { policy.caps.front().limit = *policy.caps.front().limit - 1; });
  EXPECT_FALSE(check_caps({month.trace, *month.store, stricter, false}).empty()) << "somebody reached the cap in this month";
  const World wider = with_policy(month, [](Policy& policy) { policy.caps.front().min_gap = hours(30); });
  EXPECT_FALSE(check_caps({month.trace, *month.store, wider, false}).empty()) << "and came back within a day";
}

TEST_F(Planted, SellingThroughAnOpenComplaintIsSeen) {
  const Month month(options([](Policy& policy, SymbolTable&) { policy.gates.clear(); }));
  demo::Trace trace = month.trace;
  const demo::Asked asked = nth_decision(trace, 4);
  Event opened; // somebody complained just before, and the engine was never told
  opened.name = EventName::case_opened;
  opened.message_id = "planted";
  opened.case_id = "planted";
  (asked.request.user_id.empty() ? opened.anonymous_id : opened.user_id) = asked.request.user_id.empty() ? asked.request.anonymous_id : asked.request.user_id;
  opened.occurred_at = opened.received_at = asked.decision->now - seconds(1);
  trace.insert(trace.begin(), demo::Told{opened, IngestOutcome::accepted});
  const World gated = with_policy(month, [&](Policy& policy) {
    GatePolicy gate;
    gate.id = "open-case";
    gate.allow.kinds = std::vector<Symbol>{month.world->symbols->find("service")};
    policy.gates = {gate};
  });
  EXPECT_TRUE(check_gates({month.trace, *month.store, with_policy(month, [](Policy& policy) { policy.gates.clear(); }), false}).empty());
  EXPECT_FALSE(check_gates({trace, *month.store, gated, false}).empty());
}

TEST_F(Planted, SpeakingIntoTheNightIsSeen) {
  const Month month(options([](Policy& policy, SymbolTable&) { policy.quiet_hours.clear(); }));
  EXPECT_TRUE(check_quiet_hours(month.evidence()).empty());
  const World silent = with_policy(month, [](Policy& policy) { policy.quiet_hours = {{"night", {}, std::nullopt, {hours(20), hours(9)}, Zone::find("Europe/Berlin"), std::nullopt, {}}}; });
  EXPECT_FALSE(check_quiet_hours({month.trace, *month.store, silent, false}).empty());
}

TEST_F(Planted, MailWithoutARecordedYesIsSeen) {
  const Month month(options([](Policy& policy, SymbolTable&) { policy.consent.require.clear(); }));
  demo::Trace trace = month.trace;
  const demo::Asked asked = nth_decision(trace, 2);
  Event refused;
  refused.message_id = "planted";
  (asked.request.user_id.empty() ? refused.anonymous_id : refused.user_id) = asked.request.user_id.empty() ? asked.request.anonymous_id : asked.request.user_id;
  refused.occurred_at = refused.received_at = asked.decision->now - seconds(1);
  refused.consents.push_back({Purpose::marketing, "", false});
  trace.insert(trace.begin(), demo::Told{refused, IngestOutcome::accepted});
  EXPECT_TRUE(check_consent(month.evidence()).empty());
  EXPECT_FALSE(check_consent({trace, *month.store, *month.world, false}).empty());
}

TEST_F(Planted, ShowingWhatWasBoughtOrDismissedIsSeen) {
  const Month month(options());
  ASSERT_TRUE(check_rests(month.evidence()).empty());
  for (const EventName name : {EventName::order_completed, EventName::promotion_dismissed}) {
    demo::Trace trace = month.trace;
    const demo::Asked asked = nth_decision(trace, 3);
    Event done;
    done.message_id = "planted";
    done.name = name;
    (asked.request.user_id.empty() ? done.anonymous_id : done.user_id) = asked.request.user_id.empty() ? asked.request.anonymous_id : asked.request.user_id;
    done.occurred_at = done.received_at = asked.decision->now - seconds(1);
    done.items.emplace_back().id = asked.decision->placements.front().choices.front().item.text();
    trace.insert(trace.begin(), demo::Told{done, IngestOutcome::accepted});
    EXPECT_FALSE(check_rests({trace, *month.store, *month.world, false}).empty()) << static_cast<int>(name);
  }
}

TEST_F(Planted, LostDoubledAndChangedDecisionsAreSeen) {
  const Month month(options());
  ASSERT_TRUE(check_decisions(month.evidence()).empty());
  demo::Trace lost = month.trace;
  std::erase_if(lost, [&, id = nth_decision(lost, 1).decision->id](const auto& step) {
    const auto* asked = std::get_if<demo::Asked>(&step);
    return asked && asked->decision && asked->decision->id == id;
  });
  EXPECT_FALSE(check_decisions({lost, *month.store, *month.world, false}).empty());
  demo::Trace doubled = month.trace;
  doubled.push_back(nth_decision(doubled, 1));
  EXPECT_FALSE(check_decisions({doubled, *month.store, *month.world, false}).empty());
  demo::Trace changed = month.trace;
  nth_decision(changed, 1).decision->placements.front().choices.pop_back();
  EXPECT_FALSE(check_decisions({changed, *month.store, *month.world, false}).empty());
  demo::Trace unwritten = month.trace;
  nth_decision(unwritten, 1).decision->id.bytes[15] ^= 1;
  EXPECT_FALSE(check_decisions({unwritten, *month.store, *month.world, false}).empty());
}

TEST_F(Planted, LostInventedAndRepeatedEventsAreSeen) {
  const Month month(options());
  ASSERT_TRUE(check_events(month.evidence()).empty());
  EXPECT_FALSE(check_events({without_first(month.trace, EventName::product_viewed), *month.store, *month.world, false}).empty());
  demo::Trace invented = month.trace;
  Event event;
  event.message_id = "never-sent";
  invented.emplace_back(demo::Told{event, IngestOutcome::accepted});
  EXPECT_FALSE(check_events({invented, *month.store, *month.world, false}).empty());
  demo::Trace repeated = month.trace;
  const auto told = std::find_if(repeated.begin(), repeated.end(), [](const auto& step) { return std::holds_alternative<demo::Told>(step); });
  repeated.push_back(*told);
  EXPECT_FALSE(check_events({repeated, *month.store, *month.world, false}).empty());
}

TEST_F(Planted, ACountThatIsOneTooHighIsSeen) {
  const Month month(options());
  ASSERT_TRUE(check_records(month.evidence()).empty());
  for (const EventName name : {EventName::promotion_viewed, EventName::promotion_clicked, EventName::product_viewed, EventName::order_completed})
    EXPECT_FALSE(check_records({without_first(month.trace, name), *month.store, *month.world, false}).empty()) << static_cast<int>(name);
}

TEST_F(Planted, PropensitiesThatAreSwappedOrImpossibleAreSeen) {
  const Month month(options([](Policy& policy, SymbolTable&) { policy.exploration.temperature = 0.3; }));
  ASSERT_TRUE(check_propensities(month.evidence()).empty());
  demo::Trace swapped = month.trace;
  for (auto& step : swapped)
    if (auto* asked = std::get_if<demo::Asked>(&step); asked && asked->decision)
      for (PlacementDecision& placement : asked->decision->placements)
        if (placement.choices.size() > 1) std::swap(placement.choices[0].propensity, placement.choices[1].propensity);
  EXPECT_FALSE(check_propensities({swapped, *month.store, *month.world, false}).empty());
  demo::Trace impossible = month.trace;
  nth_decision(impossible, 1).decision->placements.front().choices.front().propensity = 1.5;
  EXPECT_FALSE(check_propensities({impossible, *month.store, *month.world, false}).empty());
}

TEST_F(Planted, AModelThatKnowsTheFutureIsSeen) {
  const Month month(options());
  ASSERT_TRUE(check_time(month.evidence()).empty());
  World prophetic = *month.world;
  auto models = std::make_shared<Models>(*month.world->models);
  models->trained_until = month.town.options.start + days(3);
  prophetic.models = std::move(models);
  EXPECT_FALSE(check_time({month.trace, *month.store, prophetic, false}).empty());
  demo::Trace earlier = month.trace;
  nth_decision(earlier, 5).decision->now -= days(9);
  EXPECT_FALSE(check_time({earlier, *month.store, *month.world, false}).empty());
}

/// Answers with a record that its journal never gave.
class Forged final : public test::ForwardingStore {
public:
  explicit Forged(Store& inner) : ForwardingStore(inner), records_(inner.records()) {}
  RecordStore& records() override { return records_; }

private:
  class Records final : public test::ForwardingRecords {
  public:
    using ForwardingRecords::ForwardingRecords;
    Result<RecordPtr> read(CustomerId customer, Deadline deadline) override {
      TAKT_TRY(record, ForwardingRecords::read(customer, deadline));
      CustomerRecord changed = *record;
      if (!changed.journey.empty()) changed.journey.back().at += Duration{1};
      return std::make_shared<const CustomerRecord>(std::move(changed));
    }
  };
  Records records_;
};

TEST_F(Planted, ARecordThatIsNotItsJournalIsSeen) {
  const Month month(options());
  ASSERT_TRUE(check_rebuild(month.evidence()).empty());
  Forged forged(*month.store);
  EXPECT_FALSE(check_rebuild({month.trace, forged, *month.world, false}).empty());
}

} // namespace

void set_only_seed(std::uint64_t seed) { only_seed = seed; }

} // namespace takt::simulation

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view flag = "--seed=";
  for (int i = 1; i < argc; ++i)
    if (const std::string_view argument = argv[i]; argument.starts_with(flag)) takt::simulation::set_only_seed(std::strtoull(argument.substr(flag.size()).data(), nullptr, 10));
  return RUN_ALL_TESTS();
}
