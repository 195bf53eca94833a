#pragma once
/// What one event does to one record, as operations: times clamped, labels stamped from the catalogue of now. Pure.
/// Exposures, marks and identities: semantics.md §2 "Reservation"; names: contract.md §4.
#include "core/decision.h"
#include "core/delta.h"
#include "core/event.h"
#include "engine/world.h"

#include <span>
#include <string_view>

namespace takt {

/// Idempotence keys of one event: of the message, and of a second commit that belongs to it ("confirm" in another's ledger).
CommitId commit_id_of(const Event& event, std::string_view part = {});

/// The delta of an event on the record it was resolved to. `record` is read for the reservations that it confirms, and for what it
/// leaves as it is. `foreign`: the decision that the event names, where it was made for somebody else: what was seen of it has the
/// exposure ids that it has there, so that a later merge counts it once. Null where there is none.
Delta delta_of(const World& world, const CustomerRecord& record, const Event& event, const Decision* foreign = nullptr);
/// One delta for several events in their order: folding it gives what folding one after the other gives.
Delta delta_of(const World& world, const CustomerRecord& record, std::span<const Event* const> events);

/// Only the marks that the event sets on reservations of `record`, where somebody else sent it. Empty where there is none.
Delta foreign_marks_of(const World& world, const CustomerRecord& record, const Event& event);

/// The decision that the event names, if it can be one of ours.
DecisionId named_decision(const Event& event);

} // namespace takt
