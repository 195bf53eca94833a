#pragma once
/// Why an item is shown to somebody here, or not: by the functions that decide, so that the two cannot disagree. For now, and for any logged
/// decision whose record, rules and items are still held: then as things were known at that journal position (semantics.md "Replay and why").
/// Writes nothing. Threads: any. Cost: two or three decisions, and the fold of the record of then.
#include "engine/decide.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace takt {

enum class Verdict : std::uint8_t { shown, would_show, blocked, outranked, not_retrieved, unknown_item };
std::string_view to_text(Verdict verdict);

struct WhyAnswer {
  /// What stands in the slots instead.
  struct Winner { std::string item; std::uint32_t slot = 0; double score = 0; bool operator==(const Winner&) const = default; };
  Verdict verdict = Verdict::not_retrieved;
  Stage stage = Stage::retrieve;
  std::vector<Reason> blocked_by;                      ///< every rule that blocks by itself, of all stages; else what dropped it
  std::optional<UtcTime> eligible_again;               ///< of a blocked one
  bool provisional = false;
  std::optional<ScoreTerms> terms;                     ///< also of what is not shown: what it is worth here; none where the placement does not take it
  std::optional<double> propensity;                    ///< of what is shown
  std::vector<Reason> reasons;                         ///< discounts and boosts
  std::vector<Winner> outranked_by;                    ///< of an outranked or never retrieved one
};

/// The person whom `request` names, as a decision would read them; a stranger is nobody. Errors: the store's.
Result<Person> read_person(Store& store, const World& world, const DecisionRequest& request);

/// For the first placement of `request`. Errors: not_found (placement), invalid (more than one).
Result<WhyAnswer> why(const World& world, const Person& person, const DecisionRequest& request, const ItemId& item, const Clock& clock);

/// Per item: every rule and condition that blocks it at the n-th placement of the call by itself, each asked although another one blocks
/// too. `taken`: what the first placements of the call have filled their slots with; more of it than `placement` tells what a slate of its own
/// forbids. Empty: nothing blocks. Errors: as run_stages.
Result<std::vector<std::vector<Reason>>> blocks_by_item(const World& world, const Person& person, const DecisionRequest& request, std::size_t placement,
                                                        std::span<const ItemId> items, std::span<const PlacementDecision> taken = {});

/// At a logged decision, with what its earlier placements had taken. `world`: the one it names. Errors: not_found (no such placement; the
/// record of then is gone).
Result<WhyAnswer> why_then(Store& store, const World& world, const DecisionRecord& logged, std::string_view placement, const ItemId& item, const Clock& clock);

} // namespace takt
