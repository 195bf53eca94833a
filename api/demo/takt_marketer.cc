#include "api/demo/marketer.h"

#include "api/json/codecs.h"
#include "core/check.h"
#include "core/hash.h"

namespace takt::demo {
namespace {

/// A front end repeats what got no answer; after so often it gives up, and the run says so.
constexpr int retries_max = 50;

} // namespace

Shown TaktMarketer::choose(const Opportunity& opportunity) {
  clock_.now = opportunity.at;
  DecisionRequest request;
  request.user_id = opportunity.user_id;
  request.anonymous_id = opportunity.anonymous_id;
  PlacementRequest asked;
  asked.placement = *PlacementId::parse(opportunity.placement);
  for (const std::size_t anchor : opportunity.anchors) asked.anchor_items.push_back(town_.items[anchor].id);
  request.placements.push_back(std::move(asked));
  request.context.channel = opportunity.channel;
  request.now = opportunity.at;
  request.seed = opportunity.seed;
  request.body_hash = hash64(opportunity.placement);
  auto decision = decide(store_, world_, request, clock_, {Durability::wal, true});
  Shown shown;
  if (decision) {
    if (decision->id) shown.decision_id = to_text(decision->id);
    for (const Choice& choice : decision->placements.front().choices) shown.items.push_back({town_.row_of.at(choice.item.text()), choice.slot});
  } else {
    ++failures_;
  }
  if (trace_) trace_->emplace_back(Asked{std::move(request), decision ? std::optional(std::move(*decision)) : std::nullopt});
  return shown;
}

void TaktMarketer::hear(const Event& event) {
  clock_.now = event.received_at;
  std::optional<IngestOutcome> outcome;
  for (int attempt = 0; attempt < retries_max; ++attempt) {
    const auto answer = ingest(store_, world_, event, {});
    if (answer) outcome = *answer;
    if (answer || answer.error().code != ErrorCode::unavailable) break;
  }
  if (!outcome) ++failures_;
  if (trace_) trace_->emplace_back(Told{event, outcome});
}

std::shared_ptr<const World> make_simulated_world(const Town& town, Store& store, const WorldOptions& options) {
  auto policy = parse_policy(starter_policy_json(), store.symbols());
  TAKT_CHECK(policy.has_value(), "the starter policy can be read");
  policy->version = 1;
  policy->fatigue.enabled = policy->fatigue.enabled && options.has_fatigue;
  auto world = std::make_shared<World>();
  world->symbols = &store.symbols();
  world->catalogue = takt::Catalogue::build(town.items, store.symbols(), 1);
  if (options.change_policy) options.change_policy(*policy, store.symbols());
  auto rulebook = std::make_shared<Rulebook>();
  set_policy(*rulebook, std::make_shared<const Policy>(std::move(*policy)), store.symbols());
  rulebook->placements_print = 1;
  for (const Placement& placement : town.placements) rulebook->placements.emplace(placement.id.text(), compile_placement(placement, store.symbols()));
  world->rulebook = std::move(rulebook);
  world->models = options.models ? options.models : untrained_models();
  return world;
}

} // namespace takt::demo
