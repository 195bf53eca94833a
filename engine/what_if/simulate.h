#pragma once
/// One customer lived again under a draft (semantics.md "What-if"). Frozen, and applied as they were: interest, orders, facts, traits, consent,
/// links, exposures from elsewhere, activity. Each logged decision is decided again under the draft, from the simulated record, with the
/// same request, seed and time, and keeps its id; so releases, replacements and marks find it. Marks belong to slots: a slot is looked at iff
/// it was in the log, at the same time; one that the log left empty by a keyed coin and the placement's habits. A click or a dismissal stays,
/// with what the journey says of it, only where the same item stands in the same slot; any other is unobserved and enters no record.
/// Two records are folded side by side; until the draft grants something else they are one.
/// Units: money in the account's currency, times UTC. Errors: those of run_stages and of the worlds. Threads: one customer, one thread.
/// Deterministic. Cost: a decision (~150 µs) and a fold per logged decision; where the answers differ, the rules that did it are asked for.
#include "engine/what_if/draft_worlds.h"
#include "engine/what_if/view_habits.h"

#include <memory>
#include <string>
#include <vector>

namespace takt::what_if {

/// A slot that was reserved, on one side, and what came of it.
struct Exposure {
  Entry entry;                                         ///< with the marks of this side
  LabelSet labels;
  ScoreTerms terms;                                    ///< empty for a fallback
  double response = 0;                                 ///< P(intended) of a click within click_window of the view; what was observed
  bool is_other = false;                               ///< the other side does not have this item in this decision's placement
  std::vector<std::string> because;                    ///< where is_other: the rules (or codes) that keep it off there; "outranked" where none does
  std::vector<std::pair<UtcTime, double>> clicks;      ///< time and P(intended)
  std::optional<UtcTime> shown() const { return shown_at(entry, labels.medium); }
};

struct Side {
  std::vector<Exposure> exposures;                     ///< granted in the range, in order
  std::uint64_t slots = 0, filled = 0;                 ///< asked for and granted, by placements that promote
  std::uint64_t placements = 0, holds = 0, fallbacks = 0, defers = 0, contacts = 0;  ///< contacts: placements that were answered with something
  double contact_cost = 0;
};

/// A logged decision while both records were the same: its responses say something of the draft, with the weight of how much likelier the
/// draft makes the logged slate; 0 where a rule of the draft forbids it. (Inverse propensity: Horvitz and Thompson 1952; self-normalised,
/// Swaminathan and Joachims 2015.)
struct Weighed { double weight = 1, clicks = 0, value = 0; };

struct SimulatedCustomer {
  LeftOut left_out = LeftOut::none;                    ///< none or world_not_held; then the rest is empty
  std::string not_held;                                ///< what
  CustomerId id;
  Side log, draft;
  std::uint64_t decisions = 0, changed = 0;            ///< changed: another outcome, item or slot
  std::uint64_t checked = 0, not_reproduced = 0;       ///< logged decisions made again under their own rules, and those that came out otherwise
  std::vector<Weighed> weighed;
  std::uint64_t unweighed = 0;                         ///< decisions whose slate the draft allows and did not draw: how likely it was is not known
  std::shared_ptr<const CustomerRecord> as_was, simulated;  ///< at the end of the range; one object where nothing was granted otherwise
  bool diverged() const { return as_was != simulated; }
};

struct SimulationOptions {
  TimeRange range;
  double checked_share = 1.0 / 64;                     ///< of the logged decisions that are made again under their own rules, too
};

Result<SimulatedCustomer> simulate(const CustomerPast& past, CustomerId customer, DraftWorlds& worlds, const ViewHabits& habits,
                                   const SimulationOptions& options, const Clock& clock);

} // namespace takt::what_if
