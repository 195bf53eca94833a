#include "engine/stage/condition_inputs.h"

namespace takt {
namespace {

class ConditionObstacle final : public Obstacle {
public:
  ConditionObstacle(std::shared_ptr<const ConditionProgram> program, const ConditionInputs& inputs) : program_(std::move(program)), inputs_(inputs) {}
  bool blocks(const CapCandidate&, UtcTime t) const override { return !condition_holds(*program_, inputs_, t); }
  void edges(const CapCandidate&, UtcTime t, std::vector<UtcTime>& out) const override { condition_edges(*program_, inputs_, t, out); }

private:
  std::shared_ptr<const ConditionProgram> program_;
  ConditionInputs inputs_;
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
  inputs.profile_allowed = call.person.profile_allowed; // without `frequency` the call's ledger is the running session's: it may be read
  return inputs;
}

std::unique_ptr<Obstacle> audience_obstacle(const Call& call, const Opening& opening, const CatalogueItem& item) {
  if (!item.audience) return nullptr;
  return std::make_unique<ConditionObstacle>(item.audience, condition_inputs(call, opening));
}

} // namespace takt
