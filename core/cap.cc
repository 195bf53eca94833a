#include "core/cap.h"

#include "core/cap_state.h"
#include "core/limits.h"

#include <algorithm>

namespace takt {

using detail::for_each_rule;
using detail::KeyId;
using detail::KeyVerdict;
using detail::no_key;
using detail::RuleGroup;
using detail::RuleSet;
using detail::rule_bit;

namespace {

/// Slots that most calls never exceed; each makes a limit one nearer before the ledger is looked at.
constexpr std::size_t slots_first = 16, slots_growth = 16;

} // namespace

UtcTime SessionState::start_for(UtcTime at) const {
  const bool runs = ordinal != 0 && last_activity && at - *last_activity < limits::session_silence;
  return runs ? start : at;
}

bool CapView::State::applies(std::size_t rule, const LabelSet& labels) const {
  if ((selective & rule_bit(rule)) == 0) return true;
  return rules[rule].applies_to.selects(labels) && !(rules[rule].exempt && rules[rule].exempt->selects(labels));
}

bool CapView::State::knows(const ContactId& contact) const {
  for (const auto& [known, answer] : known_contacts)
    if (known == contact) return answer;
  const bool found = std::any_of(ledger.entries.begin(), ledger.entries.end(), [&](const Entry& entry) {
    return entry.id.origin == contact.origin && entry.id.placement == contact.placement;
  });
  known_contacts.emplace_back(contact, found);
  return found;
}

std::span<const ContactId> CapView::State::slots_of(const detail::KeyDetail& detail) const {
  return detail.slots == 0 ? std::span<const ContactId>{} : std::span<const ContactId>(slot_contacts[detail.slots - 1]);
}

detail::KeyHistory CapView::State::history(std::size_t rule, KeyId key) const {
  struct Sink {
    detail::KeyHistory* history;
    const Entry* entry;
    std::uint32_t position;
    bool in_key, in_any;
    void shown(detail::Series, RuleSet, UtcTime at) const {
      if (in_key) history->add_shown(at, entry->id.contact());
      if (in_any) history->add_shown_of_any(at, entry->id.contact());
    }
    void live(RuleSet) const {
      if (in_key) history->add_live(*entry, position);
      if (in_any) history->add_live_of_any(*entry, position);
    }
  };
  detail::KeyHistory history(rules[rule], time, t);
  const RuleSet bit = rule_bit(rule);
  const bool of_all = rules[rule].share.has_value();
  if (key == no_key && !of_all) return history;
  const auto places = [&](std::uint32_t labels) {   // does the key take it; does any key
    if ((label_rules[labels] & bit) == 0) return std::pair(false, false);
    const auto keys = keys_of(labels, bound_rules[rule].group);
    const bool has_key = of_all && detail::has_key(groups[bound_rules[rule].group].shape, ledger.label_sets[labels]);
    return std::pair(key != no_key && std::find(keys.begin(), keys.end(), key) != keys.end(), has_key);
  };
  for (std::uint32_t i = 0; i < ledger.entries.size(); ++i) {
    const Entry& entry = ledger.entries[i];
    const auto [in_key, in_any] = places(entry.labels);
    if (in_key || in_any)
      detail::walk_entry(entry, ledger.label_sets[entry.labels].medium, counted, bit, t, Sink{&history, &entry, i, in_key, in_any});
  }
  for (const Tally& tally : ledger.tallies) {
    const auto [in_key, in_any] = (counted.counted_in(tally) & bit) != 0 ? places(tally.labels) : std::pair(false, false);
    if (in_key) history.add_tally(tally.count, tally.last);
    if (in_any) history.add_tally_of_any(tally.count, tally.last);
  }
  history.settle();
  return history;
}

const detail::KeyHistory& CapView::State::history_kept(std::size_t rule, KeyId key) const {
  const auto place = std::pair(rule, key);
  const auto known = histories.find(place);
  return known != histories.end() ? known->second : histories.emplace(place, history(rule, key)).first->second;
}

/// The verdict at t for one key. Callers ask for scheduled rules only, so the schedule is not looked at again.
KeyVerdict CapView::State::judge(std::size_t rule, KeyId key, const ContactId& contact) const {
  static const detail::KeyDetail nothing;
  const detail::BoundRule& bound = bound_rules[rule];
  const RuleGroup& group = groups[bound.group];
  const bool hangs_on_contact = (by_contact & rule_bit(rule)) != 0;
  const detail::KeyDetail& detail = hangs_on_contact && key != no_key ? detail_of(rule, key) : nothing;
  const auto slots = slots_of(detail);
  if ((by_history & rule_bit(rule)) != 0) return history_kept(rule, key).judge(contact, t, slots);
  if (hangs_on_contact && knows(contact)) return history(rule, key).judge(contact, t, slots);
  const CapRule& cap = rules[rule];
  KeyVerdict verdict;
  verdict.observed = key == no_key ? 0 : group.counts[key * group.rules.size() + bound.column];
  const bool is_in = cap.counts == Counts::contact && std::find(slots.begin(), slots.end(), contact) != slots.end();
  verdict.limit = cap.limit && verdict.observed + (is_in ? 0U : 1U) > *cap.limit;
  const auto is_other = [&](const ContactId& slot) { return slot != contact; };
  verdict.gap = cap.min_gap && (detail.live > 0 || t < detail.latest + *cap.min_gap || std::any_of(slots.begin(), slots.end(), is_other));
  return verdict;
}

void CapView::State::add_slot(const CapCandidate& chosen, std::size_t rule, KeyId key) {
  const detail::BoundRule& bound = bound_rules[rule];
  RuleGroup& group = groups[bound.group];
  std::uint32_t& count = group.counts[key * group.rules.size() + bound.column];
  if ((by_contact & rule_bit(rule)) == 0) {
    ++count;
    return;
  }
  detail::KeyDetail& detail = group.details[key * group.detailed + bound.detail];
  if (rules[rule].counts == Counts::contact) {   // one element per contact, and shown beats live: no second one enters V
    const auto slots = slots_of(detail);
    if (std::find(slots.begin(), slots.end(), chosen.contact) != slots.end()) return;
    if (knows(chosen.contact) && history(rule, key).knows(chosen.contact, t)) return;
  }
  ++count;
  if (detail.slots == 0) {
    slot_contacts.emplace_back();
    detail.slots = static_cast<std::uint32_t>(slot_contacts.size());
  }
  slot_contacts[detail.slots - 1].push_back(chosen.contact);
}

void CapView::State::add_slot(const CapCandidate& chosen) {
  RuleSet taken = counting(*chosen.labels);
  for (detail::Series series = detail::click_series; series < counted.rules.size(); ++series) taken &= ~counted.rules[series];   // no V
  tightened.clear();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    RuleGroup& group = groups[i];
    if ((group.all & taken) == 0) continue;
    RuleSet filled = 0;
    detail::for_each_key(group.shape, *chosen.labels, detail::KeySide::entry, [&](std::span<const Symbol> parts) {
      const KeyId key = group.insert(parts);
      const RuleSet before = group.blocked[key];
      for_each_rule(group.all & taken, [&](std::size_t rule) { add_slot(chosen, rule, key); });
      close_key(group, key);
      filled |= group.blocked[key] & ~before;
      // A key that was full for strangers may fill for this contact too: its gap or its reduction hangs on who asks.
      filled |= group.blocked[key] & by_contact;
    });
    if (filled != 0) tightened.push_back(i);
  }
}

