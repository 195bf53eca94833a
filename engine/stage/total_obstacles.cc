#include "engine/stage/total_obstacles.h"

#include "engine/stage/rule_audiences.h"
#include "engine/stage/timed_rules.h"

namespace takt {
namespace {

class TotalObstacle final : public Obstacle {
public:
  TotalObstacle(const Schedule& schedule, std::optional<UtcTime> end) : schedule_(schedule), end_(end) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return (!end_ || t < *end_) && schedule_.holds(t); }
  void edges(const CapCandidate&, UtcTime, std::vector<UtcTime>& out) const override {
    if (end_) out.push_back(*end_);
    schedule_edges(schedule_, out);
  }

private:
  const Schedule& schedule_;
  std::optional<UtcTime> end_;               ///< none: nobody knows
};

std::unique_ptr<Obstacle> obstacle_of(const Call& call, const Opening& opening, std::size_t place, const EligibleAgain& end) {
  auto obstacle = std::make_unique<TotalObstacle>(call.world.policy().total_caps[place].schedule, end.at);
  return for_audience(std::move(obstacle), call, opening, call.world.rulebook->rule_audiences.total_caps, place);
}

/// Who is exempt, or not what the rule is about, never meets it.
bool can_meet(const CapRule& rule, const LabelSet& labels) { return rule.applies_to.selects(labels) && !(rule.exempt && rule.exempt->selects(labels)); }

} // namespace

std::vector<std::unique_ptr<Obstacle>> total_obstacles(const Call& call, const Opening& opening, const CapCandidate& candidate, bool& provisional) {
  std::vector<std::unique_ptr<Obstacle>> obstacles;
  const std::vector<CapRule>& caps = call.world.policy().total_caps;
  for (std::size_t i = 0; i < caps.size(); ++i) {
    if (!can_meet(caps[i], *candidate.labels)) continue;
    const auto end = call.caps.totals().end_of(i, candidate);
    if (!end) continue;
    obstacles.push_back(obstacle_of(call, opening, i, *end));
    provisional = provisional || (end->provisional && obstacles.back()->blocks(candidate, call.person.now));
  }
  return obstacles;
}

EligibleAgain total_again(const Call& call, const Opening& opening, const CapRule& rule, const CapCandidate& candidate) {
  const std::vector<CapRule>& caps = call.world.policy().total_caps;
  for (std::size_t i = 0; i < caps.size(); ++i) {
    if (&caps[i] != &rule) continue;
    const auto end = call.caps.totals().end_of(i, candidate);
    if (!end) return {};
    const auto obstacle = obstacle_of(call, opening, i, *end);
    return {obstacle->next_free(candidate, call.person.now), end->provisional};
  }
  return {};
}

} // namespace takt
