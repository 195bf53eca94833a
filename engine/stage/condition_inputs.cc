#include "engine/stage/condition_inputs.h"

#include <algorithm>

namespace takt {
namespace {

class ConditionObstacle final : public Obstacle {
public:
  explicit ConditionObstacle(std::shared_ptr<const AudienceTimes> times) : times_(std::move(times)) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return !times_->at(t); }
  void edges(const CapCandidate&, UtcTime t, std::vector<UtcTime>& out) const override {
    out.insert(out.end(), std::upper_bound(times_->from.begin(), times_->from.end(), t), times_->from.end());
  }
  std::optional<UtcTime> next_free(const CapCandidate&, UtcTime from) const override { return times_->next(from, true); }

private:
  std::shared_ptr<const AudienceTimes> times_;
};

} // namespace

ConditionInputs condition_inputs(const Call& call, const Opening& opening) {
  ConditionInputs inputs;
  inputs.record = call.person.record.get();
  inputs.symbols = call.world.symbols;
  inputs.ledger = call.ledger;
  inputs.consent = &call.world.policy().consent;
  inputs.context = &call.request.context;
  inputs.channel = opening.rules.channel;
  inputs.placement = opening.rules.symbol;
  inputs.audiences = call.world.rulebook->audiences.get();
  inputs.gates = call.world.policy().gates;
  inputs.profile_allowed = call.person.profile_allowed; // without `frequency` the call's ledger is the running session's: it may be read
  return inputs;
}

bool AudienceTimes::at(UtcTime t) const {
  const auto next = std::upper_bound(from.begin(), from.end(), t);
  return holds[next == from.begin() ? 0 : static_cast<std::size_t>(next - from.begin()) - 1] != 0;
}

std::optional<UtcTime> AudienceTimes::next(UtcTime t, bool wanted) const {
  for (auto place = static_cast<std::size_t>(std::upper_bound(from.begin(), from.end(), t) - from.begin()); place < from.size(); ++place)
    if ((holds[place] != 0) == wanted) return from[place];
  return std::nullopt;
}

std::shared_ptr<const AudienceTimes> audience_times(const Call& call, const Opening& opening, const ConditionProgram& program) {
  std::shared_ptr<const AudienceTimes>& known = call.audience_times[{&program, opening.ordinal}];
  if (known) return known;
  const ConditionInputs inputs = condition_inputs(call, opening);
  const UtcTime now = call.person.now;
  auto times = std::make_shared<AudienceTimes>();
  condition_edges(program, inputs, now, times->from);
  std::erase_if(times->from, [&](UtcTime t) { return t <= now; });
  times->from.push_back(now);
  std::sort(times->from.begin(), times->from.end());
  times->from.erase(std::unique(times->from.begin(), times->from.end()), times->from.end());
  for (const UtcTime t : times->from) times->holds.push_back(condition_holds(program, inputs, t) ? 1 : 0);
  return known = std::move(times);
}

std::unique_ptr<Obstacle> audience_obstacle(const Call& call, const Opening& opening, const CatalogueItem& item) {
  return item.audience ? std::make_unique<ConditionObstacle>(audience_times(call, opening, *item.audience)) : nullptr;
}

} // namespace takt
