// When is it free again, all rules together: caps, gates, pauses, quiet hours, schedules, audiences, hides. Whatever eligible_again foresees
// is judged by asking anew at that instant, one millisecond before it, and at instants between.
#include "core/random.h"
#include "tests/support/engine_builders.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace takt::test {
namespace {

std::uint64_t scenes_count() {
  const char* asked = std::getenv("TAKT_SCENES");
  return asked ? std::strtoull(asked, nullptr, 10) : 400;
}

/// Who asked, not what time it is.
bool is_of_the_call(const Reason& reason) {
  return reason.code == ReasonCode::excluded || reason.code == ReasonCode::anchor || reason.code == ReasonCode::filtered || reason.code == ReasonCode::duplicate;
}

bool is_blocked(Scene& scene, UtcTime t, ItemIndex item) {
  scene.request.now = t;
  const Bound bound(scene);
  Candidates alone;
  for (Candidate& candidate : bound.candidates().alive)
    if (candidate.index == item) alone.alive.push_back(candidate);
  const Candidates asked = alone;
  for (const Candidates& out : {drop_ineligible(bound.call, bound.opening, alone), apply_caps(bound.call, bound.opening, asked)})
    for (const Dropped& dropped : out.dropped)
      if (!std::all_of(dropped.reasons.begin(), dropped.reasons.end(), is_of_the_call)) return true;
  return false;
}

TEST(EligibleAgainOfTheEngine, is_the_first_free_instant_of_all_rules_together) {
  std::size_t known = 0, unknown = 0, with_audience = 0;
  for (std::uint64_t seed = 1; seed <= scenes_count(); ++seed) {
    const auto scene = random_scene(seed, 8);
    Random random(seed);
    std::vector<std::pair<ItemIndex, std::optional<UtcTime>>> answers;
    {
      const Bound bound(*scene);
      for (const Candidate& candidate : bound.candidates().alive)
        answers.emplace_back(candidate.index, eligible_again_at(bound.call, bound.opening, bound.world.catalogue->at(candidate.index)).at);
      with_audience += bound.world.rulebook->rule_audiences.caps.empty() ? 0 : 1;
    }
    for (const auto& [item, again] : answers) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", item " + std::to_string(item));
      if (!is_blocked(*scene, noon, item)) {
        EXPECT_FALSE(again);
        continue;
      }
      ++(again ? known : unknown);
      const UtcTime end = again.value_or(noon + days(400));
      if (again) { EXPECT_FALSE(is_blocked(*scene, *again, item)); }
      if (again) { EXPECT_TRUE(is_blocked(*scene, *again - Duration{1}, item)); }
      for (int i = 0; i < 4; ++i) { // near, and anywhere
        const auto reach = static_cast<std::uint64_t>(std::min(end - noon, i < 2 ? Duration(days(2)) : Duration(days(400))).count());
        const UtcTime between = noon + Duration{static_cast<std::int64_t>(random.below(reach))};
        EXPECT_TRUE(is_blocked(*scene, between, item)) << "free " << (end - between).count() << " ms before";
      }
    }
  }
  EXPECT_GT(known, scenes_count());
  EXPECT_GT(unknown, scenes_count() / 4);
  EXPECT_GT(with_audience, scenes_count() / 4);
}

} // namespace
} // namespace takt::test
