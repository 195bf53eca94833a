// What-if in small: what a draft changes, what it must leave alone, and what nobody can know.
#include "engine/what_if/what_if.h"

#include "core/record_codec.h"
#include "engine/resolve.h"
#include "tests/scenario/scenario_world.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

using scenario::ScenarioWorld;

class WhatIf : public testing::Test {
protected:
  WhatIf() {
    for (const char* name : {"bag", "belt", "boots", "coat", "gloves", "hat", "pumps", "scarf"}) {
      Item item;
      item.id = *ItemId::parse(name);
      item.price = Money{20'000'000 + 1'000'000 * static_cast<std::int64_t>(shop_.items.size()), "EUR"};
      shop_.items.push_back(std::move(item));
    }
    Placement hero;
    hero.id = *PlacementId::parse("home.hero");
    hero.channel = "web";
    hero.slots = 3;
    hero.contact_cost_micros = 2000;
    shop_.placements.push_back(std::move(hero));
    shop_.policy.exploration.temperature = 1;
    shop_.clock.now = utc_from_ms(1'709'640'000'000);
    shop_.rebuild();
  }

  Decision ask(const std::string& who, std::uint64_t seed) {
    DecisionRequest request;
    request.user_id = who;
    request.placements.push_back({*PlacementId::parse("home.hero"), std::nullopt, {}, std::nullopt});
    request.now = shop_.clock.now;
    request.seed = seed;
    auto decision = decide(*shop_.store, *shop_.world, request, shop_.clock, {Durability::wal, true});
    EXPECT_TRUE(decision) << (decision ? "" : decision.error().message);
    return decision ? *decision : Decision{};
  }
  void tell(const std::string& who, EventName name, const Decision& decision, std::size_t slot) {
    Event event = shop_.event_of(who, shop_.clock.now);
    event.name = name;
    event.decision_id = to_text(decision.id);
    EventItem item;
    item.id = decision.placements.front().choices.at(slot - 1).item.text();
    event.items = {item};
    shop_.send(event);
  }
  /// Forty hours of four people who look at two slots of three, two seconds after the answer, and now and then click on the first.
  std::vector<Decision> live(std::size_t decisions = 160, bool clicks = true) {
    std::vector<Decision> made;
    for (std::size_t i = 0; i < decisions; ++i) {
      const std::string who = "person" + std::to_string(i % 4);
      made.push_back(ask(who, 1000 + i));
      shop_.clock.now += seconds(2);
      const std::size_t seen = std::min<std::size_t>(2, made.back().placements.front().choices.size());
      for (std::size_t slot = 1; slot <= seen; ++slot) tell(who, EventName::promotion_viewed, made.back(), slot);
      shop_.clock.now += seconds(5);
      if (clicks && i % 7 == 0 && seen > 0) tell(who, EventName::promotion_clicked, made.back(), 1);
      shop_.clock.now += minutes(15);
    }
    return made;
  }

  std::shared_ptr<const Policy> draft() const { return std::make_shared<const Policy>(draft_); }
  WorldOfVersions world_of() const {
    return [this](const Versions& versions) -> Result<WorldPtr> {
      if (versions == shop_.world->versions()) return WorldPtr(shop_.world);
      return fail(ErrorCode::not_found, "policy " + std::to_string(versions.rules));
    };
  }
  what_if::Report run(what_if::Options options = {}) {
    options.checked_share = 1;
    auto report = what_if::run(*shop_.store, world_of(), shop_.policy, draft(), options, shop_.clock);
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    return report ? *report : what_if::Report{};
  }
  what_if::SimulatedCustomer simulate(const std::string& who) {
    const RecordPtr record = shop_.record_of(who);
    auto past = what_if::read_past(*shop_.store, *record, {}, shop_.policy.consent, what_if::ReadDecisions::yes);
    EXPECT_TRUE(past);
    what_if::ViewHabits habits;
    habits.note(*past);
    habits.finish();
    what_if::DraftWorlds worlds(world_of(), draft());
    auto lived = what_if::simulate(*past, record->id, worlds, habits, {{}, 1}, shop_.clock);
    EXPECT_TRUE(lived) << (lived ? "" : lived.error().message);
    return lived ? std::move(*lived) : what_if::SimulatedCustomer{};
  }
  void draft_pauses(const std::string& item) {
    draft_ = shop_.policy;
    SalesPause pause;
    pause.id = "no-" + item;
    pause.match.items = {shop_.symbol(item)};
    draft_.pauses.push_back(pause);
  }
  static bool shows(const Decision& decision, const std::string& item) {
    const auto& choices = decision.placements.front().choices;
    return std::any_of(choices.begin(), choices.end(), [&](const Choice& choice) { return choice.item.text() == item; });
  }

  ScenarioWorld shop_;
  Policy draft_;
};

