#include "engine/what_if/simulate.h"

#include "core/fold.h"
#include "core/hash.h"
#include "engine/reserve.h"
#include "engine/totals.h"
#include "engine/what_if/slots.h"
#include "engine/why.h"

#include <algorithm>
#include <variant>

namespace takt::what_if {
namespace {

constexpr std::uint64_t check_salt = 0x636865636b; // "check"

/// What an earlier page of a chain showed, on both sides: the next one leaves it out.
struct Page { DecisionId before; std::vector<ItemId> logged, simulated; };

std::vector<ItemId> items_of(const Decision& decision) {
  std::vector<ItemId> items;
  for (const PlacementDecision& placement : decision.placements)
    for (const Choice& choice : placement.choices) items.push_back(choice.item);
  return items;
}

const Choice* choice_of(const Decision& decision, const ExposureId& id) {
  for (const Choice& choice : decision.placements[id.placement].choices)
    if (choice.slot == id.slot) return &choice;
  return nullptr;
}

bool same_slates(const PlacementDecision& a, const PlacementDecision& b) {
  const auto same = [](const Choice& one, const Choice& other) { return one.item == other.item && one.slot == other.slot; };
  return a.outcome == b.outcome && std::equal(a.choices.begin(), a.choices.end(), b.choices.begin(), b.choices.end(), same);
}

std::vector<ItemId> missing_in(const PlacementDecision& from, const PlacementDecision& in) {
  std::vector<ItemId> missing;
  for (const Choice& choice : from.choices)
    if (std::none_of(in.choices.begin(), in.choices.end(), [&](const Choice& other) { return other.item == choice.item; })) missing.push_back(choice.item);
  return missing;
}

bool was_held(const PlacementDecision& answer) { return answer.hold && answer.hold->kind == HoldKind::chosen; }

/// One line per rule: its id, or the code where no rule has one.
std::vector<std::string> rules_of(const std::vector<Reason>& reasons, const PlacementDecision& instead) {
  std::vector<std::string> rules;
  for (const Reason& reason : reasons) {
    std::string rule = reason.rule.empty() ? std::string(to_text(reason.code)) : reason.rule;
    if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(std::move(rule));
  }
  if (rules.empty()) rules.emplace_back(was_held(instead) ? "below_hold" : "outranked");
  return rules;
}

/// The draft filled the same slots with the same items, and then nothing was left that it allows: it could not have shown the rest.
bool ends_early(const PlacementDecision& logged, const PlacementDecision& again) {
  const auto same = [](const Choice& one, const Choice& other) { return one.item == other.item && one.slot == other.slot; };
  return !was_held(again) && again.outcome != Outcome::fallback && again.choices.size() < logged.choices.size() &&
         std::equal(again.choices.begin(), again.choices.end(), logged.choices.begin(), same);
}

/// How much likelier the one makes what both answered.
double ratio_of(const PlacementDecision& logged, const PlacementDecision& again) {
  double ratio = 1;
  for (std::size_t i = 0; i < logged.choices.size(); ++i) ratio *= again.choices[i].propensity / logged.choices[i].propensity;
  if (logged.hold && again.hold) ratio *= again.hold->propensity / logged.hold->propensity;
  return ratio;
}

/// The records of one journal: as it was, and as the draft would have made it.
struct Records {
  std::shared_ptr<CustomerRecord> as_was, simulated;
  bool diverged() const { return as_was != simulated; }
};

class Simulator {
public:
  Simulator(SimulatedCustomer& told, DraftWorlds& worlds, const ViewHabits& habits, const SimulationOptions& options, const Clock& clock)
      : told_(told), worlds_(worlds), options_(options), clock_(clock), slots_(told, habits, options.range.to) {}

  Status run(const CustomerPast& past) {
    slots_.expect(past);
    TAKT_TRY(records, fold(past));
    slots_.finish();
    respond();
    told_.as_was = std::move(records.as_was);
    told_.simulated = std::move(records.simulated);
    return {};
  }

private:
  /// What was observed of the slates that are weighed.
  void respond() {
    std::map<DecisionId, Weighed*> by_decision;
    for (std::size_t i = 0; i < weighed_.size(); ++i) by_decision.emplace(weighed_[i], &told_.weighed[i]);
    for (const Exposure& exposure : told_.log.exposures) {
      const auto found = by_decision.find(DecisionId{exposure.entry.id.origin});
      if (found == by_decision.end()) continue;
      found->second->clicks += exposure.response;
      found->second->value += exposure.response * exposure.terms.value;
    }
  }

