/// Building a CapView: one pass over the entries, by label set and rule bit; no strings, no per-entry selectors.
#include "core/cap_state.h"
#include "core/limits.h"

#include <algorithm>
#include <cstring>

namespace takt {

using detail::for_each_rule;
using detail::KeyDetail;
using detail::KeyId;
using detail::RuleGroup;
using detail::RuleSet;
using detail::rule_bit;
using detail::Series;

static_assert(limits::cap_rules_max <= 64, "RuleSet has one bit per rule");

namespace detail {

CountedRules::CountedRules(std::span<const CapRule> bound) {
  for (std::size_t i = 0; i < bound.size(); ++i) {
    if (bound[i].counts == Counts::event && std::find(events.begin(), events.end(), bound[i].event) == events.end()) {
      events.push_back(bound[i].event);
      rules.push_back(0);
    }
    rules[series_of(bound[i])] |= rule_bit(i);
    if (bound[i].count_unverified) unverified |= rule_bit(i);
  }
}

Series CountedRules::series_of(const CapRule& rule) const {
  switch (rule.counts) {
    case Counts::impression: return impression_series;
    case Counts::delivered: return delivered_series;
    case Counts::contact: return contact_series;
    case Counts::decision: return decision_series;
    case Counts::click: return click_series;
    case Counts::event: break;
  }
  return first_event_series + static_cast<std::size_t>(std::find(events.begin(), events.end(), rule.event) - events.begin());
}

RuleSet CountedRules::counted_in(const Tally& tally) const {
  const RuleSet trusted = tally.unverified ? unverified : ~RuleSet{0};
  switch (tally.counted) {
    case MarkKind::viewed: return (rules[impression_series] | rules[delivered_series]) & trusted;
    case MarkKind::contact: return rules[contact_series] & trusted;
    case MarkKind::clicked: return rules[click_series] & trusted;
    case MarkKind::event: {
      if (tally.event == Symbol::none) return rules[decision_series] & trusted;
      const auto named = std::find(events.begin(), events.end(), tally.event);
      if (named == events.end()) return 0;
      return rules[first_event_series + static_cast<std::size_t>(named - events.begin())] & trusted;
    }
    case MarkKind::delivered:
    case MarkKind::dismissed:
    case MarkKind::released: break;
  }
  return 0;
}

KeyId RuleGroup::insert(std::span<const Symbol> key) {
  if (previous != no_key && keys.is(previous, key)) return previous;
  previous = keys.insert(key);
  if (blocked.size() < keys.size()) {
    if (blocked.size() == blocked.capacity()) blocked.reserve(blocked.size() * 2 + 8);
    if (counts.capacity() < blocked.capacity() * rules.size()) {
      counts.reserve(blocked.capacity() * rules.size());
      details.reserve(blocked.capacity() * detailed);
    }
    blocked.push_back(blocked_absent);
    counts.resize(counts.size() + rules.size());
    details.resize(details.size() + detailed);
  }
  return previous;
}

} // namespace detail

CapView::State::State(const Ledger& all, std::span<const CapRule> bound, const PersonTime& person_time, UtcTime now, std::size_t slots, const detail::Focus* focus)
    : ledger(all), rules(bound), time(person_time), t(now), slots_expected(slots), counted(bound) {
  bind_rules();
  bind_windows();
  bind_selectors();
  count_entries(focus);
  sum_windows();
  keep_reachable();
  bind_groups();
  bind_labels();
  for (const std::uint32_t labels : counted_labels)
    if ((relevant[labels] & awake) != 0) spread(labels);
  add_unverified();
  count_contacts();
  count_tallies();
  for (RuleGroup& group : groups)
    for (KeyId key = 0; key < group.keys.size(); ++key) close_key(group, key);
}

void CapView::State::bind_rules() {
  TAKT_CHECK(rules.size() <= 64, "the policy parser allows fewer rules");
  bound_rules.resize(rules.size());
  awake = detail::wakeful_rules(rules, detail::elements_most(ledger) + slots_expected);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const CapRule& rule = rules[i];
    bound_rules[i].series = counted.series_of(rule);
    bound_rules[i].begin = detail::window_begin(rule.window, time, t);
    if (rule.schedule.holds(t)) scheduled |= rule_bit(i);
    if (!rule.applies_to.selects_everything() || rule.exempt) selective |= rule_bit(i);
    const bool is_anchored = rule.window.kind == WindowKind::anchored_first || rule.window.kind == WindowKind::anchored_last;
    if (is_anchored || rule.share) by_history |= rule_bit(i);
    if (rule.min_gap || rule.counts == Counts::contact || (by_history & rule_bit(i)) != 0) by_contact |= rule_bit(i);
  }
  for (RuleSet& counting_these : counted.rules) counting_these &= awake;
}

