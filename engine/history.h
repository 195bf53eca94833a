#pragma once
/// The past, as it was known: records at an earlier version, logged decisions run again, and why an item was or was not shown.
/// Reads the ledger as known at that journal position, never by event time (semantics.md "Replay and why"). Writes nothing.
#include "engine/decide.h"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace takt {

/// The record as it stood after its `version`-th journal entry. Errors: not_found (never reached, or pruned).
Result<RecordPtr> record_at(Store& store, CustomerId customer, Version version);

/// What that decision read; of somebody new there was nothing but the id. Errors: as record_at.
Result<RecordPtr> record_of_then(Store& store, const Decision& logged);

/// A logged decision, run again from the record and request of then. Errors: not_found; invalid where the World is another one.
Result<Decision> run_again(Store& store, const World& world, const DecisionRecord& logged, const Clock& clock);

/// Where the two answers part: "" where they are the same, bit for bit; else the first part that is not, with both values. Compared
/// is all that was decided: rows of features, outcomes, items, slots, scores and their terms, propensities, holds, reasons, counts of
/// every stage.
/// Not compared: timings, the decision's id, what it supersedes, and the long list of explain=full, which the log does not keep.
std::string difference_between(const Decision& logged, const Decision& again);

/// Everybody's place in [0, 1): a sample takes the customers below its share, so the same people are in it whatever else is asked.
double sample_place_of(CustomerId customer);

/// The World that had these versions. Errors: not_found, with the name of what is no longer held ("policy 3").
using WorldOfVersions = std::function<Result<WorldPtr>(const Versions& versions)>;

struct ReplayOptions {
  UtcTime from = UtcTime::min(), to = UtcTime::max();  ///< [from, to) of the decisions' times
  double sample = 1;                                   ///< share of the customers; who is in it depends on the customer's id alone
  std::function<void(std::size_t decisions)> progress; ///< after each one
};
struct ReplayCounts {
  struct Difference { DecisionId decision; std::string what; };
  std::size_t decisions = 0, reproduced = 0, different = 0;
  std::size_t rows = 0;                                ///< of features, in the reproduced decisions: each the same bit for bit
  std::size_t without_record = 0;                      ///< the journal does not reach back that far
  std::map<std::string, std::size_t> not_held;         ///< by what is no longer held; also rows of another feature schema
  std::vector<Difference> first_different;             ///< at most ten
};
/// Every logged decision again. Reads only; may run beside live traffic. Cost: one decision, and the fold of up to 1,024 journal
/// entries, per decision. Errors: what the store says.
Result<ReplayCounts> replay_log(Store& store, const WorldOfVersions& world_of, const ReplayOptions& options, const Clock& clock);

/// Is every record what its journal says? Each is read as decisions read it and folded again from the first entry; the two must have
/// the same bytes. Reads only; may run beside live traffic. Cost: the whole journal once. Errors: what the store says.
struct RecordCheck {
  std::size_t customers = 0, different = 0;
  std::vector<CustomerId> first_different;             ///< at most ten
  std::uint64_t digest = 0;                            ///< of all records as read: two directories with the same one hold the same
};
Result<RecordCheck> check_records(Store& store, const std::function<void(std::size_t customers)>& progress);

enum class Verdict : std::uint8_t { shown, would_show, blocked, outranked, not_retrieved, unknown_item };
std::string_view to_text(Verdict verdict);

struct WhyAnswer {
  Verdict verdict = Verdict::not_retrieved;
  Stage stage = Stage::retrieve;
  std::vector<Reason> blocked_by;
  std::optional<UtcTime> eligible_again;
  bool provisional = false;
  std::optional<ScoreTerms> terms;
  std::vector<std::string> outranked_by;               ///< items that were shown instead
};
/// For `request` (one placement) by this person: every rule that blocks the item, or what became of it. Same code as decide.
Result<WhyAnswer> why(const World& world, const Person& person, const DecisionRequest& request, const ItemId& item, const Clock& clock);
/// Per item: every rule and condition that blocks it at the n-th placement of the call by itself, each asked although another one blocks
/// too. Empty: nothing does. `taken`: answers of the call's first placements, whose slots count as filled. Errors: as run_stages.
Result<std::vector<std::vector<Reason>>> blocks_by_item(const World& world, const Person& person, const DecisionRequest& request, std::size_t placement,
                                                        std::span<const ItemId> items, std::span<const PlacementDecision> taken = {});
/// At a logged decision.
Result<WhyAnswer> why_then(Store& store, const World& world, const DecisionRecord& logged, std::string_view placement, const ItemId& item, const Clock& clock);

} // namespace takt