  Result<Records> fold(const CustomerPast& past) {
    Records records;
    records.as_was = std::make_shared<CustomerRecord>(past.before);
    records.simulated = records.as_was;
    for (const PastEntry& step : past.entries) {
      if (records.diverged()) see_what_is_due(*records.simulated, step.entry.delta.clock);
      std::vector<Operation> operations;
      if (step.decision) {
        TAKT_TRY(decided, decide_again(records, *step.decision, step.entry.delta));
        operations = std::move(decided);
      } else {
        operations = slots_.translated(step.entry.delta.operations);
        TAKT_TRY_VOID(absorb_simulated(past, operations));
      }
      advance(records, step.entry, std::move(operations));
    }
    return records;
  }

  /// Both records one entry on. Before the first grant that differs they are one.
  static bool is_same(const std::vector<Operation>& simulated, const JournalEntry& logged) { return simulated == logged.delta.operations; }
  void advance(Records& records, const JournalEntry& logged, std::vector<Operation> operations) {
    if (!records.diverged() && !is_same(operations, logged)) records.simulated = std::make_shared<CustomerRecord>(*records.as_was);
    if (records.diverged()) {
      CustomerRecord& record = *records.simulated;
      apply(record, {record.version + 1, logged.commit, {logged.delta.clock, std::move(operations)}, {}});
    }
    apply(*records.as_was, logged);
  }

  /// Views that the log does not have are known before the next thing that happens, in an entry of their own.
  void see_what_is_due(CustomerRecord& record, UtcTime clock) {
    std::vector<Operation> due = slots_.views_due(std::max(record.clock, clock), record);
    if (due.empty()) return;
    const UtcTime latest = std::get<op::AddMark>(due.back()).mark.at;
    apply(record, {record.version + 1, {}, {latest, std::move(due)}, {}});
  }

  /// A record that was taken in comes with what the draft made of it.
  Status absorb_simulated(const CustomerPast& past, std::vector<Operation>& operations) {
    for (Operation& operation : operations) {
      auto* const absorb = std::get_if<op::Absorb>(&operation);
      if (!absorb) continue;
      TAKT_TRY(taken_in, fold(past.absorbed.at(absorb->record.id)));
      if (taken_in.diverged()) absorb->record = *taken_in.simulated;
    }
    return {};
  }

  /// The operations of the decision's commit as the draft would have written them.
  Result<std::vector<Operation>> decide_again(const Records& records, const DecisionRecord& logged, const Delta& delta) {
    TAKT_TRY(worlds, worlds_.at(logged.decision.versions));
    const DecisionRequest request = request_of(logged.request);
    Person person = make_person(records.simulated, request, worlds.draft->policy(), *worlds.draft->symbols);
    const LoggedTotals totals(worlds.draft->policy(), logged.decision.totals); // what all the others did stays as it was
    person.totals = &totals;
    StageRunner stages(clock_);
    TAKT_TRY(decision, run_stages(*worlds.draft, person, request, stages));
    decision.id = logged.decision.id;
    remember_page(logged, decision);
    std::vector<Operation> operations = granted(worlds, request, logged, decision, delta);
    TAKT_TRY(odds, tell(worlds, records, person, request, logged, decision));
    if (!records.diverged()) weigh(logged.decision.id, odds);
    return operations;
  }

  /// `after` leaves out what earlier pages showed: on this side that is what the draft put there.
  DecisionRequest request_of(const DecisionRequest& logged) const {
    DecisionRequest request = logged;
    for (auto page = pages_.find(logged.after); page != pages_.end(); page = pages_.find(page->second.before)) {
      for (const ItemId& item : page->second.logged)
        if (const auto found = std::find(request.exclude.rbegin(), request.exclude.rend(), item); found != request.exclude.rend()) request.exclude.erase(std::next(found).base());
      request.exclude.insert(request.exclude.end(), page->second.simulated.begin(), page->second.simulated.end());
    }
    return request;
  }

