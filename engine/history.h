#pragma once
/// The past, as it was known: records at an earlier version, logged decisions run again, and why an item was or was not shown.
/// Reads the ledger as known at that journal position, never by event time (semantics.md "Replay and why"). Writes nothing.
#include "engine/decide.h"

#include <optional>
#include <string>
#include <vector>

namespace takt {

/// The record as it stood after its `version`-th journal entry. Errors: not_found (never reached, or pruned).
Result<RecordPtr> record_at(Store& store, CustomerId customer, Version version);

/// A logged decision, run again from the record and request of then. Errors: not_found; invalid where the World is another one.
Result<Decision> run_again(Store& store, const World& world, const DecisionRecord& logged, const Clock& clock);

/// Same slate, bit for bit: items, slots, scores, propensities, holds. Timings and ids are not compared.
bool same_answer(const Decision& a, const Decision& b);

struct ReplayCounts { std::size_t decisions = 0, equal = 0, different = 0, other_versions = 0, missing = 0; std::vector<DecisionId> first_different; };
/// Every logged decision in [from, to).
Result<ReplayCounts> replay_log(Store& store, const World& world, UtcTime from, UtcTime to, const Clock& clock);

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
/// At a logged decision.
Result<WhyAnswer> why_then(Store& store, const World& world, const DecisionRecord& logged, std::string_view placement, const ItemId& item, const Clock& clock);

} // namespace takt
