// From the log and the journals to rows with labels; and from those to a scorer, or to the reason why there is none.
#include "core/random.h"
#include "engine/train/learn_scorer.h"
#include "features/feature_row.h"
#include "features/intent.h"
#include "features/linear_scorer.h"
#include "tests/scenario/scenario_world.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

using scenario::ScenarioWorld;

class OutcomesOfAShop : public testing::Test {
protected:
  OutcomesOfAShop() {
    for (const char* name : {"bag", "belt", "boots", "coat", "gloves", "hat"}) {
      Item item;
      item.id = *ItemId::parse(name);
      item.group = std::string(name) + "-group";
      item.price = Money{20'000'000 + 1'000'000 * static_cast<std::int64_t>(shop_.items.size()), "EUR"};
      shop_.items.push_back(std::move(item));
    }
    Placement hero;
    hero.id = *PlacementId::parse("home.hero");
    hero.channel = "web";
    hero.slots = 2;
    shop_.placements.push_back(std::move(hero));
    shop_.policy.exploration.temperature = 1;
    shop_.clock.now = utc_from_ms(1'709'640'000'000);
    shop_.rebuild();
  }

  Decision ask(const std::string& who, std::uint64_t seed = 1) {
    DecisionRequest request;
    const Identity identity = shop_.identity_of(who);
    (identity.kind == IdentityKind::user ? request.user_id : request.anonymous_id) = who;
    request.placements.push_back({*PlacementId::parse("home.hero"), std::nullopt, {}, std::nullopt});
    request.now = shop_.clock.now;
    request.seed = seed;
    auto decision = decide(*shop_.store, *shop_.world, request, shop_.clock, {Durability::wal, true});
    EXPECT_TRUE(decision) << (decision ? "" : decision.error().message);
    return decision ? *decision : Decision{};
  }
  static const Choice& choice(const Decision& decision, std::size_t slot) { return decision.placements.front().choices.at(slot - 1); }

  void tell(const std::string& who, EventName name, const Decision& decision, std::size_t slot, std::optional<std::uint32_t> dwell_ms = {}) {
    Event event = shop_.event_of(who, shop_.clock.now);
    event.name = name;
    event.decision_id = to_text(decision.id);
    event.dwell_ms = dwell_ms;
    EventItem item;
    item.id = choice(decision, slot).item.text();
    event.items = {item};
    shop_.send(event);
  }
  void buy(const std::string& who, const std::string& order, const std::string& item, EventName name = EventName::order_completed) {
    Event event = shop_.event_of(who, shop_.clock.now);
    event.name = name;
    event.order_id = order;
    EventItem line;
    line.id = item;
    event.items = {line};
    shop_.send(event);
  }
  Outcomes outcomes(std::size_t rows_max = 1000) {
    auto read = read_outcomes(*shop_.store, {UtcTime::min(), shop_.clock.now, rows_max}, {});
    EXPECT_TRUE(read);
    return read ? std::move(*read) : Outcomes{};
  }

  ScenarioWorld shop_;
};