  void remember_page(const DecisionRecord& logged, const Decision& decision) {
    pages_.emplace(logged.decision.id, Page{logged.request.after, items_of(logged.decision), items_of(decision)});
  }

  std::vector<Operation> granted(const WorldPair& worlds, const DecisionRequest& request, const DecisionRecord& logged, const Decision& decision, const Delta& delta) {
    Delta simulated;
    for (const Operation& operation : delta.operations) {
      if (const auto* grant = std::get_if<op::Grant>(&operation)) slots_.grant_logged(*grant, choice_of(logged.decision, grant->entry.id));
      else if (!std::holds_alternative<op::Request>(operation)) simulated.operations.push_back(operation);
      if (const auto* released = std::get_if<op::Release>(&operation)) slots_.release(*released);
    }
    add_grants(*worlds.draft, request, decision, simulated);
    for (const Operation& operation : simulated.operations)
      if (const auto* grant = std::get_if<op::Grant>(&operation)) slots_.grant_simulated(*grant, choice_of(decision, grant->entry.id));
    for (const Operation& operation : delta.operations)
      if (std::holds_alternative<op::Request>(operation)) simulated.operations.push_back(operation);
    return std::move(simulated.operations);
  }

  /// What the draft makes of the odds of the logged answer.
  struct Odds { double ratio = 1; bool is_known = true; };

  /// Only while both records are one: afterwards the draft answers for another history.
  void weigh(DecisionId decision, const Odds& odds) {
    if (!odds.is_known) {
      ++told_.unweighed;
      return;
    }
    weighed_.push_back(decision);
    told_.weighed.push_back({odds.ratio, 0, 0});
  }

  Result<Odds> tell(const WorldPair& worlds, const Records& records, const Person& person, const DecisionRequest& request, const DecisionRecord& logged,
                    const Decision& decision) {
    ++told_.decisions;
    bool is_changed = false;
    Odds odds;
    for (std::size_t i = 0; i < decision.placements.size(); ++i) {
      const PlacementDecision &before = logged.decision.placements[i], &after = decision.placements[i];
      const PlacementRules* rules = worlds.then->rulebook->find(after.placement.text());
      const bool is_same = same_slates(before, after);
      is_changed = is_changed || !is_same;
      if (is_same) odds.ratio *= ratio_of(before, after);
      if (!rules || rules->placement.mode == PlacementMode::organic) continue;
      const std::uint32_t slots = request.placements[i].limit.value_or(rules->placement.slots);
      count(told_.log, before, slots, rules->placement);
      count(told_.draft, after, slots, rules->placement);
      if (is_same) continue;
      Person person_then = make_person(records.as_was, logged.request, worlds.then->policy(), *worlds.then->symbols);
      const LoggedTotals totals(worlds.then->policy(), logged.decision.totals);
      person_then.totals = &totals;
      TAKT_TRY(is_ruled_out, explain(*worlds.draft, person, request, i, logged.decision, decision, false));
      TAKT_TRY_VOID(explain(*worlds.then, person_then, logged.request, i, decision, logged.decision, true));
      if (is_ruled_out || ends_early(before, after)) odds.ratio = 0;
      else odds.is_known = false;
    }
    if (is_changed) ++told_.changed;
    TAKT_TRY_VOID(check(worlds, records, logged));
    if (odds.ratio == 0) odds.is_known = true; // one placement that cannot be is enough
    return odds;
  }

  static void count(Side& side, const PlacementDecision& answer, std::uint32_t slots, const Placement& placement) {
    ++side.placements;
    side.slots += slots;
    side.filled += answer.choices.size();
    side.holds += answer.outcome == Outcome::hold ? 1 : 0;
    side.fallbacks += answer.outcome == Outcome::fallback ? 1 : 0;
    side.defers += answer.outcome == Outcome::defer ? 1 : 0;
    if (answer.choices.empty()) return;
    ++side.contacts;
    side.contact_cost += static_cast<double>(placement.contact_cost_micros) / 1e6;
  }

