// Every reason of stage 4, at its edges; and the same rules as obstacles of time.
#include "engine/repurchase_model.h"
#include "tests/support/engine_builders.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

namespace takt::test {
namespace {

class Eligibility : public ::testing::Test {
protected:
  Eligibility() : item(scene.add_item("a")) {}
  /// What drops "a", as "a:code+code"; "" = it stays.
  std::string dropped() {
    const Bound bound(scene);
    const Candidates out = drop_ineligible(bound.call, bound.opening, bound.candidates());
    reasons = out.dropped.empty() ? std::vector<Reason>{} : out.dropped.front().reasons;
    return dropped_text(bound, out.dropped);
  }
  GatePolicy& add_gate() {
    GatePolicy& gate = scene.policy.gates.emplace_back();
    gate.id = "case-gate";
    gate.fact = scene.symbol("case_open");
    gate.match.purposes = scene.symbol_list({"marketing"});
    gate.ttl = days(30);
    return gate;
  }
  Scene scene;
  Item& item;
  std::vector<Reason> reasons;
};

TEST_F(Eligibility, a_plain_item_stays) { EXPECT_EQ(dropped(), ""); }

TEST_F(Eligibility, every_blocking_reason_is_reported) {
  item.active = false;
  item.stock = 0;
  item.channels = {"email"};
  item.ends_at = noon;
  scene.request.exclude = {item.id};
  EXPECT_EQ(dropped(), "a:inactive+out_of_stock+placement_mismatch+out_of_schedule+excluded");
}

TEST_F(Eligibility, schedule_is_half_open_and_says_when_it_begins) {
  item.starts_at = noon;
  item.ends_at = noon + Duration{1};
  EXPECT_EQ(dropped(), "");
  item.starts_at = noon + Duration{1};
  item.ends_at = noon + hours(1);
  EXPECT_EQ(dropped(), "a:out_of_schedule");
  EXPECT_EQ(reasons.front().eligible_again, noon + Duration{1});
  item.starts_at = noon - hours(2);
  item.ends_at = noon;
  EXPECT_EQ(dropped(), "a:out_of_schedule");
  EXPECT_EQ(reasons.front().eligible_again, std::nullopt); // over for good
}

TEST_F(Eligibility, stock_none_is_unlimited_and_zero_is_out) {
  item.stock = 1;
  EXPECT_EQ(dropped(), "");
  item.stock = 0;
  EXPECT_EQ(dropped(), "a:out_of_stock");
}

TEST_F(Eligibility, placement_kinds_channels_and_regions) {
  scene.placement.kinds = {"offer", "service"};
  EXPECT_EQ(dropped(), "a:placement_mismatch");
  item.kind = "offer";
  item.channels = {"app", "web"};
  EXPECT_EQ(dropped(), "");
  item.regions = {"AT", "ch"};
  EXPECT_EQ(dropped(), ""); // no locale: nobody knows where
  scene.request.context.locale = "de-DE";
  EXPECT_EQ(dropped(), "a:placement_mismatch");
  scene.request.context.locale = "de-CH";
  EXPECT_EQ(dropped(), "");
  scene.request.context.locale = "de";
  scene.record.locale = scene.symbol("de_DE");
  EXPECT_EQ(dropped(), "a:placement_mismatch");
}

TEST_F(Eligibility, consent_is_asked_for_the_items_own_purpose) {
  scene.record.consents = {{Purpose::marketing, Symbol::none, false, noon}};
  EXPECT_EQ(dropped(), "a:consent");
  item.purpose = "service";
  EXPECT_EQ(dropped(), "");
  item.purpose = "something-new"; // treated as marketing
  EXPECT_EQ(dropped(), "a:consent");
}

TEST_F(Eligibility, a_gate_holds_while_an_instance_is_active_and_names_itself) {
  add_gate();
  EXPECT_EQ(dropped(), "");
  scene.switch_fact("case_open", "case-1", noon - days(1), true);
  EXPECT_EQ(dropped(), "a:gated");
  EXPECT_EQ(reasons.front().rule, "case-gate");
  EXPECT_EQ(reasons.front().eligible_again, noon + days(29));
  scene.switch_fact("case_open", "case-1", noon - hours(1), false);
  EXPECT_EQ(dropped(), "");
  scene.switch_fact("case_open", "case-2", noon - days(2), true); // a second case is still open
  EXPECT_EQ(dropped(), "a:gated");
}

TEST_F(Eligibility, a_gate_lets_allowed_items_and_other_purposes_through) {
  add_gate().allow.kinds = scene.symbol_list({"service"});
  scene.switch_fact("case_open", "case-1", noon - days(1), true);
  EXPECT_EQ(dropped(), "a:gated");
  item.kind = "service";
  EXPECT_EQ(dropped(), "");
  item.kind = "product";
  item.purpose = "service";
  EXPECT_EQ(dropped(), "");
}

TEST_F(Eligibility, a_gate_ends_with_the_shorter_of_its_ttl_and_the_expiry_of_the_fact) {
  add_gate();
  scene.switch_fact("case_open", "case-1", noon - days(30), true);
  EXPECT_EQ(dropped(), ""); // TTL: [on, on + 30 d)
  scene.record.facts.front().switches.front().at = noon - days(30) + Duration{1};
  EXPECT_EQ(dropped(), "a:gated");
  scene.record.facts.front().switches.front().expires_at = noon;
  EXPECT_EQ(dropped(), "");
  scene.record.facts.front().switches.front().expires_at = noon + hours(1);
  EXPECT_EQ(dropped(), "a:gated");
  EXPECT_EQ(reasons.front().eligible_again, noon + Duration{1}); // the TTL comes first
}

TEST_F(Eligibility, a_gate_cools_off_after_a_close_but_not_after_its_ttl) {
  add_gate().cool_off = days(2);
  scene.switch_fact("case_open", "case-1", noon - days(31), true);
  EXPECT_EQ(dropped(), "");
  scene.switch_fact("case_open", "case-1", noon - days(1), false);
  EXPECT_EQ(dropped(), "a:gated");
  EXPECT_EQ(reasons.front().eligible_again, noon + days(1));
  scene.record.facts.front().switches.back().at = noon - days(2);
  EXPECT_EQ(dropped(), "");
}

TEST_F(Eligibility, a_close_that_arrives_before_the_open_still_closes_and_a_tie_is_open) {
  add_gate();
  scene.switch_fact("case_open", "case-1", noon - hours(1), false);
  scene.switch_fact("case_open", "case-1", noon - hours(2), true);
  EXPECT_EQ(dropped(), "");
  scene.switch_fact("case_open", "case-1", noon - hours(1), true);
  EXPECT_EQ(dropped(), "a:gated");
}

TEST_F(Eligibility, a_dismissal_has_a_scope_and_an_end) {
  item.category = {"Shoes", "Pumps"};
  item.group = "pumps-77";
  const auto dismissed_by = [&](Dismissal::Scope scope_of_it, std::string_view label) {
    scene.record.dismissals.clear();
    scene.dismiss(scope_of_it, scene.symbol(label), noon - hours(1), noon + hours(1));
    return dropped() == "a:dismissed";
  };
  EXPECT_TRUE(dismissed_by(Dismissal::Scope::item, "a"));
  EXPECT_TRUE(dismissed_by(Dismissal::Scope::group, "pumps-77"));
  EXPECT_TRUE(dismissed_by(Dismissal::Scope::category, "Shoes"));
  EXPECT_TRUE(dismissed_by(Dismissal::Scope::category, "Shoes\x1fPumps"));
  EXPECT_TRUE(dismissed_by(Dismissal::Scope::kind, "product"));
  EXPECT_TRUE(dismissed_by(Dismissal::Scope::all, ""));
  EXPECT_FALSE(dismissed_by(Dismissal::Scope::item, "b"));
  EXPECT_FALSE(dismissed_by(Dismissal::Scope::category, "Pumps"));
}

TEST_F(Eligibility, the_last_dismissal_to_end_decides_and_one_for_good_has_no_end) {
  scene.dismiss(Dismissal::Scope::item, scene.symbol("a"), noon - hours(3), noon + hours(1));
  scene.dismiss(Dismissal::Scope::all, Symbol::none, noon - hours(2), noon + hours(5));
  scene.dismiss(Dismissal::Scope::item, scene.symbol("a"), noon - hours(9), noon); // over
  EXPECT_EQ(dropped(), "a:dismissed");
  EXPECT_EQ(reasons.front().eligible_again, noon + hours(5));
  scene.dismiss(Dismissal::Scope::kind, scene.symbol("product"), noon - hours(2), std::nullopt);
  EXPECT_EQ(dropped(), "a:dismissed");
  EXPECT_EQ(reasons.front().eligible_again, std::nullopt);
}

TEST_F(Eligibility, a_purchase_pauses_its_group_until_the_latest_order_that_was_kept) {
  item.group = "g";
  scene.add_item("b").group = "g";
  scene.policy.post_purchase = {{.id = "", .per = Per::group, .pause = days(30), .match = {}}};
  scene.add_order("o-1", noon - days(20), {{"b", 1}});
  scene.add_order("o-2", noon - days(10), {{"b", 0}}); // refunded
  EXPECT_EQ(dropped(), "a:post_purchase,b:post_purchase");
  EXPECT_EQ(reasons.front().eligible_again, noon + days(10));
  scene.policy.post_purchase = {{.id = "", .per = Per::item, .pause = days(30), .match = {}}};
  EXPECT_EQ(dropped(), "b:post_purchase");
  scene.record.orders.front().at = noon - days(30);
  EXPECT_EQ(dropped(), "");
}

TEST_F(Eligibility, a_pause_per_category_counts_what_lies_under_the_items_path) {
  item.category = {"Shoes"};
  scene.add_item("b").category = {"Shoes", "Pumps"};
  scene.policy.post_purchase = {{.id = "", .per = Per::category, .pause = days(30), .match = {}}};
  scene.add_order("o-1", noon - days(1), {{"b", 1}});
  EXPECT_EQ(dropped(), "a:post_purchase,b:post_purchase");
  scene.record.orders.clear();
  scene.add_order("o-2", noon - days(1), {{"a", 1}});
  EXPECT_EQ(dropped(), "a:post_purchase"); // an order of "Shoes" is not one of "Pumps"
}

TEST_F(Eligibility, a_learnt_pause_is_the_cycle_of_the_items_category_and_says_so) {
  item.category = {"Food", "Coffee"};
  scene.add_item("b").category = {"Office", "Printers"};
  scene.add_item("c").category = {"Hats"};
  auto cycles = std::make_shared<RepurchaseModel>();
  cycles->by_category.emplace(scene.symbol("Food"), RepurchaseCycle{days(21), days(21), 50, 90});
  cycles->by_category.emplace(scene.symbol("Office"), RepurchaseCycle{days(2000), days(2100), 50, 60});
  scene.models.repurchase = cycles;
  PausePolicy pause;
  pause.per = Per::item;
  pause.pause = days(10);
  pause.learnt = LearntPause{days(7), days(1000)};
  scene.policy.post_purchase = {pause};
  scene.add_order("o-1", noon - days(20), {{"a", 1}, {"b", 1}, {"c", 1}});
  EXPECT_EQ(dropped(), "a:post_purchase,b:post_purchase") << "the hat's fallback is over";
  EXPECT_EQ(reasons[0].rule, "learnt: Food");
  EXPECT_EQ(reasons[0].observed, 20U);
  EXPECT_EQ(reasons[0].limit, 21U);
  EXPECT_EQ(reasons[0].eligible_again, noon + days(1));
  scene.record.orders.front().lines.front().quantity = 0; // the coffee was returned
  EXPECT_EQ(dropped(), "b:post_purchase");
  EXPECT_EQ(reasons[0].eligible_again, noon + days(980)) << "kept below max";
  scene.models.repurchase = nullptr;
  scene.policy.post_purchase.front().pause = days(30);
  EXPECT_EQ(dropped(), "b:post_purchase,c:post_purchase");
  EXPECT_EQ(reasons[0].rule, "") << "nobody taught it";
}

TEST_F(Eligibility, two_bought_one_refunded_pauses_only_the_one_that_was_kept) {
  scene.add_item("b");
  scene.policy.post_purchase = {{.id = "", .per = Per::item, .pause = days(30), .match = {}}};
  scene.add_order("o-1", noon - days(1), {{"a", 0}, {"b", 1}});
  EXPECT_EQ(dropped(), "b:post_purchase");
}

TEST_F(Eligibility, the_call_excludes_anchors_with_their_group_filtered_and_taken_items) {
  item.group = "g";
  scene.add_item("b").group = "g";
  scene.add_item("c").brand = "Acme";
  scene.add_item("d");
  scene.request.placements.front().anchor_items = {item_id("a")};
  Condition& filter = scene.request.filter.emplace();
  filter.kind = Condition::Kind::compare;
  filter.field = "item.brand";
  filter.op = ConditionOp::eq;
  filter.value = "Acme";
  EXPECT_EQ(dropped(), "a:anchor+filtered,b:anchor+filtered,d:filtered");
}

TEST_F(Eligibility, an_item_is_in_one_placement_of_a_call_and_its_variants_too) {
  item.group = "g";
  scene.add_item("b").group = "g";
  scene.add_item("c");
  const auto after_taking_a = [&] {
    Bound bound(scene);
    bound.call.take(bound.opening.asked(labels_at(bound.item("a"), bound.rules)), true);
    return dropped_text(bound, drop_ineligible(bound.call, bound.opening, bound.candidates()).dropped);
  };
  EXPECT_EQ(after_taking_a(), "a:duplicate,b:group_duplicate");
  scene.placement.variants = true;
  EXPECT_EQ(after_taking_a(), "a:duplicate");
}

TEST_F(Eligibility, organic_drops_only_inactive_stock_and_what_the_caller_excluded) {
  scene.placement.mode = PlacementMode::organic;
  scene.placement.kinds = {"offer"};
  item.channels = {"email"};
  item.ends_at = noon - days(1);
  add_gate();
  scene.switch_fact("case_open", "case-1", noon - days(1), true);
  scene.record.consents = {{Purpose::marketing, Symbol::none, false, noon}};
  scene.dismiss(Dismissal::Scope::all, Symbol::none, noon - hours(1), std::nullopt);
  EXPECT_EQ(dropped(), "");
  item.stock = 0;
  item.active = false;
  scene.request.exclude = {item.id};
  EXPECT_EQ(dropped(), "a:inactive+out_of_stock+excluded");
}

TEST_F(Eligibility, eligible_again_goes_over_all_obstacles) {
  add_gate();
  scene.switch_fact("case_open", "case-1", noon - days(28), true);            // until noon + 2 d
  item.starts_at = noon + days(1);
  scene.dismiss(Dismissal::Scope::item, scene.symbol("a"), noon - days(1), noon + days(3));
  const Bound bound(scene);
  EXPECT_EQ(eligible_again_at(bound.call, bound.opening, bound.item("a")).at, noon + days(3));
}

TEST_F(Eligibility, eligible_again_is_unknown_behind_something_that_has_no_end) {
  scene.dismiss(Dismissal::Scope::item, scene.symbol("a"), noon - days(1), noon + days(3));
  item.stock = 0;
  const Bound bound(scene);
  EXPECT_EQ(eligible_again_at(bound.call, bound.opening, bound.item("a")).at, std::nullopt);
}

bool of_the_call_alone(const Reason& reason) {
  return reason.code == ReasonCode::excluded || reason.code == ReasonCode::anchor || reason.code == ReasonCode::filtered || reason.code == ReasonCode::duplicate;
}

TEST(Obstacles, agree_with_drop_ineligible_at_every_edge_of_random_scenes) {
  std::size_t blocked_count = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto scene = random_scene(seed, 12);
    for (const Duration later : {Duration{0}, Duration{1}, hours(1), hours(13), days(3), days(40)}) {
      scene->request.now = noon + later;
      const Bound bound(*scene);
      const Bound at_noon = [&] { // what obstacles of an earlier call foresee for `later`
        scene->request.now = noon;
        return Bound(*scene);
      }();
      const Candidates out = drop_ineligible(bound.call, bound.opening, bound.candidates());
      std::map<ItemIndex, bool> dropped;
      for (const Dropped& item : out.dropped) dropped[item.index] = !std::all_of(item.reasons.begin(), item.reasons.end(), of_the_call_alone);
      for (const Candidate& candidate : bound.candidates().alive) {
        const CapCandidate asked{&candidate.labels, bound.opening.contact};
        bool blocked = false;
        for (const auto& obstacle : obstacles_for(at_noon.call, at_noon.opening, at_noon.world.catalogue->at(candidate.index)))
          blocked = blocked || obstacle->blocks(asked, noon + later);
        EXPECT_EQ(blocked, dropped[candidate.index]) << "seed " << seed << ", item " << bound.name(candidate.index);
        blocked_count += blocked ? 1 : 0;
      }
    }
  }
  EXPECT_GT(blocked_count, 500U); // the scenes do test something
}

} // namespace
} // namespace takt::test
