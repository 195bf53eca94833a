#pragma once
/// What the placements of one call share: an item is in one of them, and every slot counts for the caps of the later ones.
/// Lives for one attempt of one decision, on one thread.
#include "engine/call_caps.h"
#include "engine/candidate.h"
#include "engine/person.h"
#include "engine/world.h"

#include <deque>
#include <map>
#include <memory>
#include <unordered_set>
#include <vector>

namespace takt {

struct AudienceTimes;                                  // engine/stage/condition_inputs.h

struct Call {
  Call(const World& the_world, const Person& the_person, const DecisionRequest& the_request);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  const World& world;
  const Person& person;
  const DecisionRequest& request;
  /// The ledger after `replaces`: those reservations are released before any check (semantics.md RESERVE 6).
  Ledger ledger_copy;                                  ///< used only where `replaces` or a withdrawn `frequency` changed it
  const Ledger* ledger = nullptr;
  CallCaps caps;
  std::deque<LabelSet> slot_labels;                    ///< what `slots` point to; a deque, because its elements never move
  std::vector<CapCandidate> slots;                     ///< every reserving slot so far, in order: eligible_again needs them
  std::unordered_set<Symbol> excluded;                 ///< request.exclude, which holds the chain of `after` too; anchors are per opening
  std::unordered_set<Symbol> taken_items;              ///< chosen by earlier placements
  std::unordered_set<Symbol> taken_groups;
  std::vector<Degraded> degraded;
  /// Kept, because whoever asks when something is free again asks for many items: by program and opening.
  mutable std::map<std::pair<const void*, std::size_t>, std::shared_ptr<const AudienceTimes>> audience_times;

  /// Contact of the n-th placement of this call (its decision id is not known yet: origin is zero but for a mark byte).
  ContactId contact_of(std::size_t placement_ordinal) const;
  /// This item fills a slot: later placements know it and, where it is reserved (not organic), every cap counts it from now on.
  void take(const CapCandidate& chosen, bool reserved);
};

/// An opening: one placement of the call, with everything its stages ask for.
struct Opening {
  const PlacementRequest& request;
  const PlacementRules& rules;
  std::size_t ordinal = 0;
  std::uint32_t limit = 0;                             ///< slots to fill
  ContactId contact;
  std::uint64_t spared = 0;                            ///< caps, a bit for each by its place, that are for others (CapCandidate)
  std::uint64_t spared_totals = 0;                     ///< the same of total caps
  CapCandidate asked(const LabelSet& labels) const { return {&labels, contact, spared, spared_totals}; }
};

} // namespace takt