  /// What one side shows and the other does not: what keeps it off there, by the other side's rules and record. True: a rule does.
  Result<bool> explain(const World& world, const Person& person, const DecisionRequest& request, std::size_t ordinal, const Decision& shown, const Decision& instead,
                       bool is_draft) {
    const PlacementDecision &there = shown.placements[ordinal], &here = instead.placements[ordinal];
    const std::vector<ItemId> missing = missing_in(there, here);
    if (missing.empty()) return false;
    TAKT_TRY(reasons, blocks_by_item(world, person, request, ordinal, missing));
    const bool is_ruled_out = std::any_of(reasons.begin(), reasons.end(), [](const std::vector<Reason>& blocking) { return !blocking.empty(); });
    if (here.choices.size() < there.choices.size() && !was_held(here)) { // what no rule keeps off alone may have found the caps full of this slate
      TAKT_TRY(beside, blocks_by_item(world, person, request, ordinal, missing, std::span(instead.placements).first(ordinal + 1)));
      for (std::size_t i = 0; i < missing.size(); ++i)
        if (reasons[i].empty()) reasons[i] = std::move(beside[i]);
    }
    for (std::size_t i = 0; i < missing.size(); ++i)
      for (const Choice& choice : there.choices) {
        if (choice.item != missing[i]) continue;
        const ExposureId exposure{shown.id.bytes, static_cast<std::uint16_t>(ordinal), static_cast<std::uint16_t>(choice.slot)};
        Exposure* const told = is_draft ? slots_.simulated(exposure) : slots_.logged(exposure);
        if (!told) continue;
        told->is_other = true;
        told->because = rules_of(reasons[i], here);
      }
    return is_ruled_out;
  }

  /// Do the logged rules still give the logged answer? Of a share of the decisions, so that the report can say so.
  Status check(const WorldPair& worlds, const Records& records, const DecisionRecord& logged) {
    const std::uint64_t place = hash64({reinterpret_cast<const char*>(logged.decision.id.bytes.data()), logged.decision.id.bytes.size()}, check_salt);
    if (static_cast<double>(place >> 11) * 0x1p-53 >= options_.checked_share) return {};
    Person person = make_person(records.as_was, logged.request, worlds.then->policy(), *worlds.then->symbols);
    const LoggedTotals totals(worlds.then->policy(), logged.decision.totals);
    person.totals = &totals;
    StageRunner stages(clock_);
    TAKT_TRY(again, run_stages(*worlds.then, person, logged.request, stages));
    ++told_.checked;
    if (!difference_between(logged.decision, again).empty()) ++told_.not_reproduced;
    return {};
  }

  SimulatedCustomer& told_;
  DraftWorlds& worlds_;
  const SimulationOptions& options_;
  const Clock& clock_;
  Slots slots_;
  std::map<DecisionId, Page> pages_;
  std::vector<DecisionId> weighed_;                    ///< parallel to told_.weighed
};

/// The name of the first World of this past that is no longer held.
Result<std::string> missing_world(const CustomerPast& past, DraftWorlds& worlds) {
  for (const auto& [customer, absorbed] : past.absorbed) {
    TAKT_TRY(name, missing_world(absorbed, worlds));
    if (!name.empty()) return name;
  }
  for (const PastEntry& step : past.entries) {
    if (!step.decision) continue;
    const auto found = worlds.at(step.decision->decision.versions);
    if (!found && found.error().code == ErrorCode::not_found) return found.error().message;
    if (!found) return tl::unexpected(found.error());
  }
  return std::string();
}

} // namespace

Result<SimulatedCustomer> simulate(const CustomerPast& past, CustomerId customer, DraftWorlds& worlds, const ViewHabits& habits,
                                   const SimulationOptions& options, const Clock& clock) {
  SimulatedCustomer told;
  told.id = customer;
  TAKT_TRY(missing, missing_world(past, worlds));
  if (!missing.empty()) {
    told.left_out = LeftOut::world_not_held;
    told.not_held = std::move(missing);
    return told;
  }
  Simulator simulator(told, worlds, habits, options, clock);
  TAKT_TRY_VOID(simulator.run(past));
  return told;
}

} // namespace takt::what_if