TEST_F(WhatIf, the_policy_in_force_changes_nothing) {
  live();
  draft_ = shop_.policy;
  const what_if::Report report = run();
  EXPECT_EQ(report.figures.decisions, 160U);
  EXPECT_EQ(report.figures.checked, 160U);
  EXPECT_EQ(report.figures.not_reproduced, 0U);
  EXPECT_EQ(report.figures.changed, 0U);
  EXPECT_EQ(report.figures.diverged, 0U);
  EXPECT_EQ(report.figures.log.exposures, 320U);
  EXPECT_EQ(report.figures.draft.exposures, 320U);
  EXPECT_EQ(report.figures.log.contacts, 160U);
  EXPECT_NEAR(report.figures.log.contact_cost, 0.32, 1e-9);
  EXPECT_TRUE(report.figures.most_changed.empty());
  EXPECT_DOUBLE_EQ(report.weighted.covered, 1.0);
  EXPECT_DOUBLE_EQ(report.weighted.effective_sample, 160.0); // every weight is 1
  for (const char* who : {"person0", "person1", "person2", "person3"}) {
    const what_if::SimulatedCustomer lived = simulate(who);
    EXPECT_FALSE(lived.diverged());
    EXPECT_EQ(encode_record(*lived.as_was), encode_record(*shop_.record_of(who)));
  }
}

TEST_F(WhatIf, a_draft_that_removes_one_candidate_moves_no_other_draw) {
  const std::vector<Decision> logged = live(160, false); // a click that is unobserved would move tastes, and they move scores
  const auto with_hat = static_cast<std::uint64_t>(std::count_if(logged.begin(), logged.end(), [](const Decision& decision) { return shows(decision, "hat"); }));
  ASSERT_GT(with_hat, 20U);
  ASSERT_LT(with_hat, 140U);
  draft_pauses("hat");
  const what_if::Report report = run();
  EXPECT_EQ(report.figures.changed, with_hat); // nothing else depends on the hat: no cap, no fatigue
  EXPECT_EQ(report.figures.log.filled, report.figures.draft.filled);
  EXPECT_EQ(report.figures.log.exposures, report.figures.draft.exposures); // whatever stands in a slot is seen when the slot was
  ASSERT_EQ(report.figures.removed_by_rule.size(), 1U);
  EXPECT_EQ(report.figures.removed_by_rule.begin()->first, "no-hat");
  EXPECT_EQ(report.figures.removed_by_rule.begin()->second, report.figures.removed);
  for (const char* who : {"person0", "person1", "person2", "person3"}) {
    const what_if::SimulatedCustomer lived = simulate(who);
    for (const Entry& entry : lived.simulated->ledger.entries) EXPECT_NE(lived.simulated->ledger.labels_of(entry).item, shop_.symbol("hat"));
    ASSERT_EQ(lived.log.exposures.size(), lived.draft.exposures.size());
    for (std::size_t i = 0; i < lived.log.exposures.size(); ++i) {
      ASSERT_EQ(lived.log.exposures[i].entry.id, lived.draft.exposures[i].entry.id);
      EXPECT_EQ(lived.log.exposures[i].shown(), lived.draft.exposures[i].shown());
    }
  }
}

TEST_F(WhatIf, where_another_item_stands_a_click_is_unobserved_and_the_view_stays) {
  const Decision first = ask("anna", 5);
  const std::string clicked = first.placements.front().choices.front().item.text();
  shop_.clock.now += seconds(3);
  tell("anna", EventName::promotion_clicked, first, 1); // no view was sent: the click says that there was one
  draft_pauses(clicked);
  const what_if::SimulatedCustomer lived = simulate("anna");
  ASSERT_TRUE(lived.diverged());
  const what_if::Exposure &was = lived.log.exposures.front(), &is = lived.draft.exposures.front();
  ASSERT_EQ(was.entry.id, is.entry.id);
  EXPECT_NE(was.labels.item, is.labels.item);
  EXPECT_GT(was.response, 0);
  EXPECT_EQ(is.response, 0);
  EXPECT_EQ(is.shown(), shop_.clock.now);
  const Entry* entry = find_entry(lived.simulated->ledger, is.entry.id);
  ASSERT_NE(entry, nullptr);
  ASSERT_EQ(entry->marks.size(), 1U);
  EXPECT_EQ(entry->marks[0].kind, MarkKind::viewed);
  EXPECT_EQ(std::count_if(lived.as_was->journey.begin(), lived.as_was->journey.end(), [](const JourneyEvent& step) { return step.kind == JourneyKind::promotion_click; }), 1);
  EXPECT_TRUE(std::none_of(lived.simulated->journey.begin(), lived.simulated->journey.end(), [](const JourneyEvent& step) { return step.kind == JourneyKind::promotion_click; }));
}