bool CapView::State::blocks_in(const RuleGroup& group, const CapCandidate& candidate) const {
  return visit_suspects(group, *candidate.labels, scheduled & ~candidate.spared, [&](std::size_t rule, KeyId key, std::span<const Symbol>) {
    return (by_contact & rule_bit(rule)) == 0 || judge(rule, key, candidate.contact).blocks();
  });
}

/// What was asked so far, and the state that answers: made when it is first asked, and made again where it was made for less.
struct CapView::Asked {
  struct Slot { LabelSet labels; ContactId contact; };
  const Ledger& ledger;
  std::span<const CapRule> rules;
  PersonTime time;
  UtcTime t;
  detail::Focus focus;
  bool is_expecting = false;             ///< else, and after somebody came who was not expected, everything is counted
  bool is_whole = false;
  std::size_t slots_expected = slots_first;
  std::vector<Slot> slots = {};
  std::unique_ptr<State> state = nullptr;
};

CapView::CapView(const Ledger& ledger, std::span<const CapRule> rules, const PersonTime& time, UtcTime t)
    : asked_(std::make_unique<Asked>(Asked{ledger, rules, time, t, detail::Focus(rules, detail::wakeful_rules(rules, detail::elements_most(ledger) + slots_first))})) {}
CapView::~CapView() = default;
CapView::CapView(CapView&&) noexcept = default;