TEST_F(OutcomesOfAShop, AnImpressionGetsTheIntentOfItsClickAndTheRowThatWasLogged) {
  const Decision decision = ask("anna");
  shop_.clock.now += minutes(1);
  tell("anna", EventName::promotion_viewed, decision, 1);
  tell("anna", EventName::promotion_viewed, decision, 2);
  tell("anna", EventName::promotion_clicked, decision, 2, 30'000);
  const Decision other = ask("ben");
  tell("ben", EventName::promotion_viewed, other, 1);
  tell("ben", EventName::promotion_clicked, other, 1, 900); // the thumb slipped
  shop_.clock.now += hours(1);
  const Outcomes read = outcomes();
  ASSERT_EQ(read.data.size(), 3U);
  EXPECT_EQ(read.decisions, 2U);
  EXPECT_EQ(read.unconfirmed, 1U);
  EXPECT_EQ(read.data.labels, (std::vector<float>{0, static_cast<float>(intent_of_dwell(30'000)), static_cast<float>(intent_of_dwell(900))}));
  EXPECT_EQ(read.data.slots, (std::vector<std::uint32_t>{1, 2, 1}));
  const LoggedFeatures& logged = decision.placements.front().features;
  const FeatureSchema& schema = feature_schema();
  const std::span<const float> row = read.data.row(1);
  EXPECT_TRUE(std::equal(logged.shared.begin(), logged.shared.end(), row.begin()));
  const auto own = logged.own.begin() + static_cast<std::ptrdiff_t>(schema.columns.size() - schema.shared_count);
  EXPECT_TRUE(std::equal(row.begin() + static_cast<std::ptrdiff_t>(schema.shared_count), row.end(), own)) << "the second item's";
}

TEST_F(OutcomesOfAShop, AClickThatComesTooLateIsNoResponse) {
  const Decision decision = ask("anna");
  tell("anna", EventName::promotion_viewed, decision, 1);
  shop_.clock.now += minutes(30);
  tell("anna", EventName::promotion_clicked, decision, 1, 30'000);
  EXPECT_EQ(outcomes().data.labels, std::vector<float>{0});
}

TEST_F(OutcomesOfAShop, WhatIsTooYoungToHaveAnOutcomeWaits) {
  const Decision decision = ask("anna");
  tell("anna", EventName::promotion_viewed, decision, 1);
  shop_.clock.now += minutes(29);
  EXPECT_EQ(outcomes().data.size(), 0U);
  EXPECT_EQ(outcomes().too_young, 1U);
  shop_.clock.now += minutes(1);
  EXPECT_EQ(outcomes().data.size(), 1U);
}

TEST_F(OutcomesOfAShop, OrdersCountForSevenDaysUntilTheyAreReturned) {
  const Decision decision = ask("anna");
  tell("anna", EventName::promotion_viewed, decision, 1);
  tell("anna", EventName::promotion_viewed, decision, 2);
  shop_.clock.now += days(2);
  EXPECT_EQ(outcomes().orders, (std::vector<OrderLabel>{OrderLabel::unknown, OrderLabel::unknown}));
  buy("anna", "o1", choice(decision, 1).item.text());
  EXPECT_EQ(outcomes().orders, (std::vector<OrderLabel>{OrderLabel::yes, OrderLabel::unknown}));
  shop_.clock.now += days(6);
  buy("anna", "o2", choice(decision, 2).item.text()); // on the eighth day
  EXPECT_EQ(outcomes().orders, (std::vector<OrderLabel>{OrderLabel::yes, OrderLabel::no}));
  buy("anna", "o1", choice(decision, 1).item.text(), EventName::order_refunded);
  EXPECT_EQ(outcomes().orders, (std::vector<OrderLabel>{OrderLabel::no, OrderLabel::no}));
}

TEST_F(OutcomesOfAShop, WhatIsKnownLaterIsNotReadEarlier) {
  const Decision decision = ask("anna");
  tell("anna", EventName::promotion_viewed, decision, 1);
  shop_.clock.now += minutes(10);
  const UtcTime then = shop_.clock.now;
  tell("anna", EventName::promotion_viewed, decision, 2);
  shop_.clock.now += hours(2);
  tell("anna", EventName::promotion_viewed, ask("anna", 2), 1);
  const auto read = read_outcomes(*shop_.store, {UtcTime::min(), then + minutes(25), 1000}, {});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->data.size(), 1U);
  EXPECT_EQ(read->decisions, 1U);
}

TEST_F(OutcomesOfAShop, AVisitorWhoSignsInLaterIsFollowed) {
  const Decision decision = ask("device-1");
  tell("device-1", EventName::promotion_viewed, decision, 1);
  shop_.clock.now += minutes(2);
  Event login = shop_.event_of("zoe", shop_.clock.now);
  login.type = EventType::identify;
  login.anonymous_id = "device-1";
  shop_.send(login);
  shop_.clock.now += minutes(2);
  tell("zoe", EventName::promotion_clicked, decision, 1, 60'000);
  shop_.clock.now += hours(1);
  const Outcomes read = outcomes();
  ASSERT_EQ(read.data.size(), 1U);
  EXPECT_GT(read.data.labels.front(), 0.9F);
}

TEST_F(OutcomesOfAShop, ALongLogIsSampledByDecisionAndTheSampleIsAlwaysTheSame) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    const std::string who = "person" + std::to_string(i % 5);
    const Decision decision = ask(who, i);
    for (std::size_t slot = 1; slot <= 2; ++slot) tell(who, EventName::promotion_viewed, decision, slot);
    shop_.clock.now += minutes(40);
  }
  const Outcomes all = outcomes(), part = outcomes(30), again = outcomes(30);
  EXPECT_EQ(all.data.size(), 80U);
  EXPECT_TRUE(std::is_sorted(all.shown_at.begin(), all.shown_at.end()));
  EXPECT_LE(part.data.size(), 30U);
  EXPECT_GT(part.data.size(), 0U);
  EXPECT_EQ(part.data.size() % 2, 0U) << "a decision is in the sample or not, with all its items";
  EXPECT_EQ(part.sampled_decisions, part.data.size() / 2);
  EXPECT_EQ(part.decisions, 40U);
  EXPECT_EQ(part.data.rows, again.data.rows);
  EXPECT_EQ(part.shown_at, again.shown_at);
}

TEST_F(OutcomesOfAShop, AShopThatJustOpenedKeepsThePriorAndSaysWhy) {
  const auto prior = make_prior_scorer();
  const auto learnt = learn_scorer(*shop_.store, shop_.clock.now, *prior, {}, {});
  ASSERT_TRUE(learnt);
  EXPECT_EQ(learnt->scorer, nullptr);
  EXPECT_NE(learnt->reason.find("too few clicks"), std::string::npos);
}

/// Impressions of a world whose log odds are those of `truth`, with slots that are seen less the further down.
Outcomes planted(const LinearScorer& truth, std::uint64_t seed, std::size_t count) {
  const FeatureSchema& schema = feature_schema();
  Random random(seed);
  Outcomes outcomes;
  LabelledRows& data = outcomes.data;
  data.width = schema.columns.size();
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<float> row(data.width, 0);
    for (const char* name : {"taste_match", "retrieval_score", "category_affinity", "popularity", "exposures", "hour_sin"})
      row[schema.find(name)] = static_cast<float>(random.uniform());
    const auto slot = static_cast<std::uint32_t>(1 + random.below(3));
    double log_odds = truth.intercept() - 0.4 * (slot - 1);
    for (std::size_t c = 0; c < row.size(); ++c) log_odds += truth.weights()[c] * static_cast<double>(row[c]);
    data.rows.insert(data.rows.end(), row.begin(), row.end());
    data.labels.push_back(random.uniform() < 1 / (1 + std::exp(-log_odds)) ? 1.0F : 0.0F);
    data.weights.push_back(1);
    data.slots.push_back(slot);
  }
  return outcomes;
}

LinearScorer truth_of(std::initializer_list<std::pair<const char*, double>> weights, double intercept) {
  std::vector<double> all(feature_schema().columns.size(), 0);
  for (const auto& [name, weight] : weights) all[feature_schema().find(name)] = weight;
  return {"truth", feature_schema().fingerprint, intercept, std::move(all)};
}

TEST(LearnScorer, FindsWhatWasPlantedAndIsCalibrated) {
  // Not what the prior believes: taste says little, the category much, popularity is against it.
  const LinearScorer truth = truth_of({{"taste_match", 0.3}, {"category_affinity", 2.5}, {"popularity", -1}}, -2.5);
  const auto prior = make_prior_scorer();
  const LearntScorer learnt = learn_scorer_from(planted(truth, 1, 60'000), *prior, {});
  ASSERT_NE(learnt.scorer, nullptr) << learnt.reason;
  const auto& scorer = dynamic_cast<const LinearScorer&>(*learnt.scorer);
  EXPECT_EQ(scorer.name(), "logistic-2");
  EXPECT_EQ(scorer.schema_fingerprint(), feature_schema().fingerprint);
  for (const char* name : {"taste_match", "category_affinity", "popularity", "retrieval_score", "hour_sin"})
    EXPECT_NEAR(scorer.weights()[feature_schema().find(name)], truth.weights()[feature_schema().find(name)], 0.2) << name;
  EXPECT_LT(learnt.learnt.log_loss, learnt.prior.log_loss);
  EXPECT_GT(learnt.learnt.auc, learnt.prior.auc);
  EXPECT_LT(learnt.learnt.calibration_error, 0.02);
  EXPECT_GT(learnt.prior.calibration_error, learnt.learnt.calibration_error);
  EXPECT_NEAR(learnt.slot_offsets.at(2), -0.8, 0.15);
}

TEST(LearnScorer, LearnsAWeightForAConfiguredColumn) {
  const LinearScorer truth = truth_of({{"taste_match", 1.5}}, -2);
  Outcomes outcomes = planted(truth, 6, 30'000);
  outcomes.custom = {{"fits", "shoe_size", "size", std::nullopt, 0, 1, false}, {"noise", "tier", "", "1", 0, 1, false}};
  LabelledRows wide;
  const LabelledRows& narrow = outcomes.data;
  wide.width = narrow.width + 2;
  Random random(7);
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    const bool fits = random.below(2) == 0;
    wide.rows.insert(wide.rows.end(), narrow.row(i).begin(), narrow.row(i).end());
    wide.rows.push_back(fits ? 1.0F : 0.0F);
    wide.rows.push_back(random.below(2) == 0 ? 1.0F : 0.0F);
    // Three of four clicks on what does not fit never happened: its odds are a quarter at most.
    wide.labels.push_back(fits || random.below(4) == 0 ? narrow.labels[i] : 0);
  }
  wide.weights = narrow.weights;
  wide.slots = narrow.slots;
  outcomes.data = wide;
  const LearntScorer learnt = learn_scorer_from(outcomes, *make_prior_scorer(), {});
  ASSERT_NE(learnt.scorer, nullptr) << learnt.reason;
  const auto& weights = dynamic_cast<const LinearScorer&>(*learnt.scorer).custom_weights();
  ASSERT_EQ(weights.size(), 2U);
  EXPECT_EQ(weights[0].id, "fits");
  EXPECT_EQ(weights[0].column, print_of(outcomes.custom[0]));
  EXPECT_GT(weights[0].weight, 1);
  EXPECT_NEAR(weights[1].weight, 0, 0.15);
}

TEST(LearnScorer, LeavesWhatTiresToTheFatigueStage) {
  const LinearScorer truth = truth_of({{"taste_match", 1.5}, {"exposures", -2}}, -1.5);
  const LearntScorer learnt = learn_scorer_from(planted(truth, 2, 30'000), *make_prior_scorer(), {});
  ASSERT_NE(learnt.scorer, nullptr) << learnt.reason;
  EXPECT_EQ(dynamic_cast<const LinearScorer&>(*learnt.scorer).weights()[feature_schema().find("exposures")], 0);
}

TEST(LearnScorer, KeepsAPriorThatIsRight) {
  const auto prior = make_prior_scorer();
  Outcomes outcomes = planted(dynamic_cast<const LinearScorer&>(*prior), 3, 12'000);
  const LearntScorer learnt = learn_scorer_from(outcomes, truth_of({{"taste_match", 1.5}}, -3), {});
  EXPECT_NE(learnt.scorer, nullptr) << "the same data move a prior that is wrong";
  Random random(4);
  for (float& label : outcomes.data.labels) label = random.uniform() < 0.05 ? 1.0F : 0.0F; // clicks that nothing explains
  const LearntScorer nothing = learn_scorer_from(outcomes, truth_of({}, std::log(0.05 / 0.95)), {});
  EXPECT_EQ(nothing.scorer, nullptr);
  EXPECT_NE(nothing.reason.find("is not clearly below the prior's"), std::string::npos) << nothing.reason;
}

TEST(LearnScorer, SomeClicksSetALevelAndLeaveTheOrder) {
  const auto prior = make_prior_scorer();
  const auto& believed = dynamic_cast<const LinearScorer&>(*prior);
  const LinearScorer truth("truth", believed.schema_fingerprint(), believed.intercept() - 2, believed.weights()); // right in all but the level
  const LearntScorer learnt = learn_scorer_from(planted(truth, 8, 20'000), *prior, {});
  ASSERT_NE(learnt.scorer, nullptr) << learnt.reason;
  EXPECT_TRUE(learnt.keeps_order);
  EXPECT_EQ(learnt.scorer->name(), "prior-levelled-1");
  const auto& weights = dynamic_cast<const LinearScorer&>(*learnt.scorer).weights();
  const std::size_t taste = feature_schema().find("taste_match");
  for (std::size_t c = 0; c < weights.size(); ++c) EXPECT_NEAR(weights[c] * believed.weights()[taste], believed.weights()[c] * weights[taste], 1e-9) << c;
  EXPECT_LT(learnt.levelled.calibration_error, 0.4 * learnt.prior.calibration_error);
}

TEST(LearnScorer, TheSameOutcomesGiveTheSameBits) {
  const LinearScorer truth = truth_of({{"taste_match", 2}}, -2);
  const auto one = learn_scorer_from(planted(truth, 5, 8'000), *make_prior_scorer(), {}), two = learn_scorer_from(planted(truth, 5, 8'000), *make_prior_scorer(), {});
  ASSERT_TRUE(one.scorer && two.scorer) << one.reason;
  EXPECT_EQ(dynamic_cast<const LinearScorer&>(*one.scorer).weights(), dynamic_cast<const LinearScorer&>(*two.scorer).weights());
  EXPECT_EQ(one.learnt.log_loss, two.learnt.log_loss);
}

} // namespace
} // namespace takt::test
