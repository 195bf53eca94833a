#include "engine/stage/cap_reasons.h"

#include "engine/stage/total_obstacles.h"

#include <algorithm>

namespace takt {
namespace {

ReasonCode code_of(BlockKind kind) { return kind == BlockKind::gap ? ReasonCode::gap : ReasonCode::capped; }

bool is_of_whole_placement(const CapRule& rule) {
  return std::all_of(rule.per.begin(), rule.per.end(), [](Per per) { return per == Per::all || per == Per::channel || per == Per::placement; });
}

int strictness(OnExceed on_exceed) {
  switch (on_exceed) {
    case OnExceed::nothing: return 3;
    case OnExceed::defer: return 2;
    case OnExceed::fallback: return 1;
    case OnExceed::next_best: return 0;
  }
  return 0;
}

/// The labels that the rule's keys are made of; equal ones give equal answers. Tags make many keys, so they are all part of it.
std::vector<Symbol> key_labels(const CapRule& rule, const LabelSet& labels) {
  std::vector<Symbol> key;
  for (const Per per : rule.per) {
    switch (per) {
      case Per::item: key.push_back(labels.item); break;
      case Per::group: key.push_back(labels.group); break;
      case Per::brand: key.push_back(labels.brand); break;
      case Per::campaign: key.push_back(labels.campaign); break;
      case Per::kind: key.push_back(labels.kind); break;
      case Per::category: key.push_back(labels.category.empty() ? Symbol::none : labels.category.back()); break;
      case Per::tag: key.insert(key.end(), labels.tags.begin(), labels.tags.end()); break;
      case Per::channel:
      case Per::placement:
      case Per::all: break; // the same for all candidates of an opening; a CapEnds lives no longer than that
    }
  }
  return key;
}

} // namespace

std::vector<Reason> cap_reasons(const Call& call, const CapCandidate& candidate, Stage stage) {
  std::vector<Reason> reasons;
  for (const CapBlock& block : call.caps.check(candidate)) {
    const ReasonCode code = code_of(block.kind);
    const auto same = std::find_if(reasons.begin(), reasons.end(), [&](const Reason& reason) { return reason.code == code && reason.rule == block.rule->id; });
    if (same != reasons.end()) {
      same->observed = std::max(same->observed.value_or(0), block.observed);
      continue;
    }
    Reason reason;
    reason.stage = stage;
    reason.code = code;
    reason.rule = block.rule->id;
    reason.observed = block.observed;
    reason.limit = block.limit;
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

const CapView& CapEnds::view_of(const CapRule& rule) {
  auto found = views_.find(&rule);
  if (found == views_.end()) {
    found = views_.emplace(&rule, CapView(*call_.ledger, {&rule, 1}, call_.person.time, call_.person.now)).first;
    for (const CapCandidate& slot : call_.slots) found->second.add_slot(slot);
  }
  return found->second;
}

void CapEnds::fill(const CapCandidate& candidate, std::vector<Reason>& reasons) {
  for (Reason& reason : reasons) {
    const CapRule* rule = find_cap(call_.world.policy(), reason.rule);
    if (!rule) continue;
    const auto [known, is_new] = known_.try_emplace(Key{rule, key_labels(*rule, *candidate.labels)});
    // By itself the rule stands in another place than in `spared`; whom it is for is asked of `audiences_`.
    if (is_new && rule->scope != Scope::customer) known->second = total_again(call_, opening_, *rule, candidate);
    else if (is_new) known->second = view_of(*rule).eligible_again({candidate.labels, candidate.contact}, {}, &audiences_);
    reason.eligible_again = known->second.at;
    reason.provisional = known->second.provisional;
  }
}

const CapRule* find_cap(const Policy& policy, std::string_view id) {
  for (const std::vector<CapRule>* const caps : {&policy.caps, &policy.total_caps}) {
    const auto found = std::find_if(caps->begin(), caps->end(), [&](const CapRule& rule) { return rule.id == id; });
    if (found != caps->end()) return &*found;
  }
  return nullptr;
}

bool may_stop(const Policy& policy) {
  const auto stops = [](const CapRule& rule) { return rule.on_exceed != OnExceed::next_best; };
  return std::any_of(policy.caps.begin(), policy.caps.end(), stops) || std::any_of(policy.total_caps.begin(), policy.total_caps.end(), stops);
}

const CapRule* stopping_rule(const Policy& policy, std::span<const Dropped> dropped) {
  if (!may_stop(policy)) return nullptr;
  const CapRule* strictest = nullptr;
  for (const Dropped& item : dropped)
    for (const Reason& reason : item.reasons) {
      if (reason.code != ReasonCode::capped && reason.code != ReasonCode::gap) continue;
      const CapRule* rule = find_cap(policy, reason.rule);
      if (!rule || rule->on_exceed == OnExceed::next_best || !is_of_whole_placement(*rule)) continue;
      if (!strictest || strictness(rule->on_exceed) > strictness(strictest->on_exceed)) strictest = rule;
    }
  return strictest;
}

bool stops(const CapRule& rule, const LabelSet& labels) { return !(rule.exempt && rule.exempt->selects(labels)); }

} // namespace takt