TEST_F(WhatIf, a_dismissal_of_what_the_draft_does_not_show_is_no_dismissal) {
  const Decision first = ask("anna", 5);
  shop_.clock.now += seconds(3);
  tell("anna", EventName::promotion_viewed, first, 1);
  tell("anna", EventName::promotion_dismissed, first, 1);
  draft_pauses(first.placements.front().choices.front().item.text());
  const what_if::SimulatedCustomer lived = simulate("anna");
  EXPECT_EQ(lived.as_was->dismissals.size(), 1U);
  EXPECT_TRUE(lived.simulated->dismissals.empty());
  draft_pauses(first.placements.front().choices.back().item.text()); // slot 3 changes, slot 1 stands
  EXPECT_EQ(simulate("anna").simulated->dismissals.size(), 1U);
}

TEST_F(WhatIf, slots_that_a_hold_left_empty_are_seen_as_often_and_as_soon_as_the_placement_is) {
  shop_.placements.front().hold = true;
  shop_.policy.exploration.temperature = 0.5;
  shop_.rebuild();
  const std::vector<Decision> logged = live(400);
  const auto held_in_slot_2 = std::count_if(logged.begin(), logged.end(), [](const Decision& decision) {
    const auto& hold = decision.placements.front().hold;
    return hold && hold->slot == 2 && hold->kind == HoldKind::chosen;
  });
  ASSERT_GT(held_in_slot_2, 10);
  draft_ = shop_.policy;
  EXPECT_EQ(run().figures.changed, 0U); // the hold is drawn again, in the same slot
  draft_.exploration.temperature = 0;
  const what_if::Report report = run();
  EXPECT_GT(report.figures.draft.filled, report.figures.log.filled);
  EXPECT_GT(report.figures.draft.exposures, report.figures.log.exposures);
  std::uint64_t empty = 0, seen = 0;
  for (const char* who : {"person0", "person1", "person2", "person3"}) {
    const what_if::SimulatedCustomer lived = simulate(who), again = simulate(who);
    EXPECT_EQ(encode_record(*lived.simulated), encode_record(*again.simulated));
    std::map<ExposureId, UtcTime> logged_slots;
    for (const what_if::Exposure& exposure : lived.log.exposures) logged_slots.emplace(exposure.entry.id, exposure.entry.granted_at);
    for (const what_if::Exposure& exposure : lived.draft.exposures) {
      if (logged_slots.contains(exposure.entry.id)) continue;
      ++empty;
      if (!exposure.shown()) continue;
      ++seen;
      EXPECT_EQ(*exposure.shown() - exposure.entry.granted_at, seconds(2));
    }
  }
  ASSERT_GT(empty, 60U);
  const double share = static_cast<double>(seen) / static_cast<double>(empty);
  EXPECT_GT(share, 0.3); // two slots of three are seen where three stand, all of them where fewer do
  EXPECT_LT(share, 1.0);
}

TEST_F(WhatIf, a_cap_that_is_added_binds_in_the_simulated_ledger_and_is_named) {
  live();
  draft_ = shop_.policy;
  CapRule cap;
  cap.id = "five-a-day";
  cap.per = {Per::all};
  cap.window = {WindowKind::rolling, days(1)};
  cap.limit = 5;
  draft_.caps.push_back(cap);
  const what_if::Report report = run();
  EXPECT_LT(report.figures.draft.exposures, report.figures.log.exposures);
  ASSERT_EQ(report.figures.yardsticks.size(), 1U);
  const what_if::Yardstick& yardstick = report.figures.yardsticks.front();
  EXPECT_TRUE(yardstick.is_of_draft);
  EXPECT_LE(yardstick.draft.rbegin()->first, 5U) << "nobody sees more than the cap lets them";
  EXPECT_GT(yardstick.log.rbegin()->first, 5U);
  ASSERT_TRUE(report.figures.removed_by_rule.contains("five-a-day"));
  EXPECT_GT(report.figures.removed_by_rule.at("five-a-day"), 0U);
  for (const auto& [rule, exposures] : report.figures.removed_by_rule) EXPECT_TRUE(rule == "five-a-day" || rule == "outranked") << rule << ": " << exposures;
  ASSERT_EQ(report.figures.most_changed.size(), 4U);
  EXPECT_GE(report.figures.most_changed[0].removed + report.figures.most_changed[0].added, report.figures.most_changed[1].removed + report.figures.most_changed[1].added);
  EXPECT_FALSE(report.weighted.doubts.empty()); // four people with one history each: nobody can know
}

