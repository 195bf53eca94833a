// The logged propensity is the probability: of each item at each slot given the slots before, with diversity, the slate's own
// caps and hold at work. TAKT_REDRAWS=1000000 for the long run.
#include "core/random.h"
#include "tests/support/engine_builders.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>

namespace takt::test {
namespace {

std::uint64_t redraws_count() {
  const char* text = std::getenv("TAKT_REDRAWS");
  return text ? std::strtoull(text, nullptr, 10) : 100'000;
}

/// Eight items of two shelves and three brands, of which each may stand in the slate twice; hold may end it.
std::unique_ptr<Scene> lively_scene(DiversityMethod method) {
  auto scene = std::make_unique<Scene>();
  for (int i = 0; i < 8; ++i) {
    Item& item = scene->add_item("item-" + std::to_string(i));
    item.category = {i % 2 == 0 ? "Shoes" : "Hats", i % 4 < 2 ? "x" : "y"};
    item.brand = "brand-" + std::to_string(i % 3);
    if (i < 2) item.group = "twins";
  }
  scene->add_cap("brand", Per::brand, 2);
  scene->add_shown("item-1", noon - hours(1)); // brand-1 has one left
  scene->placement.hold = true;
  scene->policy.diversity = {method, 0.4};
  scene->policy.exploration.temperature = 0.6;
  return scene;
}

/// What compose gets: the scores do not depend on anything but the item.
Ranked ranked(const Bound& bound) {
  Ranked all;
  for (Candidate& candidate : bound.candidates().alive) {
    candidate.score = 0.9 - 0.13 * static_cast<double>(candidate.index);
    all.alive.push_back(std::move(candidate));
  }
  return all;
}

/// A draw as text: "item-3", "hold" or "end" (nobody left).
struct DrawnSlot { std::string what; double propensity = 1; };

std::vector<DrawnSlot> slots_of(const Bound& bound, const Slate& slate) {
  std::vector<DrawnSlot> slots;
  for (const SlateChoice& choice : slate.choices) slots.push_back({bound.name(choice.candidate.index), choice.propensity});
  if (slate.hold && slate.hold->kind == HoldKind::chosen) slots.push_back({"hold", slate.hold->propensity});
  return slots;
}

struct Branch {
  std::uint64_t times = 0;
  struct Option { std::uint64_t times = 0; double propensity = 0; };
  std::map<std::string, Option> options;
};

/// Upper tail of χ² by Wilson and Hilferty: good to a few percent, which is plenty for 1e-5.
double standard_score(double chi_squared, double freedom) {
  return (std::cbrt(chi_squared / freedom) - (1 - 2 / (9 * freedom))) / std::sqrt(2 / (9 * freedom));
}

void compare(const std::map<std::string, Branch>& branches) {
  double chi_squared = 0, freedom = 0;
  for (const auto& [prefix, branch] : branches) {
    double sum = 0, rest_expected = 0, rest_observed = 0;
    for (const auto& [what, option] : branch.options) {
      sum += option.propensity;
      const double expected = option.propensity * static_cast<double>(branch.times);
      if (expected < 10) { // small cells together
        rest_expected += expected;
        rest_observed += static_cast<double>(option.times);
        continue;
      }
      const double off = static_cast<double>(option.times) - expected;
      chi_squared += off * off / expected;
      freedom += 1;
    }
    if (rest_expected >= 10) {
      chi_squared += (rest_observed - rest_expected) * (rest_observed - rest_expected) / rest_expected;
      freedom += 1;
    }
    freedom -= 1;
    EXPECT_LE(sum, 1 + 1e-9) << prefix;
    if (branch.times > 2000) { // what was never drawn is rare
      EXPECT_GT(sum, 0.99) << prefix;
    }
  }
  ASSERT_GT(freedom, 50);
  EXPECT_LT(standard_score(chi_squared, freedom), 4.3) << "chi-squared " << chi_squared << " at " << freedom; // p = 1e-5
}

class Propensities : public ::testing::TestWithParam<DiversityMethod> {};

TEST_P(Propensities, equal_the_observed_frequencies) {
  const auto scene = lively_scene(GetParam());
  std::map<std::string, Branch> branches;
  std::uint64_t holds = 0, capped = 0;
  const Bound bound(*scene);
  for (std::uint64_t seed = 0; seed < redraws_count(); ++seed) {
    scene->request.seed = seed; // seeds that lie close together are seeds too
    Call call(bound.world, bound.person, scene->request);
    const Slate slate = compose(call, bound.opening, {}, ranked(bound));
    std::string prefix;
    for (const DrawnSlot& slot : slots_of(bound, slate)) {
      Branch& branch = branches[prefix];
      ++branch.times;
      Branch::Option& option = branch.options[slot.what];
      if (option.times++ == 0) option.propensity = slot.propensity;
      ASSERT_EQ(option.propensity, slot.propensity) << prefix << slot.what; // a function of the slots before, bit for bit
      ASSERT_GT(slot.propensity, 0.0);
      ASSERT_LE(slot.propensity, 1.0);
      prefix += slot.what + ",";
      holds += slot.what == "hold" ? 1 : 0;
    }
    for (const Dropped& dropped : slate.dropped) capped += dropped.reasons.front().code == ReasonCode::capped ? 1 : 0;
  }
  EXPECT_GT(holds, redraws_count() / 100); // hold, caps and diversity take part
  EXPECT_GT(capped, redraws_count() / 100);
  compare(branches);
}

INSTANTIATE_TEST_SUITE_P(Methods, Propensities, ::testing::Values(DiversityMethod::none, DiversityMethod::mmr, DiversityMethod::dpp));

TEST(Draws, a_candidate_that_disappears_moves_no_other_draw) {
  const auto scene = lively_scene(DiversityMethod::dpp);
  scene->policy.caps.clear();
  std::size_t compared = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    scene->request.seed = seed;
    Bound all(*scene);
    const Slate before = compose(all.call, all.opening, {}, ranked(all));
    const auto shown = [&](ItemIndex index) {
      return std::any_of(before.choices.begin(), before.choices.end(), [&](const SlateChoice& choice) { return choice.candidate.index == index; });
    };
    for (ItemIndex gone = 1; gone < 8; ++gone) { // item 0 has the largest score: it is the unit of all gains
      if (shown(gone)) continue;
      Bound fewer(*scene);
      Ranked rest = ranked(fewer);
      std::erase_if(rest.alive, [&](const Candidate& candidate) { return candidate.index == gone; });
      const Slate after = compose(fewer.call, fewer.opening, {}, std::move(rest));
      const auto left = slots_of(all, before), right = slots_of(fewer, after);
      // The largest |gain| of a later slot may have been that of the one that is gone: then the unit changed. Its noise did not.
      ASSERT_FALSE(right.empty());
      EXPECT_EQ(left[0].what, right[0].what) << "seed " << seed << " without " << gone;
      EXPECT_LE(left[0].propensity, right[0].propensity + 1e-12);
      ++compared;
    }
  }
  EXPECT_GT(compared, 10'000U);
}

TEST(Draws, the_same_seed_gives_the_same_slate_and_other_seeds_others) {
  const auto scene = lively_scene(DiversityMethod::dpp);
  std::map<std::string, int> slates;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    scene->request.seed = seed;
    Bound first(*scene), second(*scene);
    const auto left = slots_of(first, compose(first.call, first.opening, {}, ranked(first)));
    const auto right = slots_of(second, compose(second.call, second.opening, {}, ranked(second)));
    ASSERT_EQ(left.size(), right.size());
    std::string text;
    for (std::size_t i = 0; i < left.size(); ++i) {
      EXPECT_EQ(left[i].what, right[i].what);
      EXPECT_EQ(left[i].propensity, right[i].propensity);
      text += left[i].what + ",";
    }
    ++slates[text];
  }
  EXPECT_GT(slates.size(), 50U);
}

TEST(Draws, two_placements_of_one_call_draw_apart) {
  const auto scene = lively_scene(DiversityMethod::none);
  std::size_t same = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    scene->request.seed = seed;
    scene->request.placements.front().placement = *PlacementId::parse("home.hero");
    Bound hero(*scene);
    const auto left = slots_of(hero, compose(hero.call, hero.opening, {}, ranked(hero)));
    scene->request.placements.front().placement = *PlacementId::parse("home.strip");
    Bound strip(*scene);
    const auto right = slots_of(strip, compose(strip.call, strip.opening, {}, ranked(strip)));
    same += left.front().what == right.front().what ? 1 : 0;
  }
  EXPECT_LT(same, 200U); // independent draws agree in about a sixth
}

} // namespace
} // namespace takt::test
