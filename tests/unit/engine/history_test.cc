// Replay: what was decided comes out again, bit for bit; and where anything was otherwise, it says so.
#include "engine/history.h"

#include "features/feature_row.h"

#include "tests/scenario/scenario_world.h"
#include "tests/support/forwarding_store.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <map>

namespace takt::test {
namespace {

using scenario::ScenarioWorld;

/// Eight items, one hero with two slots, a cap, and enough chance that another seed draws another slate.
class Replay : public testing::Test {
protected:
  Replay() {
    for (const char* name : {"bag", "belt", "boots", "coat", "gloves", "hat", "pumps", "scarf"}) {
      Item item;
      item.id = *ItemId::parse(name);
      item.price = Money{20'000'000 + 1'000'000 * static_cast<std::int64_t>(shop_.items.size()), "EUR"};
      shop_.items.push_back(std::move(item));
    }
    Placement hero;
    hero.id = *PlacementId::parse("home.hero");
    hero.channel = "web";
    hero.slots = 2;
    shop_.placements.push_back(std::move(hero));
    CapRule cap;
    cap.id = "thrice";
    cap.limit = 3; // full towards the evening
    cap.per = {Per::item};
    cap.window = {WindowKind::rolling, days(1)};
    shop_.policy.caps.push_back(cap);
    shop_.policy.exploration.temperature = 1;
    shop_.clock.now = utc_from_ms(1'709'640'000'000);
    rebuild();
  }

