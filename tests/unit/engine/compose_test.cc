// Slot by slot: order, groups, the slate's own caps, hold, pins, what `on_exceed` asks for, and the fallback.
#include "tests/support/engine_builders.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

namespace takt::test {
namespace {

class Composing : public ::testing::Test {
protected:
  /// Adds an item with a score.
  Item& scored(std::string_view id, double score) {
    scores[std::string(id)] = score;
    return scene.add_item(id);
  }
  Ranked ranked(const Bound& bound) {
    Ranked all;
    for (Candidate& candidate : bound.candidates().alive) {
      candidate.score = scores[bound.name(candidate.index)];
      all.alive.push_back(std::move(candidate));
    }
    std::stable_sort(all.alive.begin(), all.alive.end(), [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    return all;
  }
  /// Composes from what the caps let through, then the fallback. `text`: "chosen|dropped".
  Slate composed() {
    Bound bound(scene);
    Ranked all = ranked(bound);
    for (Candidate& candidate : all.alive)
      if (pins.contains(bound.name(candidate.index))) candidate.pinned_slot = pins[bound.name(candidate.index)];
    Candidates items;
    items.alive = std::move(all.alive);
    items = apply_caps(bound.call, bound.opening, std::move(items));
    Slate slate = compose(bound.call, bound.opening, features, {std::move(items.alive), std::move(items.dropped), {}});
    slate = add_fallback(bound.call, bound.opening, std::move(slate));
    text = names(bound, slate.choices) + "|" + dropped_text(bound, slate.dropped);
    taken = bound.call.taken_items.size();
    reserved = bound.call.slots.size();
    return slate;
  }
  Scene scene;
  std::map<std::string, double> scores;
  std::map<std::string, std::uint32_t> pins;
  std::string text;
  std::size_t taken = 0, reserved = 0;
  CustomerFeatures features;             ///< of the person that is asked for
};

TEST_F(Composing, takes_the_best_in_order_and_calls_the_rest_outranked) {
  for (const auto& [id, score] : {std::pair{"a", 1.0}, {"b", 3.0}, {"c", 2.0}, {"d", 0.5}}) scored(id, score);
  const Slate slate = composed();
  EXPECT_EQ(text, "b,c,a|d:outranked");
  EXPECT_EQ(slate.outcome, Outcome::items);
  EXPECT_FALSE(slate.hold);
  EXPECT_TRUE(slate.reasons.empty()); // as long as asked
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(slate.choices[i].slot, i + 1);
    EXPECT_EQ(slate.choices[i].propensity, 1.0);
    EXPECT_TRUE(slate.choices[i].usable_for_evaluation);
  }
  EXPECT_EQ(taken, 3U);
  EXPECT_EQ(reserved, 3U);
}

TEST_F(Composing, one_item_per_group_unless_the_placement_shows_variants) {
  scored("a", 3).group = "g";
  scored("b", 2).group = "g";
  scored("c", 1);
  const Slate slate = composed();
  EXPECT_EQ(text, "a,c|b:group_duplicate");
  ASSERT_EQ(slate.reasons.size(), 1U); // shorter than three: says why
  EXPECT_EQ(slate.reasons[0].code, ReasonCode::group_duplicate);
  scene.placement.variants = true;
  composed();
  EXPECT_EQ(text, "a,b,c|");
}

TEST_F(Composing, looks_further_down_where_variants_leave_nothing_at_the_top) {
  for (int i = 0; i < 100; ++i) scored("g" + std::to_string(100 + i), 1000 - i).group = "g";
  for (int i = 0; i < 50; ++i) scored("x" + std::to_string(100 + i), 100 - i);
  const Slate slate = composed();
  EXPECT_TRUE(text.starts_with("g100,x100,x101|")) << text;
  EXPECT_EQ(std::count_if(slate.dropped.begin(), slate.dropped.end(), [](const Dropped& one) { return one.reasons.front().code == ReasonCode::group_duplicate; }), 99);
}

TEST_F(Composing, looks_further_down_where_the_slates_own_caps_leave_nothing_at_the_top) {
  for (int i = 0; i < 100; ++i) scored("a" + std::to_string(100 + i), 1000 - i).brand = "Acme";
  for (int i = 0; i < 50; ++i) scored("x" + std::to_string(100 + i), 100 - i).brand = "Own";
  scene.add_cap("one-per-brand", Per::brand, 1);
  composed();
  EXPECT_TRUE(text.starts_with("a100,x100|")) << text;
}

TEST_F(Composing, ends_where_those_further_down_are_not_allowed_either) {
  for (int i = 0; i < 100; ++i) scored("a" + std::to_string(100 + i), 1000 - i).group = i < 90 ? "g" : "h";
  composed();
  EXPECT_TRUE(text.starts_with("a100,a190|")) << text;
}

TEST_F(Composing, a_rule_that_ends_the_placement_does_so_though_whom_it_meets_ranks_low) {
  for (int i = 0; i < 100; ++i) scored("a" + std::to_string(100 + i), 1000 - i);
  scored("x", 1).brand = "Acme";
  CapRule& rule = scene.add_cap("acme-after-nothing", Per::all, 1);
  rule.applies_to.brands = scene.symbol_list({"Acme"});
  rule.on_exceed = OnExceed::nothing;
  composed();
  EXPECT_TRUE(text.starts_with("a100|")) << text;
}

TEST_F(Composing, what_is_different_is_not_overlooked_because_it_ranks_low) {
  for (int i = 0; i < 100; ++i) {
    Item& item = scored("a" + std::to_string(100 + i), 10 - 0.001 * i);
    item.category = {"Shoes"};
    item.brand = "Acme";
    item.tags = {"sale"};
  }
  scored("x", 5).category = {"Hats"};
  scene.policy.diversity = {DiversityMethod::dpp, 0.6};
  scene.placement.hold = true;
  composed();
  EXPECT_TRUE(text.starts_with("a100,x")) << text; // among the first 64 every gain is below zero by now, and hold would have won
}

TEST_F(Composing, every_slot_counts_for_the_caps_of_the_next) {
  for (const auto& [id, score] : {std::pair{"a", 4.0}, {"b", 3.0}, {"c", 2.0}, {"d", 1.0}}) scored(id, score).brand = score > 1.5 ? "Acme" : "Own";
  scene.add_cap("brand", Per::brand, 2);
  const Slate slate = composed();
  EXPECT_EQ(text, "a,b,d|c:capped");
  EXPECT_EQ(slate.dropped[0].reasons[0].stage, Stage::compose);
  EXPECT_EQ(slate.dropped[0].reasons[0].rule, "brand");
  EXPECT_EQ(slate.dropped[0].reasons[0].observed, 2U);
}

TEST_F(Composing, items_of_one_contact_count_once_where_contacts_are_counted) {
  for (const char* id : {"a", "b", "c"}) scored(id, 1);
  scene.add_cap("contacts", Per::all, 1).counts = Counts::contact;
  composed();
  EXPECT_EQ(text, "a,b,c|");
}

TEST_F(Composing, hold_wins_over_gains_below_zero_and_ends_the_placement) {
  scored("a", 1).category = {"Shoes"};
  scored("b", 0.01).category = {"Shoes"};
  scene.items[0].brand = scene.items[1].brand = "Acme";
  scene.policy.diversity = {DiversityMethod::dpp, 0.5};
  scene.placement.hold = true;
  const Slate slate = composed();
  EXPECT_EQ(text, "a|b:below_hold"); // next to "a", its twin is worth less than nothing
  EXPECT_EQ(slate.outcome, Outcome::items);
  EXPECT_EQ(slate.hold, (Hold{2, HoldKind::chosen, 1.0}));
  scene.placement.hold = false;
  composed();
  EXPECT_EQ(text, "a,b|");
}

TEST_F(Composing, hold_can_be_drawn_before_anything_is_shown_and_then_there_is_no_fallback) {
  scored("a", 0.001);
  scored("b", 1);
  scene.placement.hold = true;
  scene.placement.fallback = {item_id("b")};
  scene.policy.exploration.temperature = 100; // nearly uniform: hold has a third
  std::size_t held = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    scene.request.seed = seed;
    const Slate slate = composed();
    if (!slate.choices.empty()) continue;
    ++held;
    EXPECT_EQ(slate.outcome, Outcome::hold);
    EXPECT_EQ(slate.hold->kind, HoldKind::chosen);
    EXPECT_NEAR(slate.hold->propensity, 1.0 / 3, 0.01);
    EXPECT_EQ(text, "|b:below_hold,a:below_hold");
  }
  EXPECT_GT(held, 70U);
  EXPECT_LT(held, 130U);
}

TEST_F(Composing, hold_is_not_an_option_while_a_kind_that_is_never_held_is_there) {
  scored("a", -1).kind = "service";
  scored("b", 1);
  scene.placement.hold = true;
  scene.policy.arbitration.never_hold = scene.symbol_list({"service"});
  composed();
  EXPECT_EQ(text, "b,a|");
}

TEST_F(Composing, pins_take_their_slot_with_certainty_and_are_no_evidence) {
  for (const auto& [id, score] : {std::pair{"a", 3.0}, {"b", 2.0}, {"c", 1.0}, {"d", 0.0}}) scored(id, score);
  pins["c"] = 2;
  scene.policy.exploration.temperature = 0.5;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    scene.request.seed = seed;
    const Slate slate = composed();
    EXPECT_EQ(slate.choices[1].candidate.labels.item, scene.symbol("c"));
    EXPECT_EQ(slate.choices[1].propensity, 1.0);
    EXPECT_FALSE(slate.choices[1].usable_for_evaluation);
    EXPECT_LT(slate.choices[0].propensity, 1.0);
  }
}

TEST_F(Composing, a_pin_moves_up_where_nothing_else_is_left) {
  scored("a", 1);
  pins["a"] = 3;
  EXPECT_EQ(composed().choices.front().slot, 1U);
}

TEST_F(Composing, organic_keeps_the_order_of_scores_and_reserves_nothing) {
  for (const auto& [id, score] : {std::pair{"a", 1.0}, {"b", 3.0}, {"c", -2.0}}) scored(id, score).group = "g";
  scene.placement.mode = PlacementMode::organic;
  scene.placement.hold = true;
  scene.policy.exploration.temperature = 1;
  scene.policy.diversity = {DiversityMethod::mmr, 0.9};
  scene.add_cap("none", Per::all, 0);
  const Slate slate = composed();
  EXPECT_EQ(text, "b,a,c|");
  EXPECT_EQ(slate.choices[0].propensity, 1.0);
  EXPECT_EQ(taken, 3U);
  EXPECT_EQ(reserved, 0U);
}

TEST_F(Composing, diversity_prefers_another_shelf_and_says_what_it_cost) {
  scored("a", 1.0).category = {"Shoes", "Pumps"};
  scored("b", 0.95).category = {"Shoes", "Pumps"};
  scored("c", 0.85).category = {"Hats"};
  for (const DiversityMethod method : {DiversityMethod::dpp, DiversityMethod::mmr}) {
    scene.policy.diversity = {method, 0.3};
    const Slate slate = composed();
    EXPECT_EQ(text, "a,c,b|");
    EXPECT_TRUE(slate.choices[1].candidate.reasons.empty());
    ASSERT_EQ(slate.choices[2].candidate.reasons.size(), 1U);
    EXPECT_EQ(slate.choices[2].candidate.reasons[0].code, ReasonCode::diversity);
    EXPECT_LT(*slate.choices[2].candidate.reasons[0].factor, 1.0);
  }
  scene.policy.diversity.strength = 0;
  composed();
  EXPECT_EQ(text, "a,b,c|");
}

TEST_F(Composing, nothing_there_is_a_hold_that_says_so) {
  const Slate slate = composed();
  EXPECT_EQ(slate.outcome, Outcome::hold);
  EXPECT_EQ(slate.hold, (Hold{1, HoldKind::no_candidates, 1.0}));
  ASSERT_EQ(slate.reasons.size(), 1U);
  EXPECT_EQ(slate.reasons[0].code, ReasonCode::no_candidates);
}

TEST_F(Composing, nothing_worth_showing_is_a_hold_that_was_chosen) {
  scored("a", -1);
  scene.placement.hold = true;
  scene.placement.fallback = {item_id("a")};
  Bound bound(scene);
  Candidates items = bound.candidates();
  items.alive[0].terms.contact_cost = 1;
  Slate slate = compose(bound.call, bound.opening, {}, arbitrate(bound.call, bound.opening, std::move(items)));
  slate = add_fallback(bound.call, bound.opening, std::move(slate));
  EXPECT_EQ(slate.hold, (Hold{1, HoldKind::chosen, 1.0}));
  EXPECT_TRUE(slate.choices.empty());
}

TEST_F(Composing, the_fallback_fills_an_empty_slate_through_the_same_checks) {
  scored("a", 1).brand = "Acme";
  scored("b", 1).brand = "Own";
  scored("c", 1).stock = 0;
  scene.placement.fallback = {item_id("c"), item_id("b"), item_id("unknown"), item_id("a"), item_id("b")};
  scene.add_cap("acme", Per::all, 0).applies_to.brands = scene.symbol_list({"Acme"});
  Bound bound(scene);
  Slate slate = add_fallback(bound.call, bound.opening, compose(bound.call, bound.opening, {}, {}));
  EXPECT_EQ(names(bound, slate.choices), "b");
  EXPECT_EQ(dropped_text(bound, slate.dropped), "c:out_of_stock,a:capped");
  EXPECT_EQ(slate.outcome, Outcome::fallback);
  EXPECT_FALSE(slate.hold);
  EXPECT_EQ(slate.choices[0].slot, 1U);
  EXPECT_EQ(slate.choices[0].propensity, 1.0);
  EXPECT_FALSE(slate.choices[0].usable_for_evaluation);
  EXPECT_EQ(bound.call.slots.size(), 1U); // reserved like everything else
}

TEST_F(Composing, the_fallbacks_own_slots_count_too) {
  for (const char* id : {"a", "b", "c"}) scored(id, 1);
  scene.items[1].group = scene.items[2].group = "g";
  scene.placement.fallback = {item_id("a"), item_id("b"), item_id("c")};
  scene.add_cap("two", Per::all, 2);
  Bound bound(scene);
  EXPECT_EQ(names(bound, add_fallback(bound.call, bound.opening, compose(bound.call, bound.opening, {}, {})).choices), "a,b");
}

class OnExceeding : public Composing {
protected:
  OnExceeding() {
    scored("a", 3).tags = {"sale"};
    scored("b", 2).tags = {"service"};
    scored("c", 1);
    scene.placement.fallback = {item_id("c")};
    CapRule& rule = scene.add_cap("sale", Per::placement, 0);
    rule.applies_to.tags = scene.symbol_list({"sale"});
  }
  Slate with(OnExceed on_exceed) {
    scene.policy.caps.front().on_exceed = on_exceed;
    return composed();
  }
};

TEST_F(OnExceeding, next_best_shows_the_next_best) {
  with(OnExceed::next_best);
  EXPECT_EQ(text, "b,c|a:capped");
}

TEST_F(OnExceeding, nothing_ends_the_placement_and_leaves_it_empty) {
  const Slate slate = with(OnExceed::nothing);
  EXPECT_EQ(text, "|a:capped,b:capped,c:capped");
  EXPECT_EQ(slate.outcome, Outcome::hold);
  EXPECT_EQ(slate.hold, (Hold{1, HoldKind::no_candidates, 1.0}));
  EXPECT_EQ(slate.reasons.front().rule, "sale");
}

TEST_F(OnExceeding, fallback_ends_the_placement_and_shows_the_fallback) {
  const Slate slate = with(OnExceed::fallback);
  EXPECT_EQ(text, "c|a:capped,b:capped");
  EXPECT_EQ(slate.outcome, Outcome::fallback);
}

TEST_F(OnExceeding, defer_says_later) {
  const Slate slate = with(OnExceed::defer);
  EXPECT_EQ(text, "|a:capped,b:capped,c:capped");
  EXPECT_EQ(slate.outcome, Outcome::defer);
  EXPECT_FALSE(slate.hold);
}

TEST_F(OnExceeding, whoever_the_rule_exempts_is_still_shown) {
  scene.policy.caps.front().exempt.emplace().tags = scene.symbol_list({"service"});
  const Slate slate = with(OnExceed::nothing);
  EXPECT_EQ(text, "b|a:capped,c:capped");
  EXPECT_EQ(slate.outcome, Outcome::items);
}

TEST_F(OnExceeding, nothing_is_stricter_than_fallback) {
  CapRule& other = scene.add_cap("other", Per::all, 0);
  other.applies_to.tags = scene.symbol_list({"service"});
  other.on_exceed = OnExceed::fallback;
  EXPECT_EQ(with(OnExceed::nothing).outcome, Outcome::hold);
}

TEST_F(OnExceeding, a_rule_per_item_never_ends_a_placement) {
  scene.policy.caps.front().per = {Per::item};
  with(OnExceed::nothing);
  EXPECT_EQ(text, "b,c|a:capped");
}

TEST_F(OnExceeding, a_rule_that_the_slate_itself_fills_ends_it_there) {
  scene.policy.caps.front().limit = 1;
  scene.items[2].tags = {"sale"};
  with(OnExceed::nothing);
  EXPECT_EQ(text, "a|c:capped,b:capped");
}

TEST_F(Composing, the_mix_of_categories_follows_the_person_as_far_as_the_slider_says) {
  for (int i = 0; i < 6; ++i) {
    scored("shoe" + std::to_string(i), 1.0 - 0.01 * i).category = {"Shoes"};
    scored("bag" + std::to_string(i), 0.9 - 0.01 * i).category = {"Bags"};
    scored("toy" + std::to_string(i), 1.1 - 0.01 * i).category = {"Toys"};
  }
  scene.placement.slots = 10;
  scene.policy.exploration.temperature = 0;
  scene.policy.diversity.method = DiversityMethod::none;
  const auto shares = [&](double calibration) {
    scene.policy.diversity.calibration = calibration;
    const Slate slate = composed();
    std::string tops;
    for (const SlateChoice& choice : slate.choices) tops += choice.candidate.labels.item == Symbol::none ? ' ' : std::string(scene.symbols.name(choice.candidate.labels.item))[0];
    return std::array{std::count(tops.begin(), tops.end(), 's'), std::count(tops.begin(), tops.end(), 'b'), std::count(tops.begin(), tops.end(), 't')};
  };
  features.category_affinity.emplace(scene.symbols.intern("Shoes"), 0.6F);
  features.category_affinity.emplace(scene.symbols.intern("Bags"), 0.4F);
  EXPECT_EQ(shares(0), (std::array<long, 3>{4, 0, 6}));
  EXPECT_EQ(shares(0.5), (std::array<long, 3>{6, 4, 0}));
  features = {}; // nobody we know: score decides
  EXPECT_EQ(shares(0.5), (std::array<long, 3>{4, 0, 6}));
}

TEST_F(Composing, what_a_mixed_slate_costs_is_told) {
  for (int i = 0; i < 3; ++i) scored("shoe" + std::to_string(i), 1.0 - 0.1 * i).category = {"Shoes"};
  scored("bag", 0.5).category = {"Bags"};
  scene.placement.slots = 2;
  scene.policy.exploration.temperature = 0;
  scene.policy.diversity = {DiversityMethod::mmr, 0.6, 0};
  Slate slate = composed();
  EXPECT_EQ(text.substr(0, text.find('|')), "shoe0,bag");
  EXPECT_DOUBLE_EQ(slate.diversity_cost, 0.4); // shoe1 would have brought 0.9
  scene.policy.diversity.method = DiversityMethod::none;
  EXPECT_EQ(composed().diversity_cost, 0);
}

} // namespace
} // namespace takt::test
