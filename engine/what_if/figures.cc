#include "engine/what_if/figures.h"

#include <algorithm>
#include <set>

namespace takt::what_if {
namespace {

/// When it counted: the view, and each time it was shown again after half an hour.
std::vector<UtcTime> sights_of(const Exposure& exposure) {
  const auto shown = exposure.shown();
  if (!shown) return {};
  std::vector<UtcTime> times = reshown_at(exposure.entry, exposure.labels.medium);
  times.insert(times.begin(), *shown);
  return times;
}

Symbol category_of(const LabelSet& labels) { return labels.category.empty() ? Symbol::none : labels.category[0]; }

struct Expected { double clicks = 0, value = 0; };

Expected add_side(SideFigures& figures, const Side& side, std::uint32_t exposures) {
  figures.placements += side.placements;
  figures.slots += side.slots;
  figures.filled += side.filled;
  figures.holds += side.holds;
  figures.fallbacks += side.fallbacks;
  figures.defers += side.defers;
  figures.contacts += side.contacts;
  figures.contact_cost += side.contact_cost;
  figures.exposures += exposures;
  figures.reached += exposures > 0 ? 1 : 0;
  ++figures.customers_by_exposures[exposures];
  Expected expected;
  for (const Exposure& exposure : side.exposures) {
    if (!exposure.shown()) continue;
    const double act = exposure.terms.p_act * exposure.terms.fatigue_factor;
    expected.clicks += act;
    expected.value += act * exposure.terms.value;
  }
  figures.clicks.add(expected.clicks);
  figures.value.add(expected.value);
  return expected;
}

/// Exposures of one side by label; those that the other side lacks by the rules that keep them off there.
std::uint32_t add_exposures(Figures& figures, const Side& side, std::uint64_t BothSides::* count, std::uint64_t BothSides::* lost,
                            std::map<std::string, std::uint64_t>& by_rule, std::uint64_t& others) {
  std::uint32_t exposures = 0;
  for (const Exposure& exposure : side.exposures) {
    const auto sights = static_cast<std::uint32_t>(sights_of(exposure).size());
    if (sights == 0) continue;
    exposures += sights;
    for (auto* const by_label : {&figures.by_category[category_of(exposure.labels)], &figures.by_channel[exposure.labels.channel], &figures.by_placement[exposure.labels.placement]}) {
      by_label->*count += sights;
      if (exposure.is_other) by_label->*lost += sights;
    }
    if (!exposure.is_other) continue;
    others += sights;
    for (const std::string& rule : exposure.because) by_rule[rule] += sights;
  }
  return exposures;
}

using Within = std::pair<Bytes16, std::pair<std::uint16_t, Symbol>>; ///< decision, placement, item

std::set<Within> seen_items(const Side& side) {
  std::set<Within> seen;
  for (const Exposure& exposure : side.exposures)
    if (exposure.shown()) seen.insert({exposure.entry.id.origin, {exposure.entry.id.placement, exposure.labels.item}});
  return seen;
}

/// Both sides granted the item there, and only one had it in a slot that was looked at.
void add_moved(Figures& figures, const SimulatedCustomer& customer) {
  if (customer.changed == 0) return;
  const std::set<Within> log = seen_items(customer.log), draft = seen_items(customer.draft);
  const auto count = [](const Side& side, const std::set<Within>& other) {
    std::uint64_t moved = 0;
    for (const Exposure& exposure : side.exposures)
      if (!exposure.is_other && exposure.shown() && !other.contains({exposure.entry.id.origin, {exposure.entry.id.placement, exposure.labels.item}})) ++moved;
    return moved;
  };
  figures.moved_out += count(customer.log, draft);
  figures.moved_in += count(customer.draft, log);
}

/// The most of them that lie within one window; `times` ascending.
std::uint32_t peak_of(const std::vector<UtcTime>& times, Duration window) {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < times.size(); ++last) {
    while (window != Duration::max() && times[last] - times[first] >= window) ++first;
    most = std::max(most, last - first + 1);
  }
  return static_cast<std::uint32_t>(most);
}

std::uint32_t peak_of(const Yardstick& yardstick, const Side& side) {
  std::map<Symbol, std::vector<UtcTime>> by_key;
  for (const Exposure& exposure : side.exposures) {
    if (!yardstick.counts_of.selects(exposure.labels)) continue;
    auto& times = by_key[yardstick.per == Per::item ? exposure.labels.item : Symbol::none];
    const auto sights = sights_of(exposure);
    times.insert(times.end(), sights.begin(), sights.end());
  }
  std::uint32_t most = 0;
  for (auto& [key, times] : by_key) {
    std::sort(times.begin(), times.end());
    most = std::max(most, peak_of(times, yardstick.window));
  }
  return most;
}

void add_ratio(WeightedSums::Ratio& ratio, double over, double under) {
  ratio.over += over;
  ratio.under += under;
  ratio.over_over += over * over;
  ratio.over_under += over * under;
  ratio.under_under += under * under;
}

void add_weighted(WeightedSums& sums, const std::vector<Weighed>& decisions, std::uint64_t unweighed) {
  sums.unweighed += unweighed;
  if (decisions.empty()) return;
  double weights = 0, clicks = 0, value = 0, logged_clicks = 0, logged_value = 0;
  for (const Weighed& one : decisions) {
    weights += one.weight;
    sums.squared_weights += one.weight * one.weight;
    sums.weight_max = std::max(sums.weight_max, one.weight);
    clicks += one.weight * one.clicks;
    value += one.weight * one.value;
    logged_clicks += one.clicks;
    logged_value += one.value;
  }
  ++sums.customers;
  sums.decisions += decisions.size();
  sums.weights += weights;
  add_ratio(sums.clicks, clicks, weights);
  add_ratio(sums.value, value, weights);
  sums.logged_clicks.add(logged_clicks);
  sums.logged_value.add(logged_value);
}

std::uint64_t size_of(const CustomerChange& change) { return change.removed + change.added; }

/// Larger changes first; between equal ones the smaller id.
bool comes_first(const CustomerChange& a, const CustomerChange& b) { return size_of(a) != size_of(b) ? size_of(a) > size_of(b) : a.id < b.id; }

void name(std::vector<CustomerChange>& named, CustomerChange change) {
  if (size_of(change) == 0) return;
  named.insert(std::upper_bound(named.begin(), named.end(), change, comes_first), std::move(change));
  if (named.size() > customers_named_max) named.pop_back();
}

CustomerChange change_of(const SimulatedCustomer& customer, std::uint32_t exposures_log, std::uint32_t exposures_draft) {
  CustomerChange change{customer.id, customer.decisions, customer.changed, exposures_log, exposures_draft, 0, 0, {}};
  for (const Exposure& exposure : customer.log.exposures) {
    if (!exposure.is_other || !exposure.shown()) continue;
    ++change.removed;
    for (const std::string& rule : exposure.because) ++change.removed_by_rule[rule];
  }
  for (const Exposure& exposure : customer.draft.exposures) change.added += exposure.is_other && exposure.shown() ? 1 : 0;
  return change;
}

template <class Map>
void add_all(Map& sums, const Map& others) {
  for (const auto& [key, count] : others) sums[key] += count;
}

void add_all(std::map<Symbol, BothSides>& sums, const std::map<Symbol, BothSides>& others) {
  for (const auto& [key, both] : others) {
    BothSides& sum = sums[key];
    sum.log += both.log;
    sum.draft += both.draft;
    sum.removed += both.removed;
    sum.added += both.added;
  }
}

void join_ratio(WeightedSums::Ratio& sums, const WeightedSums::Ratio& others) {
  sums.over += others.over;
  sums.under += others.under;
  sums.over_over += others.over_over;
  sums.over_under += others.over_under;
  sums.under_under += others.under_under;
}

void join_weighted(WeightedSums& sums, const WeightedSums& others) {
  sums.decisions += others.decisions;
  sums.unweighed += others.unweighed;
  sums.customers += others.customers;
  sums.weights += others.weights;
  sums.squared_weights += others.squared_weights;
  sums.weight_max = std::max(sums.weight_max, others.weight_max);
  join_ratio(sums.clicks, others.clicks);
  join_ratio(sums.value, others.value);
  sums.logged_clicks += others.logged_clicks;
  sums.logged_value += others.logged_value;
}

} // namespace