  void rebuild() {
    shop_.rebuild();
    worlds_.push_back(shop_.world);
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

  void see(const std::string& who, EventName name, const Decision& decision) {
    Event event = shop_.event_of(who, shop_.clock.now);
    event.name = name;
    event.decision_id = to_text(decision.id);
    for (const Choice& choice : decision.placements.front().choices) {
      EventItem item;
      item.id = choice.item.text();
      event.items = {item};
      event.message_id += "+";
      shop_.send(event);
    }
  }

  /// Ten hours of three people, with views and clicks between the decisions.
  void live_a_day(std::uint64_t seeds_from = 1) {
    for (std::uint64_t i = 0; i < 60; ++i) {
      const std::string who = "person" + std::to_string(i % 3);
      const Decision decision = ask(who, seeds_from + i);
      shop_.clock.now += minutes(3);
      if (i % 4 != 0) see(who, EventName::promotion_viewed, decision);
      if (i % 9 == 0) see(who, EventName::promotion_clicked, decision);
      shop_.clock.now += minutes(7);
    }
  }

  Result<WorldPtr> world_of(const Versions& versions) const {
    for (const WorldPtr& world : worlds_)
      if (world->versions() == versions) return world;
    return fail(ErrorCode::not_found, "policy " + std::to_string(versions.rules));
  }
  ReplayCounts replay(ReplayOptions options = {}) {
    auto counts = replay_log(*shop_.store, [this](const Versions& versions) { return world_of(versions); }, options, shop_.clock);
    EXPECT_TRUE(counts) << (counts ? "" : counts.error().message);
    return counts ? *counts : ReplayCounts{};
  }

  std::vector<DecisionRecord> log() {
    std::vector<DecisionRecord> records;
    EXPECT_TRUE(shop_.store->decisions().scan(UtcTime::min(), UtcTime::max(), [&](const DecisionRecord& record) {
      records.push_back(record);
      return true;
    }));
    return records;
  }
  /// Puts a record into the log that no decision wrote, beside somebody else's journal.
  void forge(DecisionRecord record) {
    record.decision.id = make_decision_id(record.decision.now, record.decision.customer, 4'000'000'000U + forged_++);
    Commit commit{CustomerId{0xf09 + forged_}, 0, {record.decision.id.bytes}, {}, {}, encode_decision(record), {}};
    commit.delta.clock = record.decision.now;
    commit.delta.operations.push_back(op::Found{record.decision.now, false});
    ASSERT_EQ(shop_.store->records().commit({&commit, 1}, Durability::wal, {}).front(), CommitOutcome::committed);
  }
  /// What replay says about this one record, beside a log that is reproduced.
  std::string complaint_about(const DecisionRecord& record) {
    forge(record);
    const ReplayCounts counts = replay();
    EXPECT_EQ(counts.reproduced, 60U);
    EXPECT_EQ(counts.different, 1U);
    return counts.first_different.empty() ? "" : counts.first_different.front().what;
  }

  ScenarioWorld shop_;
  std::vector<WorldPtr> worlds_;
  std::uint32_t forged_ = 0;
};

/// A store whose decision log cannot be read.
class SilentLog final : public ForwardingStore {
public:
  using ForwardingStore::ForwardingStore;
  DecisionLog& decisions() override { return log_; }

private:
  struct Log final : DecisionLog {
    Result<std::optional<DecisionRecord>> find(DecisionId) override { return fail(ErrorCode::unavailable, "the disk is gone"); }
    Status scan(UtcTime, UtcTime, const std::function<bool(const DecisionRecord&)>&) override { return fail(ErrorCode::unavailable, "the disk is gone"); }
  };
  Log log_;
};

TEST_F(Replay, a_repeated_request_is_answered_with_nothing_where_its_first_answer_cannot_be_read) {
  DecisionRequest request;
  request.user_id = "anna";
  request.request_id = "once";
  request.placements.push_back({*PlacementId::parse("home.hero"), std::nullopt, {}, std::nullopt});
  request.now = shop_.clock.now;
  request.seed = 3;
  ASSERT_TRUE(decide(*shop_.store, *shop_.world, request, shop_.clock, {Durability::wal, true}));
  SilentLog silent(*shop_.store);
  const auto again = decide(silent, *shop_.world, request, shop_.clock, {Durability::wal, true});
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_EQ(again->degraded.size(), 1U);
  EXPECT_EQ(again->degraded.front().code, ReasonCode::store_unavailable);
  EXPECT_TRUE(again->placements.front().choices.empty());
  request.body_hash = 77; // another question under the same id stays the caller's mistake
  EXPECT_EQ(decide(silent, *shop_.world, request, shop_.clock, {Durability::wal, true}).error().code, ErrorCode::mismatch);
}

TEST_F(Replay, EveryDecisionOfADayComesOutAgain) {
  live_a_day();
  const ReplayCounts counts = replay();
  EXPECT_EQ(counts.decisions, 60U);
  EXPECT_EQ(counts.reproduced, 60U);
  EXPECT_EQ(counts.different, 0U);
  EXPECT_TRUE(counts.not_held.empty());
}

TEST_F(Replay, WhatCameLaterChangesNothing) {
  live_a_day();
  shop_.clock.now += hours(1);
  for (int i = 0; i < 40; ++i) see("person1", EventName::promotion_clicked, ask("person1", 7));
  EXPECT_EQ(replay().different, 0U);
}

TEST_F(Replay, EachDecisionMeetsTheRulesOfItsDay) {
  live_a_day();
  shop_.policy.caps.front().limit = 1;
  rebuild();
  live_a_day(500);
  const ReplayCounts counts = replay();
  EXPECT_EQ(counts.reproduced, 120U);
  EXPECT_EQ(counts.different, 0U);
}

TEST_F(Replay, WhatIsNoLongerHeldIsNamed) {
  live_a_day();
  const std::uint64_t first = shop_.policy.version;
  worlds_.clear();
  shop_.policy.caps.front().limit = 1;
  rebuild();
  live_a_day(500);
  const ReplayCounts counts = replay();
  EXPECT_EQ(counts.decisions, 120U);
  EXPECT_EQ(counts.reproduced, 60U);
  EXPECT_EQ(counts.not_held, (std::map<std::string, std::size_t>{{"policy " + std::to_string(first), 60}}));
}

TEST_F(Replay, SeesOneBitOfAScore) {
  live_a_day();
  DecisionRecord record = log().at(9);
  double& score = record.decision.placements.front().choices.front().score;
  score = std::nextafter(score, 1e9);
  EXPECT_NE(complaint_about(record).find("home.hero slot 1 score: "), std::string::npos);
}

TEST_F(Replay, ReproducesEveryLoggedRow) {
  live_a_day();
  std::size_t rows = 0;
  for (const DecisionRecord& record : log()) {
    const PlacementDecision& placement = record.decision.placements.front();
    if (placement.choices.empty()) continue; // capped: nothing was scored
    EXPECT_EQ(placement.features.schema, feature_schema().fingerprint);
    EXPECT_EQ(placement.features.shared.size(), feature_schema().shared_count);
    for (std::size_t i = 0; i < placement.choices.size(); ++i) EXPECT_EQ(placement.features.items.at(i), placement.choices[i].item);
    rows += placement.features.items.size();
  }
  EXPECT_GT(rows, 60U) << "also items that were not chosen";
  EXPECT_EQ(replay().rows, rows);
}

TEST_F(Replay, SeesOneBitOfARow) {
  live_a_day();
  DecisionRecord record = log().at(9);
  float& value = record.decision.placements.front().features.own.at(feature_schema().find("price_gap") - feature_schema().shared_count);
  value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ 0x100U); // the smallest step that a row can make
  const std::string item = record.decision.placements.front().features.items.front().text();
  EXPECT_NE(complaint_about(record).find("home.hero item " + item + " feature price_gap: "), std::string::npos);
}

TEST_F(Replay, SeesAValueThatKnewALaterEvent) { // a leak of the future: the row as a later record would have written it
  live_a_day();
  DecisionRecord record = log().at(9);
  const Version later = record.decision.record_version + 6;
  DecisionRecord leaked = record;
  leaked.decision.record_version = later;
  auto again = run_again(*shop_.store, *shop_.world, leaked, shop_.clock);
  ASSERT_TRUE(again);
  ASSERT_NE(again->placements.front().features, record.decision.placements.front().features) << "nothing happened later";
  record.decision.placements.front().features.shared = again->placements.front().features.shared;
  EXPECT_NE(complaint_about(record).find(" feature "), std::string::npos);
}

TEST_F(Replay, RowsOfAnotherSchemaAreCountedApart) {
  live_a_day();
  DecisionRecord record = log().at(10);
  record.decision.placements.front().features.schema = 0xabc;
  forge(record);
  const ReplayCounts counts = replay();
  EXPECT_EQ(counts.different, 0U);
  EXPECT_EQ(counts.not_held, (std::map<std::string, std::size_t>{{"feature schema 0000000000000abc", 1}}));
}

TEST_F(Replay, SeesAnotherSeed) {
  live_a_day();
  DecisionRecord record = log().at(0);
  const std::string before = record.decision.placements.front().choices.front().item.text();
  // A seed that draws another first item: one of a few must.
  for (std::uint64_t seed = 1000;; ++seed) {
    ASSERT_LT(seed, 1100U);
    record.request.seed = seed;
    auto again = run_again(*shop_.store, *shop_.world, record, shop_.clock);
    ASSERT_TRUE(again);
    if (again->placements.front().choices.front().item.text() != before) break;
  }
  EXPECT_NE(complaint_about(record).find("home.hero slot 1 item: " + before), std::string::npos);
}

TEST_F(Replay, SeesAnEventThatWasNotKnownThen) {
  shop_.policy.caps.front().limit = 1;
  rebuild();
  live_a_day();
  // As if the decision had been made one journal entry later, when its own reservations filled the cap and the visit had begun.
  DecisionRecord record = log().at(3);
  ++record.decision.record_version;
  const std::string what = complaint_about(record);
  EXPECT_NE(what.find("home.hero feature days_since_visit: "), std::string::npos) << what;
}

TEST_F(Replay, AJournalThatDoesNotReachThatFarIsCountedApart) {
  live_a_day();
  DecisionRecord record = log().at(10);
  record.decision.record_version += 100'000;
  forge(record);
  const ReplayCounts counts = replay();
  EXPECT_EQ(counts.without_record, 1U);
  EXPECT_EQ(counts.different, 0U);
}

TEST_F(Replay, ARangeAndASample) {
  const UtcTime begin = shop_.clock.now;
  live_a_day();
  EXPECT_EQ(replay({begin, begin + hours(1), 1, {}}).decisions, 6U);
  EXPECT_EQ(replay({begin + hours(1), UtcTime::max(), 1, {}}).decisions, 54U);
  EXPECT_EQ(replay({UtcTime::min(), UtcTime::max(), 0, {}}).decisions, 0U);
  std::size_t calls = 0;
  const ReplayCounts half = replay({UtcTime::min(), UtcTime::max(), 0.5, [&](std::size_t done) { calls = done; }});
  EXPECT_EQ(half.decisions % 20, 0U) << "a person is in the sample or not, with all decisions";
  EXPECT_EQ(calls, half.decisions);
}

/// Reads one customer's record with a trait that no journal entry set.
class Tampered final : public ForwardingStore {
public:
  Tampered(Store& inner, CustomerId victim) : ForwardingStore(inner), records_(inner.records(), victim) {}
  RecordStore& records() override { return records_; }

private:
  class Records final : public ForwardingRecords {
  public:
    Records(RecordStore& inner, CustomerId victim) : ForwardingRecords(inner), victim_(victim) {}
    Result<RecordPtr> read(CustomerId customer, Deadline deadline) override {
      TAKT_TRY(record, ForwardingRecords::read(customer, deadline));
      if (customer != victim_) return record;
      auto changed = std::make_shared<CustomerRecord>(*record);
      changed->traits.push_back({"tampered", "true", changed->clock});
      return changed;
    }

  private:
    CustomerId victim_;
  };
  Records records_;
};

TEST_F(Replay, RecordsAreWhatTheirJournalsSayOrAreNamed) {
  live_a_day();
  const auto good = check_records(*shop_.store, {});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->customers, 3U);
  EXPECT_EQ(good->different, 0U);
  EXPECT_EQ(check_records(*shop_.store, {})->digest, good->digest);
  const CustomerId victim = shop_.record_of("person1")->id;
  Tampered tampered(*shop_.store, victim);
  const auto bad = check_records(tampered, {});
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->first_different, std::vector<CustomerId>{victim});
  EXPECT_NE(bad->digest, good->digest);
}

} // namespace
} // namespace takt::test