void CapView::State::bind_groups() {
  const auto keys_expected = static_cast<std::size_t>(
      std::count_if(relevant.begin(), relevant.end(), [&](RuleSet seen) { return (seen & awake) != 0; }));
  for_each_rule(awake, [&](std::size_t i) {
    const CapRule& rule = rules[i];
    detail::KeyShape shape = detail::shape_of(rule);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const RuleGroup& known) { return known.shape == shape; });
    if (group == groups.end()) group = groups.insert(groups.end(), RuleGroup(std::move(shape), keys_expected));
    detail::BoundRule& bound = bound_rules[i];
    bound.group = static_cast<std::uint32_t>(group - groups.begin());
    bound.column = static_cast<std::uint32_t>(group->rules.size());
    group->rules.push_back(static_cast<std::uint32_t>(i));
    const std::uint32_t fill = detail::fill_of(rule).value_or(detail::no_limit);
    group->limits.push_back(fill);
    group->all |= rule_bit(i);
    if (fill == 0) group->blocked_absent |= rule_bit(i);
    if ((by_contact & rule_bit(i)) != 0) bound.detail = group->detailed++;
  });
}

void CapView::State::bind_windows() {
  sums.begins.resize(counted.rules.size());
  for_each_rule(awake, [&](std::size_t rule) { sums.begins[bound_rules[rule].series].push_back(bound_rules[rule].begin); });
  for (std::vector<UtcTime>& begins : sums.begins) {
    std::sort(begins.begin(), begins.end());
    begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
    sums.first.push_back(sums.columns);
    sums.columns += begins.size();
  }
  for_each_rule(awake, [&](std::size_t rule) {
    detail::BoundRule& bound = bound_rules[rule];
    const std::vector<UtcTime>& begins = sums.begins[bound.series];
    const auto place = std::lower_bound(begins.begin(), begins.end(), bound.begin) - begins.begin();
    bound.window = static_cast<std::uint32_t>(sums.first[bound.series] + static_cast<std::size_t>(place));
  });
}

void CapView::State::bind_selectors() {
  const auto known = [&](const Selector& selector) -> CountSelector& {
    for (CountSelector& one : count_selectors)
      if (*one.selector == selector) return one;
    return count_selectors.emplace_back(CountSelector{&selector, 0, 0});
  };
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].counts_of.selects_everything()) known(rules[i].counts_of).within |= rule_bit(i);
    if (rules[i].exempt && !rules[i].exempt_counts) known(*rules[i].exempt).without |= rule_bit(i);
  }
}

RuleSet CapView::State::counting(const LabelSet& labels) const {
  RuleSet taken = awake;
  if (labels.medium != Medium::message) taken &= ~counted.rules[detail::delivered_series];
  for (const CountSelector& one : count_selectors)
    if ((taken & (one.within | one.without)) != 0) taken &= one.selector->selects(labels) ? ~one.without : ~one.within;
  return taken;
}

void CapView::State::bind_labels() {
  const std::size_t sets = ledger.label_sets.size();
  label_key_ends.reserve(sets * groups.size());
  for (std::size_t set = 0; set < sets; ++set) {
    const RuleSet taken = relevant[set] & awake;
    for (RuleGroup& group : groups) {
      if ((group.all & taken) != 0)
        detail::for_each_key(group.shape, ledger.label_sets[set], detail::KeySide::entry,
                             [&](std::span<const Symbol> key) { label_keys.push_back(group.insert(key)); });
      label_key_ends.push_back(static_cast<std::uint32_t>(label_keys.size()));
    }
  }
}

