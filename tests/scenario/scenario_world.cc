#include "tests/scenario/scenario_world.h"

#include "engine/resolve.h"
#include "engine/unmerge.h"
#include "tests/scenario/scenario_steps.h"
#include "tests/support/forwarding_store.h"

#include <algorithm>
#include <stdexcept>

namespace takt::scenario {

ScenarioWorld::ScenarioWorld() {
  store = std::make_unique<CountingStore>(std::make_unique<test::ForwardingStore>(*kept));
  policy.version = 1;
  policy.fatigue.enabled = false;            // a rule is tested alone: nothing else moves the slate
  policy.exploration.temperature = 0;
  policy.diversity.method = DiversityMethod::none;
  policy.arbitration.attention_price = 0;
  policy.arbitration.never_hold = {symbol("service")};
  policy.consent.require = {{Purpose::marketing, {symbol("email"), symbol("push"), symbol("sms"), symbol("phone")}}};
  rebuild();
}

void ScenarioWorld::restart() {
  auto next = std::make_unique<CountingStore>(std::make_unique<test::ForwardingStore>(*kept));
  store.swap(next);
  rebuild();
}

void ScenarioWorld::rebuild() {
  ++changes;
  auto rulebook = std::make_shared<Rulebook>();
  policy.version = changes;
  set_policy(*rulebook, std::make_shared<const Policy>(policy), store->symbols());
  auto totals = store->count_for(policy.total_caps);
  if (!totals) throw std::runtime_error(totals.error().message);
  rulebook->totals = std::move(*totals);
  store->keep_only(policy.total_caps);
  for (const Placement& placement : placements) rulebook->placements.emplace(placement.id.text(), compile_placement(placement, store->symbols()));
  auto set = AudienceSet::build(audiences, store->symbols());
  if (!set) throw std::runtime_error(set.error().message);
  rulebook->audiences = std::move(*set);
  auto models = std::make_shared<Models>();
  models->scorer = make_prior_scorer();
  auto next = std::make_shared<World>();
  next->symbols = &store->symbols();
  next->catalogue = Catalogue::build(items, store->symbols(), changes);
  next->rulebook = std::move(rulebook);
  next->models = std::move(models);
  world = std::move(next);
}

Identity ScenarioWorld::identity_of(const std::string& who) const {
  const bool anonymous = who.starts_with("device-") || who.starts_with("guest-");
  return {anonymous ? IdentityKind::anonymous : IdentityKind::user, who};
}

Event ScenarioWorld::event_of(const std::string& who, UtcTime at) {
  Event event;
  const Identity identity = identity_of(who);
  (identity.kind == IdentityKind::user ? event.user_id : event.anonymous_id) = who;
  event.message_id = "message-" + std::to_string(++messages);
  event.occurred_at = at;
  event.received_at = clock.now;
  event.channel = "web";
  return event;
}

void ScenarioWorld::send(Event event) {
  event.raw = event.user_id + "|" + event.anonymous_id; // whom it names is all that anybody asks of it here
  last_message_id = event.message_id;
  last_error.reset();
  auto outcome = ingest(*store, *world, event, {});
  if (outcome) last_ingest = *outcome;
  else last_error = outcome.error();
}

void ScenarioWorld::part(const std::string& who, const std::string& other) {
  const auto merged = find_customer(*store, identity_of(who));
  const auto record = merged ? store->records().read(*merged, Deadline{}) : Result<RecordPtr>(fail(ErrorCode::not_found, who));
  if (!record) throw Mistake("nobody knows " + who);
  for (const MergeLink& link : (*record)->merges) {
    const auto sealed = store->records().read(link.absorbed, Deadline{});
    const auto named = [&](const LinkedIdentity& linked) { return linked.identity.value == who || linked.identity.value == other; };
    if (!sealed || std::none_of((*sealed)->identities.begin(), (*sealed)->identities.end(), named)) continue;
    const auto parted = unmerge_customers(*store, *merged, link.absorbed, clock.now, [](std::string_view raw) {
      const std::size_t bar = raw.find('|');
      std::vector<Identity> names;
      if (bar > 0) names.push_back({IdentityKind::user, std::string(raw.substr(0, bar))});
      if (bar + 1 < raw.size()) names.push_back({IdentityKind::anonymous, std::string(raw.substr(bar + 1))});
      return names;
    });
    last_error.reset();
    if (!parted) last_error = parted.error();
    return;
  }
  throw Mistake(who + " and " + other + " were not merged");
}

Result<Decision> ScenarioWorld::ask(DecisionRequest request) {
  request.now = clock.now;
  request.seed = 7;
  auto decision = decide(*store, *world, request, clock, {Durability::wal, true});
  last_error.reset();
  if (!decision) last_error = decision.error();
  return decision;
}

RecordPtr ScenarioWorld::record_of(const std::string& who) {
  const auto customer = find_customer(*store, identity_of(who));
  if (!customer || !*customer) return std::make_shared<const CustomerRecord>();
  auto record = read_canonical(*store, *customer);
  return record ? *record : std::make_shared<const CustomerRecord>();
}

} // namespace takt::scenario