CapView::State& CapView::state() const {
  Asked& asked = *asked_;
  if (asked.state) return *asked.state;
  asked.is_whole = asked.is_whole || !asked.is_expecting;
  asked.state = std::make_unique<State>(asked.ledger, asked.rules, asked.time, asked.t, asked.slots_expected, asked.is_whole ? nullptr : &asked.focus);
  for (const Asked::Slot& slot : asked.slots) asked.state->add_slot({&slot.labels, slot.contact});
  return *asked.state;
}

CapView::State& CapView::state_for(const LabelSet& candidate) const {
  Asked& asked = *asked_;
  if (asked.is_expecting && !asked.is_whole && !asked.focus.has(candidate)) {
    asked.is_whole = true;
    asked.state.reset();
  }
  return state();
}

void CapView::expect(const LabelSet& candidate) const {
  Asked& asked = *asked_;
  if (asked.is_whole || (asked.state && asked.focus.has(candidate))) return;
  asked.is_expecting = true;
  asked.focus.add(candidate);
  asked.state.reset();
}

bool CapView::gains_from_expecting(std::size_t candidates) const { return 2 * candidates < asked_->ledger.label_sets.size(); }

void CapView::add_slot(const CapCandidate& chosen) {
  Asked& asked = *asked_;
  State& state = state_for(*chosen.labels);
  asked.slots.push_back({*chosen.labels, chosen.contact});
  if (asked.slots.size() <= asked.slots_expected || !state.asleep()) return state.add_slot(chosen);
  // More slots than a sleeping rule was judged for: once more, for many more.
  asked.slots_expected *= slots_growth;
  asked.state.reset();
}

bool CapView::blocks(const CapCandidate& candidate) const {
  const State& state = state_for(*candidate.labels);
  const auto blocks_in = [&](const RuleGroup& group) { return state.blocks_in(group, candidate); };
  return std::any_of(state.groups.begin(), state.groups.end(), blocks_in);
}

bool CapView::newly_blocked(const CapCandidate& candidate) const {
  const State& state = state_for(*candidate.labels);
  const auto blocks_in = [&](std::size_t group) { return state.blocks_in(state.groups[group], candidate); };
  return std::any_of(state.tightened.begin(), state.tightened.end(), blocks_in);
}

std::vector<CapBlock> CapView::check(const CapCandidate& candidate) const {
  std::vector<CapBlock> found;
  const State& state = state_for(*candidate.labels);
  state.for_each_suspect(*candidate.labels, state.scheduled & ~candidate.spared, [&](std::size_t rule, KeyId key, std::span<const Symbol> parts) {
    const KeyVerdict verdict = state.judge(rule, key, candidate.contact);
    const auto report = [&](BlockKind kind) {
      found.push_back({&state.rules[rule], kind, {parts.begin(), parts.end()}, verdict.observed, state.rules[rule].limit});
    };
    if (verdict.limit) report(BlockKind::limit);
    if (verdict.share) report(BlockKind::share);
    if (verdict.gap) report(BlockKind::gap);
    return false;
  });
  std::stable_sort(found.begin(), found.end(), [](const CapBlock& a, const CapBlock& b) { return a.rule < b.rule; });
  return found;
}

} // namespace takt
