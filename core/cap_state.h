#pragma once
/// What CapView caches: for every key of every rule the count at t, so that asking is a look-up. Private to core/cap*.
///
/// Rules with the same `per` share their keys (a RuleGroup). Per key and rule there is n(t), and per key one bit per rule
/// says "a candidate of a new contact is blocked". Only where that bit is set are selectors of candidates looked at;
/// only where the candidate's own contact may stand in P or V is anything computed anew.
///
/// Most rules of a rule book are far from their limit most of the time. Entries are counted by label set and window first; a rule
/// that all of them together could not fill gets no keys at all (it sleeps: cap_reach.cc), and the others get keys for what they
/// still count.
#include "core/cap_focus.h"
#include "core/cap_history.h"
#include "core/cap_walk.h"

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace takt {

namespace detail {

constexpr std::uint32_t no_limit = std::numeric_limits<std::uint32_t>::max();

/// A key that holds fewer elements than this is free of the rule's limit and share, gaps aside; none: neither ever blocks.
/// A share blocks only where n + 1 is more than its part of base_min.
inline std::optional<std::uint32_t> fill_of(const CapRule& rule) {
  if (rule.share) return static_cast<std::uint32_t>(rule.share->numerator * rule.share->base_min / Share::denominator);
  return rule.limit;
}

/// Kept per key for rules whose verdict may hang on the candidate's contact: those with a gap, or counts = contact.
struct KeyDetail {
  UtcTime latest = UtcTime::min();   ///< max P, over all times
  std::uint32_t live = 0;            ///< |V| of the ledger
  std::uint32_t slots = 0;           ///< 1 + index into State::slot_contacts; 0: no earlier slot
};

/// Of any rule and key, at least as many elements as there are.
std::uint64_t elements_most(const Ledger& ledger);
/// Rules that a key with so many elements could block: the others sleep.
RuleSet wakeful_rules(std::span<const CapRule> rules, std::uint64_t elements);

struct RuleGroup {
  KeyShape shape;
  KeyIndex keys;
  std::vector<std::uint32_t> rules;      ///< column → rule
  std::vector<std::uint32_t> limits;     ///< column → fill_of the rule, or no_limit
  RuleSet all = 0;                       ///< the rules as a set
  std::uint32_t detailed = 0;            ///< number of rules with a KeyDetail
  std::vector<std::uint32_t> counts;     ///< n(t), earlier slots included: [key × rules.size() + column]
  std::vector<KeyDetail> details;        ///< [key × detailed + BoundRule::detail]
  std::vector<RuleSet> blocked;          ///< per key: rules that block a candidate of a new contact, schedule left aside
  RuleSet blocked_absent = 0;            ///< the same for a key that nothing has
  RuleSet blocked_any = 0;               ///< of any key
  KeyId previous = no_key;               ///< what insert answered last: neighbours often share their kind, channel, brand
  RuleGroup(KeyShape s, std::size_t keys_expected) : shape(std::move(s)), keys(shape.per.size(), keys_expected) { blocked.reserve(keys_expected); }
  KeyId insert(std::span<const Symbol> key);
};

struct BoundRule {
  std::uint32_t group = 0;
  std::uint32_t column = 0;
  std::uint32_t detail = 0;              ///< column among the detailed ones
  Series series = 0;
  std::uint32_t window = 0;              ///< column in the sums of its series
  UtcTime begin = UtcTime::min();        ///< window_begin at t
};

/// Counting by label set before counting by key. Windows of one series are nested, so a time is added once, to the
/// shortest window it lies in; sums from the shortest to the longest give every count.
struct LabelSums {
  std::vector<std::vector<UtcTime>> begins;   ///< per series: distinct window begins, ascending
  std::vector<std::size_t> first;             ///< per series: its first column
  std::size_t columns = 0;
  std::vector<std::uint32_t> counts;          ///< [label set × columns]
  std::vector<UtcTime> latest;                ///< [label set × series]
  std::vector<std::uint32_t> live;            ///< per label set
  void add(std::uint32_t labels, Series series, UtcTime at) {
    UtcTime& last = latest[labels * begins.size() + series];
    last = std::max(last, at);
    const std::vector<UtcTime>& windows = begins[series];
    for (std::size_t i = windows.size(); i-- > 0;) {
      if (at < windows[i]) continue;
      ++counts[labels * columns + first[series] + i];
      return;
    }
  }
};

} // namespace detail

struct CapView::State {
  /// `slots`: so many may be added; for more it has to be made again.
  /// `focus`: only what may matter to its candidates is counted; null: everything. Read here only.
  State(const Ledger& all, std::span<const CapRule> bound, const PersonTime& person_time, UtcTime now, std::size_t slots, const detail::Focus* focus = nullptr);

  // ---- bound and counted once (cap_count.cc)
  void bind_rules();
  void bind_windows();
  void bind_selectors();
  void count_entries(const detail::Focus* focus);
  void sum_windows();
  void bind_groups();
  void bind_labels();
  void add_unverified();
  void spread(std::uint32_t labels);                        ///< from label sums to keys
  void count_contacts();
  void count_tallies();
  void close_key(detail::RuleGroup& group, detail::KeyId key);
  void add_shown(std::size_t rule, detail::KeyId key, UtcTime at, std::uint32_t times);
  void add_live(std::size_t rule, detail::KeyId key);
  std::span<const detail::KeyId> keys_of(std::uint32_t labels, std::size_t group) const {
    const std::size_t at = labels * groups.size() + group;
    const std::uint32_t begin = at == 0 ? 0 : label_key_ends[at - 1];
    return {label_keys.data() + begin, label_key_ends[at] - begin};
  }
  detail::RuleSet counting(const LabelSet& labels) const;   ///< rules whose H takes things of these labels

  // ---- which rules could block at all (cap_reach.cc)
  std::uint64_t counted_most(std::size_t rule) const;       ///< the same for one rule and its window
  void keep_reachable();
  bool asleep() const { return static_cast<std::size_t>(std::popcount(awake)) < rules.size(); }

  // ---- questions (cap.cc)
  bool applies(std::size_t rule, const LabelSet& labels) const;
  bool knows(const ContactId& contact) const;               ///< has any entry this contact?
  detail::KeyVerdict judge(std::size_t rule, detail::KeyId key, const ContactId& contact) const;
  std::span<const ContactId> slots_of(const detail::KeyDetail& detail) const;
  detail::KeyHistory history(std::size_t rule, detail::KeyId key) const;
  const detail::KeyHistory& history_kept(std::size_t rule, detail::KeyId key) const;   ///< of a rule `by_history`: asked for many candidates
  void add_slot(const CapCandidate& chosen);
  void add_slot(const CapCandidate& chosen, std::size_t rule, detail::KeyId key);
  const detail::KeyDetail& detail_of(std::size_t rule, detail::KeyId key) const {
    const detail::RuleGroup& group = groups[bound_rules[rule].group];
    return group.details[key * group.detailed + bound_rules[rule].detail];
  }

  /// Calls visit(rule, key, parts) for each key of the candidate that a rule of `among` may block, until visit returns true.
  template <class Visit>
  void for_each_suspect(const LabelSet& labels, detail::RuleSet among, Visit&& visit) const;
  /// The same within one group. Returns whether visit did.
  template <class Visit>
  bool visit_suspects(const detail::RuleGroup& group, const LabelSet& labels, detail::RuleSet among, Visit&& visit) const;
  bool blocks_in(const detail::RuleGroup& group, const CapCandidate& candidate) const;

  const Ledger& ledger;
  std::span<const CapRule> rules;
  const PersonTime time;                      ///< a copy: callers pass what the record computes
  UtcTime t;

  std::size_t slots_expected;

  detail::RuleSet awake = 0;                  ///< could block; the others are nowhere below
  detail::CountedRules counted;
  detail::RuleSet scheduled = 0;              ///< hold at t
  detail::RuleSet selective = 0;              ///< look at the candidate's labels: applies_to or exempt
  detail::RuleSet by_contact = 0;             ///< the verdict may hang on the candidate's contact; these have details
  detail::RuleSet by_history = 0;             ///< of these: count and fill only say who is suspect; the exact history decides
  std::vector<detail::BoundRule> bound_rules;
  std::vector<detail::RuleGroup> groups;

  /// Distinct selectors of what is counted: rules of `within` count only what it selects, of `without` only what it does not.
  struct CountSelector { const Selector* selector; detail::RuleSet within, without; };
  std::vector<CountSelector> count_selectors;
  std::vector<detail::RuleSet> label_rules;            ///< per label set
  std::vector<std::uint32_t> counted_labels;           ///< label sets that any rule counts
  std::vector<detail::RuleSet> relevant;               ///< per label set: those of them that still count something of it
  std::vector<detail::KeyId> label_keys;               ///< entry-side keys, per label set and group
  std::vector<std::uint32_t> label_key_ends;           ///< [label set × groups + group] → end in label_keys
  detail::LabelSums sums;

  struct ContactItem { ContactId contact; std::uint32_t labels; detail::RuleSet rules; bool shown; UtcTime at; std::uint32_t next; };
  std::vector<ContactItem> contact_items;              ///< while counting: elements of rules with counts = contact
  struct UnverifiedItem { std::uint32_t labels; detail::RuleSet rules; UtcTime at; };
  std::vector<UnverifiedItem> unverified_items;        ///< while counting

  std::vector<std::vector<ContactId>> slot_contacts;
  std::vector<std::size_t> tightened;                  ///< groups in which the latest slot filled a key
  mutable std::vector<std::pair<ContactId, bool>> known_contacts;
  mutable std::map<std::pair<std::size_t, detail::KeyId>, detail::KeyHistory> histories;
};

template <class Visit>
bool CapView::State::visit_suspects(const detail::RuleGroup& group, const LabelSet& labels, detail::RuleSet among, Visit&& visit) const {
  if (((group.blocked_any | group.blocked_absent) & among) == 0) return false;
  bool stop = false;
  detail::for_each_key(group.shape, labels, detail::KeySide::candidate, [&](std::span<const Symbol> parts) {
    if (stop) return;
    const detail::KeyId key = group.keys.find(parts);
    const detail::RuleSet blocked = (key == detail::no_key ? group.blocked_absent : group.blocked[key]) & among;
    detail::for_each_rule(blocked, [&](std::size_t rule) {
      if (!stop && applies(rule, labels)) stop = visit(rule, key, parts);
    });
  });
  return stop;
}

template <class Visit>
void CapView::State::for_each_suspect(const LabelSet& labels, detail::RuleSet among, Visit&& visit) const {
  for (const detail::RuleGroup& group : groups)
    if (visit_suspects(group, labels, among, visit)) return;
}

} // namespace takt