SideFigures& SideFigures::operator+=(const SideFigures& other) {
  placements += other.placements;
  slots += other.slots;
  filled += other.filled;
  holds += other.holds;
  fallbacks += other.fallbacks;
  defers += other.defers;
  contacts += other.contacts;
  contact_cost += other.contact_cost;
  exposures += other.exposures;
  reached += other.reached;
  add_all(customers_by_exposures, other.customers_by_exposures);
  clicks += other.clicks;
  value += other.value;
  return *this;
}

std::vector<Yardstick> yardsticks_of(const Policy& policy, bool is_of_draft) {
  std::vector<Yardstick> yardsticks;
  for (const CapRule& rule : policy.caps) {
    const bool is_length = rule.window.kind == WindowKind::rolling || rule.window.kind == WindowKind::lifetime;
    const bool is_drawn = rule.per == std::vector{Per::all} || rule.per == std::vector{Per::item};
    if (rule.counts != Counts::impression || !rule.limit || !is_length || !is_drawn) continue;
    const Duration window = rule.window.kind == WindowKind::lifetime ? Duration::max() : rule.window.length;
    yardsticks.push_back({rule.id, is_of_draft, rule.per.front(), window, *rule.limit, rule.counts_of, {}, {}});
  }
  return yardsticks;
}

