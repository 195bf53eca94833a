#include "core/total_cap.h"

#include "core/cap_walk.h"

#include <algorithm>
#include <tuple>

namespace takt {
namespace {

using detail::for_each_rule;
using detail::RuleSet;
using detail::rule_bit;
using detail::Series;

/// An element of one key that waits for the others of its contact.
struct OfContact {
  std::uint32_t rule = 0;
  TotalKey key;
  ContactId contact;
  bool live = false;
  UtcTime at{};
};

class Walk {
public:
  Walk(const Ledger& ledger, Symbol group, std::span<const CapRule> rules) : ledger_(ledger), group_(group), rules_(rules), counted_(rules) {
    for (const CapRule& rule : rules) shapes_.push_back(detail::shape_of(rule));
    for (const LabelSet& labels : ledger.label_sets) {
      RuleSet taken = 0;
      for (std::size_t i = 0; i < rules.size(); ++i)
        if (takes(rules[i], labels)) taken |= rule_bit(i);
      taken_.push_back(taken);
      any_ = any_ || taken != 0;
    }
  }

  std::vector<TotalElement> run() {
    if (!any_) return {};
    for (const Entry& entry : ledger_.entries) {
      const RuleSet taken = taken_[entry.labels];
      // At no time of all it has expired: so a live one is one that is neither shown nor released.
      if (taken != 0) detail::walk_entry(entry, ledger_.label_sets[entry.labels].medium, counted_, taken, UtcTime::min(), Sink{this, &entry});
    }
    for (const Tally& tally : ledger_.tallies)
      for_each_rule(taken_[tally.labels] & counted_.counted_in(tally), [&](std::size_t rule) { add(rule, tally.labels, false, tally.last, tally.count); });
    reduce_contacts();
    std::sort(found_.begin(), found_.end());
    return std::move(found_);
  }

private:
  struct Sink {
    Walk* walk;
    const Entry* entry;
    void shown(Series series, RuleSet rules, UtcTime at) const {
      for_each_rule(rules, [&](std::size_t rule) {
        if (series == detail::contact_series) walk->hold_back(rule, *entry, false, at);
        else walk->add(rule, entry->labels, false, at, 1);
      });
    }
    void live(RuleSet rules) const {
      for_each_rule(rules, [&](std::size_t rule) {
        if (walk->rules_[rule].counts == Counts::contact) walk->hold_back(rule, *entry, true, entry->expires_at);
        else walk->add(rule, entry->labels, true, entry->expires_at, 1);
      });
    }
  };

  bool takes(const CapRule& rule, const LabelSet& labels) const {
    if (rule.scope == Scope::group && group_ == Symbol::none) return false;
    if (rule.counts == Counts::delivered && labels.medium != Medium::message) return false;
    return rule.counts_of.selects(labels) && (rule.exempt_counts || !rule.exempt || !rule.exempt->selects(labels));
  }

  template <class Visit>
  void for_each_key(std::size_t rule, std::uint32_t labels, Visit&& visit) const {
    detail::for_each_key(shapes_[rule], ledger_.label_sets[labels], detail::KeySide::entry, [&](std::span<const Symbol> parts) {
      TotalKey key;
      if (rules_[rule].scope == Scope::group) key.push_back(group_);
      for (const Symbol part : parts) key.push_back(part);
      visit(std::move(key));
    });
  }

  void add(std::size_t rule, std::uint32_t labels, bool live, UtcTime at, std::uint32_t times) {
    for_each_key(rule, labels, [&](TotalKey key) { found_.push_back({static_cast<std::uint32_t>(rule), live, times, at, std::move(key)}); });
  }

  void hold_back(std::size_t rule, const Entry& entry, bool live, UtcTime at) {
    for_each_key(rule, entry.labels, [&](TotalKey key) { contacts_.push_back({static_cast<std::uint32_t>(rule), std::move(key), entry.id.contact(), live, at}); });
  }

  /// One element per contact and key: shown beats live; the earliest show, and of live ones the last to be over.
  void reduce_contacts() {
    const auto who = [](const OfContact& one) { return std::tie(one.rule, one.key, one.contact); };
    std::sort(contacts_.begin(), contacts_.end(), [&](const OfContact& a, const OfContact& b) {
      if (who(a) != who(b)) return who(a) < who(b);
      if (a.live != b.live) return b.live;
      return a.live ? a.at > b.at : a.at < b.at;
    });
    for (std::size_t i = 0; i < contacts_.size(); ++i)
      if (i == 0 || who(contacts_[i]) != who(contacts_[i - 1])) found_.push_back({contacts_[i].rule, contacts_[i].live, 1, contacts_[i].at, contacts_[i].key});
  }

  const Ledger& ledger_;
  Symbol group_;
  std::span<const CapRule> rules_;
  detail::CountedRules counted_;
  std::vector<detail::KeyShape> shapes_;
  std::vector<RuleSet> taken_;               ///< per label set
  bool any_ = false;
  std::vector<TotalElement> found_;
  std::vector<OfContact> contacts_;
};

} // namespace

std::vector<TotalElement> total_elements(const Ledger& ledger, Symbol group, std::span<const CapRule> rules) {
  constexpr std::size_t at_once = 64;        // a RuleSet has a bit for each; two policies, the old and the next, may need more
  std::vector<TotalElement> found;
  for (std::size_t from = 0; from < rules.size(); from += at_once) {
    for (TotalElement& element : Walk(ledger, group, rules.subspan(from, std::min(at_once, rules.size() - from))).run()) {
      element.rule += static_cast<std::uint32_t>(from);
      found.push_back(std::move(element));
    }
  }
  return found;
}

CapRule counting_part(const CapRule& rule) {
  CapRule part;
  part.counts = rule.counts;
  part.event = rule.event;
  part.per = rule.per;
  part.depth = rule.depth;
  part.window = rule.window;
  part.counts_of = rule.counts_of;
  part.exempt_counts = rule.exempt_counts || !rule.exempt;
  if (!part.exempt_counts) part.exempt = rule.exempt;
  part.count_unverified = rule.count_unverified;
  part.scope = rule.scope;
  return part;
}

bool counts_grant(const CapRule& rule, const LabelSet& labels) {
  if (rule.counts == Counts::click || rule.counts == Counts::event) return false;
  if (rule.counts == Counts::delivered && labels.medium != Medium::message) return false;
  return rule.counts_of.selects(labels) && (rule.exempt_counts || !rule.exempt || !rule.exempt->selects(labels));
}

bool may_block(const CapRule& rule, const LabelSet& labels, UtcTime t) {
  return rule.limit && rule.schedule.holds(t) && rule.applies_to.selects(labels) && !(rule.exempt && rule.exempt->selects(labels));
}

} // namespace takt
