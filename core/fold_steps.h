#pragma once
/// The steps of the fold, one per kind of change; only fold*.cc include this. Each is pure and looks at the record and the
/// change alone: what is bounded is cut by the same rule whatever snapshot the fold started from.
#include "core/delta.h"

namespace takt::fold_steps {

// ---- fold_ledger.cc
void put_entry(CustomerRecord& record, const LabelSet& labels, Entry entry);
/// Adds (or unites) an entry whose label set is interned and whose sessions are stamped.
void unite_entry(Ledger& ledger, Entry entry);
void add_mark(CustomerRecord& record, const ExposureId& id, Mark mark);
void release(CustomerRecord& record, DecisionId decision, UtcTime at);

// ---- fold_retention.cc
/// One exposure or response into the tallies.
void count_into_tallies(Ledger& ledger, const Tally& one);
/// Folds entries behind the horizon into tallies when one of two probes is old; enforces the size bounds.
void retain(CustomerRecord& record, Version version);

// ---- fold_journey.cc
void cut_session(CustomerRecord& record, UtcTime t);
void add_journey(CustomerRecord& record, const op::Journey& journey);
void bound_journey(CustomerRecord& record);
/// Value and time of the sum of two decayed counts; commutative up to rounding.
void add_affinity(CustomerRecord& record, const Affinity& amount);
void bound_affinities(CustomerRecord& record);

// ---- fold_profile.cc
void link(CustomerRecord& record, const LinkedIdentity& linked);
void unlink(CustomerRecord& record, const Identity& identity);
void set_trait(CustomerRecord& record, const Trait& trait);
void set_consent(CustomerRecord& record, const Consent& consent);
void set_zone(CustomerRecord& record, ZoneSpan zone);
void put_order(CustomerRecord& record, const Order& order);
void refund(CustomerRecord& record, const op::Refund& refund);
void switch_fact(CustomerRecord& record, const op::SwitchFact& change);
void dismiss(CustomerRecord& record, const Dismissal& dismissal);
void mark_request(CustomerRecord& record, const RequestMark& mark);

// ---- fold_merge.cc
void absorb(CustomerRecord& record, const CustomerRecord& other, UtcTime at);
void restate(CustomerRecord& record, const CustomerRecord& stated);

} // namespace takt::fold_steps
