// Stage 4. What holds for the whole opening is bound once; each item then meets a few comparisons. Every reason is reported.
#include "engine/stage/condition_inputs.h"
#include "engine/stage/keep_if.h"
#include "engine/stage/merchandising.h"
#include "engine/stage/rule_audiences.h"
#include "engine/stage/stages.h"
#include "engine/stage/standing_rules.h"
#include "engine/stage/timed_rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace takt {
namespace {

Reason blocked(ReasonCode code, std::string rule = {}, std::optional<UtcTime> eligible_again = std::nullopt) {
  Reason reason;
  reason.stage = Stage::eligibility;
  reason.code = code;
  reason.rule = std::move(rule);
  reason.eligible_again = eligible_again;
  return reason;
}

/// Gates, dismissals, quiet hours, pauses and what is hidden, as they hold for this customer here now, with their ends.
class TimedNow {
public:
  TimedNow(const Call& call, const Opening& opening) : record_(*call.person), symbols_(*call.world.symbols), cycles_(call.world.models->repurchase.get()), now_(call.person.now) {
    const Policy& policy = call.world.policy();
    const RulePrograms& programs = call.world.rulebook->rule_audiences;
    AudiencesNow audiences(call, opening);
    for (std::size_t i = 0; i < policy.gates.size(); ++i)
      if (const GatePolicy& gate = policy.gates[i]; gate_holds(gate, record_, now_) && audiences.holds(programs.gates, i))
        gates_.push_back({&gate, audiences.end(programs.gates, i, gate_end(gate, record_, now_))});
    for (const Dismissal& dismissal : record_.dismissals)
      if (dismissal_holds(dismissal, now_)) dismissals_.push_back(&dismissal);
    for (std::size_t i = 0; i < policy.post_purchase.size(); ++i) {
      const PausePolicy& pause = policy.post_purchase[i];
      const auto may_hold = [&](const Order& order) { return now_ < order.at + pause_length_max(pause); };
      if (!pause.schedule.holds(now_) || std::none_of(record_.orders.begin(), record_.orders.end(), may_hold) || !audiences.holds(programs.post_purchase, i)) continue;
      pauses_.push_back({&pause, audiences.end(programs.post_purchase, i, pause.schedule.to), {}});
    }
    for (const MerchandisingRule* rule : merchandising_now(call, opening)) {
      const auto place = static_cast<std::size_t>(rule - policy.merchandising.data());
      if (rule->hide) hiding_.push_back({rule, audiences.end(programs.merchandising, place, rule->schedule.to)});
    }
    const std::vector<HeldZone>& zones = call.person.time.zones;
    for (std::size_t i = 0; i < policy.quiet_hours.size(); ++i)
      if (const QuietPolicy& quiet = policy.quiet_hours[i]; quiet_holds(quiet, zones, now_) && audiences.holds(programs.quiet_hours, i))
        quiet_.push_back({&quiet, audiences.end(programs.quiet_hours, i, quiet_next(quiet, zones, now_, false))});
    for (std::size_t i = 0; i < policy.pauses.size(); ++i)
      if (const SalesPause& pause = policy.pauses[i]; pause_holds(pause, now_) && audiences.holds(programs.pauses, i))
        sales_pauses_.push_back({&pause, audiences.end(programs.pauses, i, pause_until(pause))});
    if (call.person.is_countable) return;
    for (std::size_t i = 0; i < policy.caps.size(); ++i)
      if (const CapRule& rule = policy.caps[i]; rule.blocks_uncounted && rule.schedule.holds(now_) && audiences.holds(programs.caps, i))
        uncounted_.push_back({&rule, audiences.end(programs.caps, i, rule.schedule.to)});
  }

