// The same verdicts as drop_ineligible.cc, at any later instant: both read timed_rules.h and standing_rules.h.
#include "engine/stage/merchandising.h"
#include "engine/stage/rule_audiences.h"
#include "engine/stage/stages.h"
#include "engine/stage/standing_rules.h"
#include "engine/stage/timed_rules.h"
#include "engine/stage/total_obstacles.h"

namespace takt {
namespace {

/// Blocks until somebody changes something: no end is known.
class StandingObstacle final : public Obstacle {
public:
  bool blocks(const CapCandidate&, UtcTime) const override { return true; }
  void edges(const CapCandidate&, UtcTime, std::vector<UtcTime>&) const override {}
};

class ScheduleObstacle final : public Obstacle {
public:
  explicit ScheduleObstacle(const Item& item) : item_(item) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return !schedule_holds(item_, t); }
  void edges(const CapCandidate&, UtcTime t, std::vector<UtcTime>& out) const override {
    if (item_.starts_at && *item_.starts_at > t) out.push_back(*item_.starts_at);
    if (item_.ends_at && *item_.ends_at > t) out.push_back(*item_.ends_at);
  }

private:
  const Item& item_;
};

class GateObstacle final : public Obstacle {
public:
  GateObstacle(const GatePolicy& gate, const CustomerRecord& record) : gate_(gate), record_(record) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return gate_holds(gate_, record_, t); }
  void edges(const CapCandidate&, UtcTime t, std::vector<UtcTime>& out) const override {
    Edges edges;
    gate_edges(gate_, record_, edges);
    for (const UtcTime edge : edges)
      if (edge > t) out.push_back(edge);
  }

private:
  const GatePolicy& gate_;
  const CustomerRecord& record_;
};

class PauseObstacle final : public Obstacle {
public:
  PauseObstacle(const PausePolicy& pause, UtcTime end) : pause_(pause), end_(end) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return t < end_ && pause_.schedule.holds(t); }
  void edges(const CapCandidate&, UtcTime, std::vector<UtcTime>& out) const override {
    out.push_back(end_);
    schedule_edges(pause_.schedule, out);
  }

private:
  const PausePolicy& pause_;
  UtcTime end_;
};

class QuietObstacle final : public Obstacle {
public:
  QuietObstacle(const QuietPolicy& quiet, std::span<const HeldZone> zones) : quiet_(quiet), zones_(zones) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return quiet_holds(quiet_, zones_, t); }
  void edges(const CapCandidate&, UtcTime, std::vector<UtcTime>&) const override {}   // without end: next_free walks them
  std::optional<UtcTime> next_free(const CapCandidate&, UtcTime from) const override { return quiet_next(quiet_, zones_, from, false); }

private:
  const QuietPolicy& quiet_;
  std::span<const HeldZone> zones_;
};

class SalesPauseObstacle final : public Obstacle {
public:
  explicit SalesPauseObstacle(const SalesPause& pause) : pause_(pause) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return pause_holds(pause_, t); }
  void edges(const CapCandidate&, UtcTime t, std::vector<UtcTime>& out) const override {
    if (pause_.until && *pause_.until > t) out.push_back(*pause_.until);
    schedule_edges(pause_.schedule, out);
  }

private:
  const SalesPause& pause_;
};

class HideObstacle final : public Obstacle {
public:
  explicit HideObstacle(const MerchandisingRule& rule) : rule_(rule) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return rule_.schedule.holds(t); }
  void edges(const CapCandidate&, UtcTime, std::vector<UtcTime>& out) const override { schedule_edges(rule_.schedule, out); }

private:
  const MerchandisingRule& rule_;
};

/// A consent is not given by the passing of time.
class UncountedObstacle final : public Obstacle {
public:
  explicit UncountedObstacle(const CapRule& rule) : rule_(rule) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return rule_.schedule.holds(t); }
  void edges(const CapCandidate&, UtcTime, std::vector<UtcTime>& out) const override { schedule_edges(rule_.schedule, out); }

private:
  const CapRule& rule_;
};

class DismissalObstacle final : public Obstacle {
public:
  explicit DismissalObstacle(const Dismissal& dismissal) : dismissal_(dismissal) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return dismissal_holds(dismissal_, t); }
  void edges(const CapCandidate&, UtcTime t, std::vector<UtcTime>& out) const override {
    if (dismissal_.at > t) out.push_back(dismissal_.at);
    if (dismissal_.until && *dismissal_.until > t) out.push_back(*dismissal_.until);
  }

