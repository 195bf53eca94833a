// Whom an item is for, and a filter that asks about the person: what eligibility drops, and when it is free again.
#include "tests/support/engine_builders.h"

#include <gtest/gtest.h>

namespace takt::test {
namespace {

Condition compare(std::string field, ConditionOp op, Operand value) {
  Condition condition;
  condition.kind = Condition::Kind::compare;
  condition.field = std::move(field);
  condition.op = op;
  condition.value = std::move(value);
  return condition;
}

Condition named(std::string id) {
  Condition condition;
  condition.kind = Condition::Kind::audience;
  condition.field = std::move(id);
  return condition;
}

Condition bought(std::uint32_t at_least, std::optional<std::uint32_t> at_most, Duration within) {
  Condition condition;
  condition.kind = Condition::Kind::occurrence;
  condition.occurrence = Occurrence{Occurrence::Book::journey, "Order Completed", {}, within, at_least, at_most};
  return condition;
}

class AudienceRulesTest : public ::testing::Test {
protected:
  AudienceRulesTest() : item(scene.add_item("a")) {}
  std::string dropped() {
    const Bound bound(scene);
    const Candidates out = drop_ineligible(bound.call, bound.opening, bound.candidates());
    reasons = out.dropped.empty() ? std::vector<Reason>{} : out.dropped.front().reasons;
    return dropped_text(bound, out.dropped);
  }
  std::optional<UtcTime> again() {
    const Bound bound(scene);
    return eligible_again_at(bound.call, bound.opening, bound.item("a")).at;
  }
  Scene scene;
  Item& item;
  std::vector<Reason> reasons;
};

TEST_F(AudienceRulesTest, an_item_is_for_whom_it_says) {
  item.audience = compare("customer.traits.tier", ConditionOp::eq, "gold");
  EXPECT_EQ(dropped(), "a:ineligible");
  EXPECT_EQ(again(), std::nullopt); // no passing of time makes anybody gold
  scene.record.traits = {{"tier", "\"gold\"", noon}};
  EXPECT_EQ(dropped(), "");
  scene.record.consents = {{Purpose::profile, Symbol::none, false, noon}};
  EXPECT_EQ(dropped(), "a:ineligible"); // what must not be read is not known
}

TEST_F(AudienceRulesTest, a_named_audience_is_the_rule_that_blocks) {
  scene.audiences = {{"regulars", "", bought(2, std::nullopt, days(30)), {}}};
  item.audience = named("regulars");
  EXPECT_EQ(dropped(), "a:ineligible");
  EXPECT_EQ(reasons.front().rule, "regulars");
  scene.add_order("o-1", noon - days(3), {{"a", 1}});
  scene.add_order("o-2", noon - days(2), {{"a", 1}});
  EXPECT_EQ(dropped(), "");
  item.audience = named("nobody-made-this");
  EXPECT_EQ(dropped(), "a:ineligible");
}

TEST_F(AudienceRulesTest, it_is_free_again_when_the_window_has_passed_and_other_obstacles_too) {
  item.audience = bought(0, 0, days(30)); // those who did not buy in 30 days
  EXPECT_EQ(dropped(), "");
  scene.add_order("o-1", noon - days(10), {{"a", 1}});
  EXPECT_EQ(dropped(), "a:ineligible");
  EXPECT_EQ(again(), noon + days(20));
  scene.dismiss(Dismissal::Scope::item, scene.symbol("a"), noon - hours(1), noon + days(25));
  EXPECT_EQ(again(), noon + days(25));
}

TEST_F(AudienceRulesTest, the_hours_of_the_call_and_of_eligible_again_are_the_same) {
  scene.request.context.timezone = "Europe/Berlin";
  item.audience = compare("context.hour", ConditionOp::ge, 18.0);
  EXPECT_EQ(dropped(), "a:ineligible");
  EXPECT_EQ(again(), noon + hours(5));
  scene.request.now = noon + hours(5);
  EXPECT_EQ(dropped(), "");
}

TEST_F(AudienceRulesTest, a_listing_is_for_everybody) {
  item.audience = named("nobody-made-this");
  scene.placement.mode = PlacementMode::organic;
  EXPECT_EQ(dropped(), "");
}

TEST_F(AudienceRulesTest, a_filter_may_ask_about_person_call_and_item_together) {
  item.brand = "Own";
  scene.add_item("b").brand = "Acme";   // from here on `item` lies elsewhere
  Condition& filter = scene.request.filter.emplace();
  filter.kind = Condition::Kind::any;
  filter.children = {compare("item.brand", ConditionOp::eq, "Acme"), compare("customer.traits.staff", ConditionOp::eq, true)};
  EXPECT_EQ(dropped(), "a:filtered");
  scene.record.traits = {{"staff", "true", noon}};
  EXPECT_EQ(dropped(), "");
  filter.children[1] = compare("context.channel", ConditionOp::eq, "email");
  EXPECT_EQ(dropped(), "a:filtered");
  scene.placement.channel = "email";
  scene.record.consents = {{Purpose::marketing, Symbol::none, true, noon}};
  EXPECT_EQ(dropped(), "");
}

} // namespace
} // namespace takt::test