void add(Figures& figures, const SimulatedCustomer& customer) {
  ++figures.left_out[static_cast<std::size_t>(customer.left_out)];
  if (customer.left_out == LeftOut::world_not_held) ++figures.not_held[customer.not_held];
  if (customer.left_out != LeftOut::none) return;
  ++figures.customers;
  figures.diverged += customer.diverged() ? 1 : 0;
  figures.decisions += customer.decisions;
  figures.changed += customer.changed;
  figures.checked += customer.checked;
  figures.not_reproduced += customer.not_reproduced;
  const std::uint32_t log = add_exposures(figures, customer.log, &BothSides::log, &BothSides::removed, figures.removed_by_rule, figures.removed);
  const std::uint32_t draft = add_exposures(figures, customer.draft, &BothSides::draft, &BothSides::added, figures.added_by_rule, figures.added);
  const Expected before = add_side(figures.log, customer.log, log), after = add_side(figures.draft, customer.draft, draft);
  figures.clicks_gained.add(after.clicks - before.clicks);
  figures.value_gained.add(after.value - before.value);
  add_moved(figures, customer);
  for (Yardstick& yardstick : figures.yardsticks) {
    ++yardstick.log[peak_of(yardstick, customer.log)];
    ++yardstick.draft[peak_of(yardstick, customer.draft)];
  }
  add_weighted(figures.weighted, customer.weighed, customer.unweighed);
  name(figures.most_changed, change_of(customer, log, draft));
}

void join(Figures& figures, Figures later) {
  figures.customers += later.customers;
  figures.diverged += later.diverged;
  figures.decisions += later.decisions;
  figures.changed += later.changed;
  figures.checked += later.checked;
  figures.not_reproduced += later.not_reproduced;
  for (std::size_t reason = 0; reason < left_out_count; ++reason) figures.left_out[reason] += later.left_out[reason];
  add_all(figures.not_held, later.not_held);
  figures.log += later.log;
  figures.draft += later.draft;
  figures.clicks_gained += later.clicks_gained;
  figures.value_gained += later.value_gained;
  add_all(figures.removed_by_rule, later.removed_by_rule);
  add_all(figures.added_by_rule, later.added_by_rule);
  figures.removed += later.removed;
  figures.added += later.added;
  figures.moved_out += later.moved_out;
  figures.moved_in += later.moved_in;
  add_all(figures.by_category, later.by_category);
  add_all(figures.by_channel, later.by_channel);
  add_all(figures.by_placement, later.by_placement);
  for (std::size_t i = 0; i < figures.yardsticks.size(); ++i) {
    add_all(figures.yardsticks[i].log, later.yardsticks[i].log);
    add_all(figures.yardsticks[i].draft, later.yardsticks[i].draft);
  }
  join_weighted(figures.weighted, later.weighted);
  for (CustomerChange& change : later.most_changed) name(figures.most_changed, std::move(change));
}

} // namespace takt::what_if
