#include "tests/support/naive_totals.h"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace takt::test {
namespace {

Symbol label_of(Per per, const LabelSet& labels) {
  switch (per) {
  case Per::all: return Symbol::none;
  case Per::item: return labels.item;
  case Per::campaign: return labels.campaign;
  case Per::channel: return labels.channel;
  default: throw std::logic_error("not among the rules of these tests");
  }
}

bool in_window(const CapRule& rule, UtcTime p, UtcTime t) {
  if (rule.window.kind == WindowKind::lifetime) return true;
  return p >= std::chrono::floor<std::chrono::days>(t);
}

/// Elements of P that one entry has for the rule.
std::vector<UtcTime> points_of(const CapRule& rule, const Entry& entry, Medium medium) {
  std::vector<UtcTime> points;
  if (rule.counts == Counts::decision) {
    if (entry.origin == EntryOrigin::granted) points.push_back(entry.granted_at);
  } else if (rule.counts == Counts::click) {
    std::set<UtcTime> times;
    for (const Mark& mark : entry.marks)
      if (mark.kind == MarkKind::clicked) times.insert(mark.at);
    points.assign(times.begin(), times.end());
  } else if (const auto shown = shown_at(entry, medium)) {
    points.push_back(*shown);
    const std::vector<UtcTime> again = reshown_at(entry, medium);
    points.insert(points.end(), again.begin(), again.end());
  }
  return points;
}

struct Contact { std::optional<UtcTime> shown; bool live = false; };

void add_record(const CustomerRecord& record, std::span<const CapRule> rules, UtcTime t, SumOfAll& sums) {
  if (!record.ledger.tallies.empty()) throw std::logic_error("these histories are younger than the horizon");
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const CapRule& rule = rules[i];
    if (rule.scope == Scope::group && record.account_group == Symbol::none) continue;
    std::map<std::pair<TotalKey, ContactId>, Contact> contacts;
    for (const Entry& entry : record.ledger.entries) {
      const LabelSet& labels = record.ledger.labels_of(entry);
      if (entry.origin == EntryOrigin::ghost || entry.origin == EntryOrigin::unverified || !rule.counts_of.selects(labels)) continue;
      if (rule.exempt && !rule.exempt_counts && rule.exempt->selects(labels)) continue;
      TotalKey key;
      if (rule.scope == Scope::group) key.push_back(record.account_group);
      bool has_labels = true;
      for (const Per per : rule.per) {
        key.push_back(label_of(per, labels));
        has_labels = has_labels && (per == Per::all || key[key.size() - 1] != Symbol::none);
      }
      if (!has_labels) continue;
      const auto shown = shown_at(entry, labels.medium);
      const bool live = entry.origin == EntryOrigin::granted && is_live(entry, labels.medium, t);
      if (rule.counts == Counts::contact) {
        Contact& contact = contacts[{key, entry.id.contact()}];
        if (shown) contact.shown = std::min(contact.shown.value_or(*shown), *shown);
        contact.live = contact.live || live;
        continue;
      }
      for (const UtcTime p : points_of(rule, entry, labels.medium))
        if (in_window(rule, p, t)) ++sums[{i, key}];
      if (live && rule.counts == Counts::impression) ++sums[{i, key}];
    }
    for (const auto& [where, contact] : contacts)
      if (contact.shown ? in_window(rule, *contact.shown, t) : contact.live) ++sums[{i, where.first}];
  }
}

} // namespace

SumOfAll naive_totals(Store& store, std::span<const CapRule> rules, UtcTime t) {
  SumOfAll sums;
  const auto visit = [&](CustomerId customer) {
    const auto record = store.records().read(customer, Deadline{});
    if (!record) throw std::runtime_error(record.error().message);
    if ((*record)->sealed_into) {
      const auto into = store.records().read((*record)->sealed_into, Deadline{});
      const auto& merges = (*into)->merges;
      if (std::any_of(merges.begin(), merges.end(), [&](const MergeLink& link) { return link.absorbed == customer; })) return true;
    }
    add_record(**record, rules, t, sums);
    return true;
  };
  if (const auto status = store.records().for_each_customer(visit); !status) throw std::runtime_error(status.error().message);
  return sums;
}

SumOfAll counted_totals(const BudgetTotals& totals, UtcTime t) {
  SumOfAll sums;
  for (std::size_t i = 0; i < totals.rules().size(); ++i)
    for (const auto& [key, state] : totals.rules()[i].counter->states(t)) sums[{i, key}] = state.count();
  return sums;
}

} // namespace takt::test