TEST_F(WhatIf, who_does_not_want_to_be_analysed_is_left_out_and_counted) {
  live();
  Event event = shop_.event_of("person1", shop_.clock.now);
  event.type = EventType::identify;
  event.consents.push_back({Purpose::analytics, "", false});
  shop_.send(event);
  draft_pauses("hat");
  const what_if::Report report = run();
  EXPECT_EQ(report.figures.customers, 3U);
  EXPECT_EQ(report.figures.decisions, 120U);
  EXPECT_EQ(report.figures.left_out[static_cast<std::size_t>(what_if::LeftOut::no_analytics_consent)], 1U);
}

TEST_F(WhatIf, decisions_of_a_world_that_is_not_held_leave_their_customer_out_by_name) {
  live(40);
  const auto first = shop_.world;
  shop_.rebuild(); // a newer policy; the finder knows this one only
  ask("newcomer", 3);
  draft_ = shop_.policy;
  const what_if::Report report = run();
  EXPECT_EQ(report.figures.customers, 1U);
  EXPECT_EQ(report.figures.left_out[static_cast<std::size_t>(what_if::LeftOut::world_not_held)], 4U);
  ASSERT_EQ(report.figures.not_held.size(), 1U);
  EXPECT_EQ(report.figures.not_held.begin()->first, "policy " + std::to_string(first->policy().version));
}

TEST_F(WhatIf, a_range_takes_the_record_of_its_beginning_as_it_was) {
  live(80);
  const UtcTime middle = shop_.clock.now;
  live(80);
  draft_pauses("hat");
  what_if::Options options;
  options.range.from = middle;
  const what_if::Report report = run(options);
  EXPECT_EQ(report.figures.decisions, 80U);
  EXPECT_EQ(report.figures.not_reproduced, 0U);
  options.range = {UtcTime::min(), middle};
  EXPECT_EQ(run(options).figures.decisions, 80U);
  EXPECT_EQ(run(options).figures.not_reproduced, 0U);
}

TEST_F(WhatIf, any_number_of_threads_gives_the_same_figures) {
  for (int i = 0; i < 60; ++i) ask("visitor" + std::to_string(i), 70 + static_cast<std::uint64_t>(i));
  live();
  draft_pauses("hat");
  what_if::Options options;
  const what_if::Report one = run(options);
  options.threads = 3;
  const what_if::Report three = run(options);
  EXPECT_EQ(one.figures.customers, 64U);
  EXPECT_EQ(one.figures.removed, three.figures.removed);
  EXPECT_EQ(one.figures.draft.value.sum, three.figures.draft.value.sum); // bit for bit
  EXPECT_EQ(one.figures.weighted.clicks.over_under, three.figures.weighted.clicks.over_under);
  EXPECT_EQ(one.figures.draft.customers_by_exposures, three.figures.draft.customers_by_exposures);
  ASSERT_EQ(one.figures.most_changed.size(), three.figures.most_changed.size());
  for (std::size_t i = 0; i < one.figures.most_changed.size(); ++i) EXPECT_EQ(one.figures.most_changed[i].id, three.figures.most_changed[i].id);
}

TEST_F(WhatIf, a_sample_is_of_customers_and_ends_where_it_is_told) {
  for (int i = 0; i < 300; ++i) ask("visitor" + std::to_string(i), 70 + static_cast<std::uint64_t>(i));
  draft_ = shop_.policy;
  what_if::Options options;
  options.sample = 0.5;
  const what_if::Report half = run(options);
  EXPECT_GT(half.figures.customers, 100U);
  EXPECT_LT(half.figures.customers, 200U);
  EXPECT_FALSE(half.is_cut_short);
  options.customers_max = 40;
  const what_if::Report few = run(options);
  EXPECT_EQ(few.figures.customers, 40U);
  EXPECT_TRUE(few.is_cut_short);
  EXPECT_NEAR(few.sampled, 40.0 / 300, 1e-9);
  options = {};
  options.decisions_max = 1;
  EXPECT_EQ(run(options).figures.customers, 128U); // a round is finished
}

TEST_F(WhatIf, what_is_cancelled_says_so) {
  live();
  draft_ = shop_.policy;
  const std::atomic<bool> cancel = true;
  what_if::Options options;
  options.cancel = &cancel;
  const what_if::Report report = run(options);
  EXPECT_TRUE(report.is_cancelled);
  EXPECT_EQ(report.figures.customers, 0U);
}

TEST_F(WhatIf, impossible_ranges_and_samples_are_refused_at_their_place) {
  draft_ = shop_.policy;
  what_if::Options options;
  options.range = {shop_.clock.now, shop_.clock.now};
  auto refused = what_if::run(*shop_.store, world_of(), shop_.policy, draft(), options, shop_.clock);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.front().pointer, "/from");
  for (const double sample : {0.0, -1.0, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
    options = {};
    options.sample = sample;
    refused = what_if::run(*shop_.store, world_of(), shop_.policy, draft(), options, shop_.clock);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fields.front().pointer, "/sample");
  }
}

} // namespace
} // namespace takt::test