  void report(const ItemFacts& facts, const LabelSet& labels, std::vector<Reason>& out) {
    if (now_ < facts.starts_at || now_ >= facts.ends_at)
      out.push_back(blocked(ReasonCode::out_of_schedule, {}, now_ < facts.starts_at ? std::optional(facts.starts_at) : std::nullopt));
    for (const auto& [gate, end] : gates_)
      if (gate_binds(*gate, labels)) out.push_back(blocked(ReasonCode::gated, gate->id, end));
    for (const auto& [quiet, end] : quiet_)
      if (quiet_binds(*quiet, labels)) out.push_back(blocked(ReasonCode::quiet_hours, quiet->id, end));
    for (const auto& [pause, end] : sales_pauses_)
      if (pause_binds(*pause, labels)) out.push_back(blocked(ReasonCode::paused, pause->id, end));
    for (const auto& [rule, end] : hiding_)
      if (hides(*rule, labels)) out.push_back(blocked(ReasonCode::hidden, rule->id, end));
    for (const auto& [rule, end] : uncounted_)
      if (uncounted_binds(*rule, labels)) out.push_back(blocked(ReasonCode::consent, rule->id, end));
    report_dismissals(labels, out);
    for (PauseNow& pause : pauses_)
      if (const auto end = pause_end_of(pause, labels); end && now_ < *end) {
        out.push_back(blocked(ReasonCode::post_purchase, pause.pause->id, pause.rule_end ? std::min(*end, *pause.rule_end) : *end));
        tell_cycle(pause_length(*pause.pause, cycles_, labels), *end, out.back());
      }
  }

private:
  struct GateNow { const GatePolicy* gate = nullptr; std::optional<UtcTime> end; };
  struct QuietNow { const QuietPolicy* quiet = nullptr; std::optional<UtcTime> end; };
  struct HideNow { const MerchandisingRule* rule = nullptr; std::optional<UtcTime> end; };
  struct UncountedNow { const CapRule* rule = nullptr; std::optional<UtcTime> end; };
  struct SalesPauseNow { const SalesPause* pause = nullptr; std::optional<UtcTime> end; };
  struct PauseNow { const PausePolicy* pause = nullptr; std::optional<UtcTime> rule_end; std::map<std::pair<Symbol, Duration>, std::optional<UtcTime>> end_of_key; };

  /// One reason for all of them: the last one to end, none where one is for good.
  void report_dismissals(const LabelSet& labels, std::vector<Reason>& out) const {
    bool any = false, for_good = false;
    UtcTime end{};
    for (const Dismissal* dismissal : dismissals_) {
      if (!dismissal_binds(*dismissal, labels)) continue;
      any = true;
      if (dismissal->until) end = std::max(end, *dismissal->until);
      else for_good = true;
    }
    if (any) out.push_back(blocked(ReasonCode::dismissed, {}, for_good ? std::nullopt : std::optional(end)));
  }

  /// Many candidates share a group or category: the orders are read once per key.
  std::optional<UtcTime> pause_end_of(PauseNow& pause, const LabelSet& labels) const {
    const Symbol key = pause_key(*pause.pause, labels);
    const Duration length = pause_length(*pause.pause, cycles_, labels).length;
    const auto [entry, is_new] = pause.end_of_key.try_emplace({key, length});
    if (is_new) entry->second = pause_end(*pause.pause, record_, key, length);
    return entry->second;
  }

  /// Whose cycle it is, and how far it has gone: whole days since the purchase, of the days that it takes.
  void tell_cycle(const PauseLength& pause, UtcTime end, Reason& reason) const {
    if (pause.category == Symbol::none) return;
    if (reason.rule.empty()) reason.rule = "learnt";
    const char* before = ": ";
    for (const std::string& part : symbols_.path_of(pause.category)) reason.rule += std::exchange(before, " > ") + part;
    reason.observed = static_cast<std::uint32_t>(std::chrono::floor<std::chrono::days>(now_ - (end - pause.length)).count());
    reason.limit = static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::days>(pause.length).count());
  }