private:
  const Dismissal& dismissal_;
};

} // namespace

std::vector<std::unique_ptr<Obstacle>> obstacles_for(const Call& call, const Opening& opening, const CatalogueItem& item) {
  std::vector<std::unique_ptr<Obstacle>> obstacles;
  const LabelSet labels = labels_at(item, opening.rules);
  std::vector<Reason> standing;
  StandingRules(call, opening).report(item, labels, standing);
  if (!standing.empty()) obstacles.push_back(std::make_unique<StandingObstacle>());
  if (opening.rules.placement.mode == PlacementMode::organic) return obstacles;

  const CustomerRecord& record = *call.person;
  const Policy& policy = call.world.policy();
  if (item.item.starts_at || item.item.ends_at) obstacles.push_back(std::make_unique<ScheduleObstacle>(item.item));
  if (auto audience = audience_obstacle(call, opening, item)) obstacles.push_back(std::move(audience));
  const RulePrograms& audiences = call.world.rulebook->rule_audiences;
  const auto add = [&](std::unique_ptr<Obstacle> obstacle, const RulePrograms::Programs& programs, std::size_t place) {
    obstacles.push_back(for_audience(std::move(obstacle), call, opening, programs, place));
  };
  for (std::size_t i = 0; i < policy.gates.size(); ++i)
    if (gate_binds(policy.gates[i], labels)) add(std::make_unique<GateObstacle>(policy.gates[i], record), audiences.gates, i);
  for (std::size_t i = 0; i < policy.post_purchase.size(); ++i)
    if (const auto end = pause_end(policy.post_purchase[i], record, pause_key(policy.post_purchase[i], labels),
                                   pause_length(policy.post_purchase[i], call.world.models->repurchase.get(), labels).length))
      add(std::make_unique<PauseObstacle>(policy.post_purchase[i], *end), audiences.post_purchase, i);
  for (std::size_t i = 0; i < policy.quiet_hours.size(); ++i)
    if (quiet_binds(policy.quiet_hours[i], labels)) add(std::make_unique<QuietObstacle>(policy.quiet_hours[i], call.person.time.zones), audiences.quiet_hours, i);
  for (std::size_t i = 0; i < policy.pauses.size(); ++i)
    if (pause_binds(policy.pauses[i], labels)) add(std::make_unique<SalesPauseObstacle>(policy.pauses[i]), audiences.pauses, i);
  for (std::size_t i = 0; i < policy.merchandising.size(); ++i)
    if (hides(policy.merchandising[i], labels)) add(std::make_unique<HideObstacle>(policy.merchandising[i]), audiences.merchandising, i);
  for (std::size_t i = 0; !call.person.is_countable && i < policy.caps.size(); ++i)
    if (uncounted_binds(policy.caps[i], labels)) add(std::make_unique<UncountedObstacle>(policy.caps[i]), audiences.caps, i);
  for (const Dismissal& dismissal : record.dismissals)
    if (dismissal_binds(dismissal, labels)) obstacles.push_back(std::make_unique<DismissalObstacle>(dismissal));
  return obstacles;
}

EligibleAgain eligible_again_at(const Call& call, const Opening& opening, const CatalogueItem& item) {
  const auto obstacles = obstacles_for(call, opening, item);
  std::vector<const Obstacle*> views;
  bool provisional = false;
  views.reserve(obstacles.size());
  for (const auto& obstacle : obstacles) views.push_back(obstacle.get());
  const LabelSet labels = labels_at(item, opening.rules);
  const CapCandidate candidate = opening.asked(labels);
  if (opening.rules.placement.mode == PlacementMode::promote) {
    const auto totals = total_obstacles(call, opening, candidate, provisional);
    for (const auto& obstacle : totals) views.push_back(obstacle.get());
    const CapAudiences audiences(call, opening);
    EligibleAgain again = call.caps.eligible_again(candidate, views, &audiences);
    again.provisional = again.provisional || (again.at && provisional);
    return again;
  }
  return eligible_again(*call.ledger, {}, call.person.time, views, candidate, {}, call.person.now); // organic: no caps
}

} // namespace takt
