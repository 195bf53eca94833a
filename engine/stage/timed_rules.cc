#include "engine/stage/timed_rules.h"

#include "core/limits.h"

#include <algorithm>

namespace takt {
namespace {

/// End of what an "on" mark opens, if nothing closes it.
UtcTime lapse_of(const Fact::Switch& change, Duration ttl) {
  const UtcTime lapse = change.at + ttl;
  return change.expires_at ? std::min(lapse, *change.expires_at) : lapse;
}

/// The latest mark at or before t; at the same instant "on" wins.
const Fact::Switch* latest_switch(const Fact& fact, UtcTime t) {
  const Fact::Switch* latest = nullptr;
  for (const Fact::Switch& change : fact.switches) {
    if (change.at > t) continue;
    if (!latest || change.at > latest->at || (change.at == latest->at && change.on && !latest->on)) latest = &change;
  }
  return latest;
}

} // namespace

void schedule_edges(const Schedule& schedule, Edges& out) {
  for (const auto& bound : {schedule.from, schedule.to})
    if (bound) out.push_back(*bound);
}

bool gate_binds(const GatePolicy& gate, const LabelSet& labels) {
  if (!gate.match.selects(labels) || (gate.exempt && gate.exempt->selects(labels))) return false;
  return gate.allow.selects_everything() || !gate.allow.selects(labels);
}

bool gate_holds(const GatePolicy& gate, const CustomerRecord& record, UtcTime t) {
  if (!gate.schedule.holds(t)) return false;
  for (const Fact& fact : record.facts) {
    if (fact.name != gate.fact) continue;
    const Fact::Switch* latest = latest_switch(fact, t);
    if (latest && latest->on && t < lapse_of(*latest, gate.ttl)) return true;
    for (const Fact::Switch& change : fact.switches)
      if (!change.on && change.at <= t && t < change.at + gate.cool_off) return true;
  }
  return false;
}

void gate_edges(const GatePolicy& gate, const CustomerRecord& record, Edges& out) {
  schedule_edges(gate.schedule, out);
  for (const Fact& fact : record.facts) {
    if (fact.name != gate.fact) continue;
    for (const Fact::Switch& change : fact.switches) {
      out.push_back(change.at);
      out.push_back(change.on ? lapse_of(change, gate.ttl) : change.at + gate.cool_off);
    }
  }
}

UtcTime gate_end(const GatePolicy& gate, const CustomerRecord& record, UtcTime t) {
  Edges edges;
  gate_edges(gate, record, edges);
  std::sort(edges.begin(), edges.end());
  for (const UtcTime edge : edges)
    if (edge > t && !gate_holds(gate, record, edge)) return edge;
  return t; // not reached while the gate holds: every "on" lapses and every cool-off ends at an edge
}

Symbol pause_key(const PausePolicy& pause, const LabelSet& labels) {
  if (!pause.match.selects(labels) || (pause.exempt && pause.exempt->selects(labels))) return Symbol::none;
  switch (pause.per) {
    case Per::item: return labels.item;
    case Per::group: return labels.group;
    case Per::category: return labels.category.empty() ? Symbol::none : labels.category.back();
    default: return Symbol::none; // orders are stamped with item, group and category only
  }
}

PauseLength pause_length(const PausePolicy& pause, const RepurchaseModel* cycles, const LabelSet& labels) {
  if (!pause.learnt || !cycles) return {pause.pause, Symbol::none};
  const RepurchaseModel::Found found = cycles->of({labels.category.begin(), labels.category.end()});
  if (!found.cycle) return {pause.pause, Symbol::none};
  return {std::clamp(found.cycle->cycle, pause.learnt->shortest, pause.learnt->longest), found.category};
}

Duration pause_length_max(const PausePolicy& pause) { return pause.learnt ? std::max(pause.pause, pause.learnt->longest) : pause.pause; }

std::optional<UtcTime> pause_end(const PausePolicy& pause, const CustomerRecord& record, Symbol key, Duration length) {
  std::optional<UtcTime> end;
  if (key == Symbol::none) return end;
  for (const Order& order : record.orders) {
    if (end && order.at + length <= *end) continue;
    std::int64_t net = 0;
    for (const OrderLine& line : order.lines) {
      const bool under = pause.per == Per::item    ? line.item == key
                         : pause.per == Per::group ? (line.group == key || (line.group == Symbol::none && line.item == key))
                                                   : std::find(line.category.begin(), line.category.end(), key) != line.category.end();
      if (under) net += line.quantity;
    }
    if (net > 0) end = order.at + length;
  }
  return end;
}

std::optional<UtcTime> pause_until(const SalesPause& pause) {
  if (!pause.until || !pause.schedule.to) return pause.until ? pause.until : pause.schedule.to;
  return std::min(*pause.until, *pause.schedule.to);
}

bool dismissal_binds(const Dismissal& dismissal, const LabelSet& labels) {
  switch (dismissal.scope) {
    case Dismissal::Scope::item: return dismissal.label == labels.item;
    case Dismissal::Scope::group: return dismissal.label == labels.group;
    case Dismissal::Scope::kind: return dismissal.label == labels.kind;
    case Dismissal::Scope::category:
      return std::find(labels.category.begin(), labels.category.end(), dismissal.label) != labels.category.end();
    case Dismissal::Scope::all: return true;
  }
  return false;
}

bool quiet_binds(const QuietPolicy& quiet, const LabelSet& labels) {
  return quiet.match.selects(labels) && !(quiet.exempt && quiet.exempt->selects(labels));
}

namespace {

Zone zone_of(const QuietPolicy& quiet, std::span<const HeldZone> zones, UtcTime t) {
  return quiet.zone ? *quiet.zone : zone_at(zones, t, quiet.zone_missing);
}

/// The first instant after t at which anything about the rule can change: the clock, the zone, the schedule.
UtcTime next_quiet_edge(const QuietPolicy& quiet, std::span<const HeldZone> zones, UtcTime t) {
  UtcTime edge = quiet_edge(quiet.interval, zone_of(quiet, zones, t), t);
  for (const HeldZone& held : zones)
    if (held.from > t) edge = std::min(edge, held.from);
  for (const auto& bound : {quiet.schedule.from, quiet.schedule.to})
    if (bound && *bound > t) edge = std::min(edge, *bound);
  return edge;
}

} // namespace

bool quiet_holds(const QuietPolicy& quiet, std::span<const HeldZone> zones, UtcTime t) {
  return quiet.schedule.holds(t) && quiet.interval.covers(zone_of(quiet, zones, t).local(t));
}

std::optional<UtcTime> quiet_next(const QuietPolicy& quiet, std::span<const HeldZone> zones, UtcTime from, bool holds) {
  const UtcTime last = from + limits::eligible_again_horizon;
  for (UtcTime t = next_quiet_edge(quiet, zones, from); t <= last; t = next_quiet_edge(quiet, zones, t))
    if (quiet_holds(quiet, zones, t) == holds) return t;
  return std::nullopt;
}

} // namespace takt
