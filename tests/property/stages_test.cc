// Random shops, customers and rules through stages 4 to 9: nothing is lost or invented, nothing that is shown breaks a rule,
// and the same arguments give the same slate.
#include "engine/stage_runner.h"
#include "engine/taste.h"
#include "engine/stage/merchandising.h"
#include "tests/support/engine_builders.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace takt::test {
namespace {

std::uint64_t scenes_count() {
  const char* text = std::getenv("TAKT_SCENES");
  return text ? std::strtoull(text, nullptr, 10) : 1500;
}

class StoppedClock final : public Clock {
public:
  UtcTime utc_now() const override { return noon; }
  SteadyTime steady_now() const override { return {}; }
};

/// The runner stops the program where in != out + dropped, or where a drop has no reason.
Slate run_stages_4_to_9(Bound& bound, Candidates found) {
  StoppedClock clock;
  StageRunner stages(clock);
  const CustomerFeatures features = customer_features(*bound.call.world.models, bound.person);
  Candidates items = stages.run_source(Stage::retrieve, [&] { return std::move(found); });
  items = stages.run(Stage::eligibility, std::move(items), [&](Candidates in) { return drop_ineligible(bound.call, bound.opening, std::move(in)); });
  items = stages.run(Stage::caps, std::move(items), [&](Candidates in) { return apply_caps(bound.call, bound.opening, std::move(in)); });
  items = stages.run(Stage::score, std::move(items), [&](Candidates in) { return score_items(bound.call, bound.opening, features, std::move(in)); });
  items = stages.run(Stage::fatigue, std::move(items), [&](Candidates in) { return apply_fatigue(bound.call, bound.opening, std::move(in)); });
  Ranked ranked = stages.run(Stage::arbitrate, std::move(items), [&](Candidates in) { return arbitrate(bound.call, bound.opening, std::move(in)); });
  return stages.run(Stage::compose, std::move(ranked), [&](Ranked in) { return compose(bound.call, bound.opening, {}, std::move(in)); });
}

/// Now and then retrieval finds only every third item, or nothing.
Candidates found_by_retrieval(const Bound& bound, std::uint64_t seed) {
  Candidates found = bound.candidates();
  if (seed % 7 == 0) found.alive.clear();
  if (seed % 7 == 1) std::erase_if(found.alive, [](const Candidate& candidate) { return candidate.index % 3 != 0; });
  place_pins(pins_now(bound.call, bound.opening), found);
  return found;
}

/// Each of them is chosen or dropped, once.
void expect_everybody_accounted_for(const Slate& slate, std::size_t items_count) {
  std::multiset<ItemIndex> seen;
  for (const SlateChoice& choice : slate.choices) seen.insert(choice.candidate.index);
  for (const Dropped& dropped : slate.dropped) {
    seen.insert(dropped.index);
    EXPECT_FALSE(dropped.reasons.empty());
  }
  EXPECT_EQ(seen.size(), items_count);
  EXPECT_EQ(std::set<ItemIndex>(seen.begin(), seen.end()).size(), seen.size());
}

void expect_a_lawful_slate(Scene& scene, const Slate& slate) {
  const Bound before(scene);
  CapView caps(before.person->ledger, before.world.policy().caps, before.person.time, before.person.now);
  const bool organic = scene.placement.mode == PlacementMode::organic;
  std::set<Symbol> groups;
  std::uint32_t slot = 0;
  for (const SlateChoice& choice : slate.choices) {
    EXPECT_EQ(choice.slot, ++slot);
    EXPECT_GT(choice.propensity, 0.0);
    EXPECT_LE(choice.propensity, 1.0);
    EXPECT_NEAR(choice.candidate.score, choice.candidate.terms.score(), 1e-9);
    Candidates one;
    one.alive.push_back(choice.candidate);
    EXPECT_TRUE(drop_ineligible(before.call, before.opening, std::move(one)).dropped.empty());
    if (organic) continue;
    const CapCandidate asked = before.opening.asked(choice.candidate.labels);
    EXPECT_TRUE(caps.check(asked).empty()) << "a cap does not allow slot " << slot;
    caps.add_slot(asked);
    EXPECT_TRUE(groups.insert(choice.candidate.labels.group).second || scene.placement.variants);
  }
  EXPECT_LE(slot, before.opening.limit);
  EXPECT_EQ(slate.reasons.empty(), slot == before.opening.limit && slate.outcome != Outcome::fallback); // a short one says why
  EXPECT_TRUE(!slate.choices.empty() || slate.outcome == Outcome::defer || (slate.outcome == Outcome::hold && slate.hold));
}

std::string text_of(const Bound& bound, const Slate& slate) {
  std::string text = names(bound, slate.choices) + "|" + dropped_text(bound, slate.dropped);
  for (const SlateChoice& choice : slate.choices) text += "|" + std::to_string(choice.propensity) + " " + std::to_string(choice.candidate.score);
  return text;
}

TEST(Stages, lose_nothing_break_nothing_and_repeat_themselves) {
  std::map<Outcome, int> outcomes;
  std::map<ReasonCode, int> codes;
  for (std::uint64_t seed = 1; seed <= scenes_count(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto scene = random_scene(seed, 5 + seed % 20);
    Bound bound(*scene), again(*scene);
    const std::size_t found_count = found_by_retrieval(bound, seed).alive.size();
    Slate slate = run_stages_4_to_9(bound, found_by_retrieval(bound, seed));
    expect_everybody_accounted_for(slate, found_count);
    EXPECT_EQ(text_of(bound, slate), text_of(again, run_stages_4_to_9(again, found_by_retrieval(again, seed))));
    slate = add_fallback(bound.call, bound.opening, std::move(slate));
    expect_everybody_accounted_for(slate, std::max(found_count, slate.choices.size() + slate.dropped.size()));
    expect_a_lawful_slate(*scene, slate);
    ++outcomes[slate.outcome];
    for (const Dropped& dropped : slate.dropped)
      for (const Reason& reason : dropped.reasons) ++codes[reason.code];
  }
  for (const Outcome outcome : {Outcome::items, Outcome::hold, Outcome::fallback, Outcome::defer}) EXPECT_GT(outcomes[outcome], 0) << to_text(outcome);
  for (const ReasonCode code : {ReasonCode::capped, ReasonCode::gap, ReasonCode::gated, ReasonCode::post_purchase, ReasonCode::dismissed, ReasonCode::inactive,
                                ReasonCode::out_of_stock, ReasonCode::out_of_schedule, ReasonCode::placement_mismatch, ReasonCode::group_duplicate,
                                ReasonCode::outranked, ReasonCode::below_hold, ReasonCode::hidden, ReasonCode::quiet_hours, ReasonCode::paused, ReasonCode::ineligible})
    EXPECT_GT(codes[code], 0) << to_text(code);
}

} // namespace
} // namespace takt::test