  const CustomerRecord& record_;
  const SymbolTable& symbols_;
  const RepurchaseModel* cycles_;            ///< null: nobody looked
  UtcTime now_;
  std::vector<HideNow> hiding_;
  std::vector<GateNow> gates_;
  std::vector<const Dismissal*> dismissals_;
  std::vector<PauseNow> pauses_;             ///< with an order young enough
  std::vector<QuietNow> quiet_;
  std::vector<SalesPauseNow> sales_pauses_;
  std::vector<UncountedNow> uncounted_;      ///< of those whom nobody may remember
};

/// What this call itself keeps out: exclude, anchors, filter, items of its earlier placements.
class CallRules {
public:
  CallRules(const Call& call, const Opening& opening)
      : call_(call), organic_(opening.rules.placement.mode == PlacementMode::organic), variants_(opening.rules.placement.variants) {
    for (const ItemId& id : opening.request.anchor_items) {
      const Symbol named = call.world.symbols->find(id.text());
      if (const auto index = call.world.catalogue->find(named)) anchors_.push_back(&call.world.catalogue->at(*index));
    }
    if (!call.request.filter) return;
    filter_ = ConditionProgram::compile(*call.request.filter, *call.world.symbols, NewLabels::leave);
    ConditionInputs inputs = condition_inputs(call, opening);
    inputs.anchor = anchors_.empty() ? nullptr : anchors_.front();
    asked_.emplace(inputs, call.person.now);
  }

  void report(ItemIndex index, const LabelSet& labels, std::vector<Reason>& out) {
    if (call_.excluded.contains(labels.item)) out.push_back(blocked(ReasonCode::excluded));
    const auto shares_group = [&](const CatalogueItem* anchor) { return anchor->labels.group == labels.group; };
    if (std::any_of(anchors_.begin(), anchors_.end(), shares_group)) out.push_back(blocked(ReasonCode::anchor)); // itself included
    if (filter_ && !asked_->holds(*filter_, &call_.world.catalogue->at(index))) out.push_back(blocked(ReasonCode::filtered));
    if (organic_) return; // a search result is not incomplete because the hero shows one of its items
    if (call_.taken_items.contains(labels.item)) out.push_back(blocked(ReasonCode::duplicate));
    else if (!variants_ && call_.taken_groups.contains(labels.group)) out.push_back(blocked(ReasonCode::group_duplicate));
  }

private:
  const Call& call_;
  bool organic_, variants_;
  std::vector<const CatalogueItem*> anchors_;
  std::shared_ptr<const ConditionProgram> filter_;      ///< null: none
  std::optional<ConditionMoment> asked_;
};

/// Whom items are for. A named audience is asked once for all of them.
class AudienceRules {
public:
  AudienceRules(const Call& call, const Opening& opening) : asked_(condition_inputs(call, opening), call.person.now) {}

  void report(const CatalogueItem& item, std::vector<Reason>& out) {
    if (asked_.holds(*item.audience, nullptr)) return;
    const Condition& audience = *item.item.audience;
    out.push_back(blocked(ReasonCode::ineligible, audience.kind == Condition::Kind::audience ? audience.field : ""));
  }

private:
  ConditionMoment asked_;
};

} // namespace

Candidates drop_ineligible(const Call& call, const Opening& opening, Candidates items) {
  const Catalogue& catalogue = *call.world.catalogue;
  const bool organic = opening.rules.placement.mode == PlacementMode::organic;
  const StandingRules standing(call, opening);
  CallRules own(call, opening);
  AudienceRules audiences(call, opening);
  TimedNow timed(call, opening);

  std::vector<Reason> reasons;
  keep_if(items.alive, [&](Candidate& candidate) {
    standing.report(catalogue, candidate.index, candidate.labels, reasons);
    if (!organic) timed.report(catalogue.front(candidate.index).facts, candidate.labels, reasons);
    if (!organic && !catalogue.front(candidate.index).facts.for_everybody) audiences.report(catalogue.at(candidate.index), reasons);
    own.report(candidate.index, candidate.labels, reasons);
    if (reasons.empty()) return true;
    items.dropped.push_back({candidate.index, std::exchange(reasons, {})});
    return false;
  });
  return items;
}

} // namespace takt