void CapView::State::add_shown(std::size_t rule, KeyId key, UtcTime at, std::uint32_t times) {
  const detail::BoundRule& bound = bound_rules[rule];
  RuleGroup& group = groups[bound.group];
  if (at >= bound.begin) group.counts[key * group.rules.size() + bound.column] += times;
  if ((by_contact & rule_bit(rule)) == 0) return;
  KeyDetail& detail = group.details[key * group.detailed + bound.detail];
  detail.latest = std::max(detail.latest, at);
}

void CapView::State::add_live(std::size_t rule, KeyId key) {
  const detail::BoundRule& bound = bound_rules[rule];
  RuleGroup& group = groups[bound.group];
  ++group.counts[key * group.rules.size() + bound.column];
  if ((by_contact & rule_bit(rule)) != 0) ++group.details[key * group.detailed + bound.detail].live;
}

namespace {

/// Adds an entry's elements to its label set. Those of counts = contact wait for the rest of their contact, unverified ones,
/// which few rules count, for their keys.
struct SumSink {
  CapView::State* state;
  const Entry* entry;
  void shown(Series series, RuleSet rules, UtcTime at) const {
    if (series == detail::contact_series) hold_back(rules, true, at);
    else if (entry->origin != EntryOrigin::unverified) state->sums.add(entry->labels, series, at);
    else state->unverified_items.push_back({entry->labels, rules, at});
  }
  void live(RuleSet rules) const {
    if (const RuleSet contact = rules & state->counted.rules[detail::contact_series]; contact != 0) hold_back(contact, false, UtcTime{});
    ++state->sums.live[entry->labels];   // granted ones only: exposures from elsewhere are shown
  }
  void hold_back(RuleSet rules, bool shown, UtcTime at) const {
    state->contact_items.push_back({entry->id.contact(), entry->labels, rules, shown, at, 0});
  }
};

std::uint64_t contact_hash(const ContactId& contact) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, contact.origin.data(), sizeof high);
  std::memcpy(&low, contact.origin.data() + sizeof high, sizeof low);
  std::uint64_t hash = (high ^ contact.placement) * 0x9e3779b97f4a7c15ULL;
  hash = (hash ^ (hash >> 32) ^ low) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 32);
}

} // namespace

void CapView::State::count_entries(const detail::Focus* focus) {
  const std::size_t sets = ledger.label_sets.size();
  label_rules.reserve(sets);
  for (const LabelSet& labels : ledger.label_sets) {
    const RuleSet taken = counting(labels);
    label_rules.push_back(focus && taken != 0 ? taken & ~focus->indifferent(labels) : taken);
    if (label_rules.back() != 0) counted_labels.push_back(static_cast<std::uint32_t>(label_rules.size() - 1));
  }
  sums.counts.assign(sets * sums.columns, 0);
  sums.latest.assign(sets * sums.begins.size(), UtcTime::min());
  sums.live.assign(sets, 0);
  if (awake == 0) return;
  if (counted.rules[detail::contact_series] != 0) contact_items.reserve(ledger.entries.size());
  for (const Entry& entry : ledger.entries) {
    const RuleSet taken = label_rules[entry.labels];
    if (taken != 0) detail::walk_entry(entry, ledger.label_sets[entry.labels].medium, counted, taken, t, SumSink{this, &entry});
  }
}

void CapView::State::sum_windows() {
  for (const std::uint32_t labels : counted_labels) {
    std::uint32_t* counts = sums.counts.data() + labels * sums.columns;
    for (Series series = 0; series < sums.begins.size(); ++series)
      for (std::size_t i = sums.begins[series].size(); i > 1; --i) counts[sums.first[series] + i - 2] += counts[sums.first[series] + i - 1];
  }
}

void CapView::State::spread(std::uint32_t labels) {
  const std::uint32_t* counts = sums.counts.data() + labels * sums.columns;
  const RuleSet with_live = counted.exposures();
  const RuleSet taken = label_rules[labels] & ~counted.rules[detail::contact_series];
  for (std::size_t g = 0; g < groups.size(); ++g) {
    RuleGroup& group = groups[g];
    const auto keys = keys_of(labels, g);
    if (keys.empty()) continue;
    for_each_rule(group.all & taken, [&](std::size_t rule) {
      const detail::BoundRule& bound = bound_rules[rule];
      const std::uint32_t live = (with_live & rule_bit(rule)) != 0 ? sums.live[labels] : 0;
      const std::uint32_t count = counts[bound.window] + live;
      const bool has_detail = (by_contact & rule_bit(rule)) != 0;
      if (count == 0 && !has_detail) return;
      for (const KeyId key : keys) {
        group.counts[key * group.rules.size() + bound.column] += count;
        if (!has_detail) continue;
        KeyDetail& detail = group.details[key * group.detailed + bound.detail];
        detail.latest = std::max(detail.latest, sums.latest[labels * sums.begins.size() + bound.series]);
        detail.live += live;
      }
    });
  }
}

