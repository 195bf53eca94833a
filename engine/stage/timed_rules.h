#pragma once
/// Gates, purchase pauses, dismissals, quiet hours and schedules as functions of time: does it block at t, and when may that change?
/// drop_ineligible asks for `now`, obstacles_for for every later instant; both read these, so they cannot disagree.
/// Pure; nothing here fails. Cost: linear in the customer's facts, orders or dismissals (each bounded by core/limits.h).
/// Source: semantics.md "Facts", "Purchases"; contract.md §5.
#include "core/item.h"
#include "core/policy.h"
#include "core/record.h"
#include "engine/repurchase_model.h"

#include <optional>
#include <span>
#include <vector>

namespace takt {

/// Instants are appended to `out` in any order, also ones that are past: the caller sorts and cuts.
using Edges = std::vector<UtcTime>;

/// Both bounds, where there are any.
void schedule_edges(const Schedule& schedule, Edges& out);

/// Selected by `match` and not let through by `allow`. An absent `allow` lets nothing through.
bool gate_binds(const GatePolicy& gate, const LabelSet& labels);
/// An instance of the fact is active, or the last close is younger than cool_off. A lift by TTL has no cool-off.
bool gate_holds(const GatePolicy& gate, const CustomerRecord& record, UtcTime t);
void gate_edges(const GatePolicy& gate, const CustomerRecord& record, Edges& out);
/// First instant after t at which the gate does not hold.
UtcTime gate_end(const GatePolicy& gate, const CustomerRecord& record, UtcTime t);

/// The label that pauses: item, group, or the full category path. none where the item has none, or `per` cannot pause.
Symbol pause_key(const PausePolicy& pause, const LabelSet& labels);
/// How long a purchase pauses what has these labels: as written, or the learnt cycle of its category within the policy's bounds.
/// category: whose cycle; none where none is known, or wanted. `cycles` may be null.
struct PauseLength { Duration length{}; Symbol category = Symbol::none; };
PauseLength pause_length(const PausePolicy& pause, const RepurchaseModel* cycles, const LabelSet& labels);
/// The longest that it can be.
Duration pause_length_max(const PausePolicy& pause);
/// max over orders with a positive net quantity under the key of order time + length: while the schedule holds, blocks every t before it.
std::optional<UtcTime> pause_end(const PausePolicy& pause, const CustomerRecord& record, Symbol key, Duration length);

bool dismissal_binds(const Dismissal& dismissal, const LabelSet& labels);
inline bool dismissal_holds(const Dismissal& dismissal, UtcTime t) { return dismissal.at <= t && (!dismissal.until || t < *dismissal.until); }

bool quiet_binds(const QuietPolicy& quiet, const LabelSet& labels);
/// Is it quiet where the person is at t? `zones` as known now.
bool quiet_holds(const QuietPolicy& quiet, std::span<const HeldZone> zones, UtcTime t);
/// The first instant after `from`, within 400 d, at which `holds` is the answer of quiet_holds.
std::optional<UtcTime> quiet_next(const QuietPolicy& quiet, std::span<const HeldZone> zones, UtcTime from, bool holds);

inline bool pause_binds(const SalesPause& pause, const LabelSet& labels) { return pause.match.selects(labels) && !(pause.exempt && pause.exempt->selects(labels)); }
inline bool pause_holds(const SalesPause& pause, UtcTime t) { return pause.schedule.holds(t) && (!pause.until || t < *pause.until); }
/// The first of its ends; none: no end is known.
std::optional<UtcTime> pause_until(const SalesPause& pause);

/// A cap that would rather offer nothing than offer it uncounted: what it is about is not for those whom nobody may remember.
inline bool uncounted_binds(const CapRule& rule, const LabelSet& labels) {
  return rule.blocks_uncounted && rule.applies_to.selects(labels) && !(rule.exempt && rule.exempt->selects(labels));
}

inline bool schedule_holds(const Item& item, UtcTime t) { return (!item.starts_at || t >= *item.starts_at) && (!item.ends_at || t < *item.ends_at); }

} // namespace takt