void CapView::State::add_unverified() {
  for (const UnverifiedItem& item : unverified_items)
    for_each_rule(item.rules & awake, [&](std::size_t rule) {
      for (const KeyId key : keys_of(item.labels, bound_rules[rule].group)) add_shown(rule, key, item.at, 1);
    });
}

void CapView::State::count_contacts() {
  if (contact_items.empty() || (counted.rules[detail::contact_series] & awake) == 0) return;
  // Chain the items of each contact; the order within a chain does not matter to earliest and any.
  constexpr std::uint32_t end_of_chain = ~std::uint32_t{0};
  std::vector<std::uint32_t> heads(std::bit_ceil(contact_items.size() * 2), end_of_chain);
  for (std::uint32_t i = 0; i < contact_items.size(); ++i) {
    std::size_t place = contact_hash(contact_items[i].contact) & (heads.size() - 1);
    while (heads[place] != end_of_chain && contact_items[heads[place]].contact != contact_items[i].contact)
      place = (place + 1) & (heads.size() - 1);
    contact_items[i].next = std::exchange(heads[place], i);
  }
  struct Element { KeyId key; bool shown; UtcTime at; };
  std::vector<Element> elements;
  for (const std::uint32_t head : heads) {
    if (head == end_of_chain) continue;
    for_each_rule(counted.rules[detail::contact_series] & awake, [&](std::size_t rule) {
      elements.clear();
      for (std::uint32_t i = head; i != end_of_chain; i = contact_items[i].next) {
        const ContactItem& item = contact_items[i];
        if ((item.rules & rule_bit(rule)) == 0) continue;
        for (const KeyId key : keys_of(item.labels, bound_rules[rule].group)) {
          const auto known = std::find_if(elements.begin(), elements.end(), [&](const Element& e) { return e.key == key; });
          if (known == elements.end()) elements.push_back({key, item.shown, item.at});
          else if (item.shown && (!known->shown || item.at < known->at)) *known = {key, true, item.at};
        }
      }
      for (const Element& element : elements) {
        if (element.shown) add_shown(rule, element.key, element.at, 1);
        else add_live(rule, element.key);
      }
    });
  }
  contact_items.clear();
}

/// A tally counts in full wherever its last time lies in the window: exact for `lifetime`, over-strict for a saturated
/// record or a window beyond the horizon, and never over a cap.
void CapView::State::count_tallies() {
  for (const Tally& tally : ledger.tallies)
    for_each_rule(label_rules[tally.labels] & counted.counted_in(tally) & awake, [&](std::size_t rule) {
      for (const KeyId key : keys_of(tally.labels, bound_rules[rule].group)) add_shown(rule, key, tally.last, tally.count);
    });
}

/// n+ and the gap for a contact that stands in no P and no V. For a contact that does, both can only be milder.
void CapView::State::close_key(RuleGroup& group, KeyId key) {
  RuleSet blocked = 0;
  const std::uint32_t* counts = group.counts.data() + key * group.rules.size();
  for (std::size_t column = 0; column < group.rules.size(); ++column)
    blocked |= RuleSet{counts[column] >= group.limits[column]} << group.rules[column];
  for_each_rule(group.detailed == 0 ? 0 : group.all & by_contact & ~blocked, [&](std::size_t rule) {
    const auto& gap = rules[rule].min_gap;
    if (!gap) return;
    const KeyDetail& detail = detail_of(rule, key);
    if (detail.live > 0 || detail.slots != 0 || t < detail.latest + *gap) blocked |= rule_bit(rule);
  });
  group.blocked[key] = blocked;
  group.blocked_any |= blocked;
}

} // namespace takt
