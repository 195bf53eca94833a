#pragma once
/// What-if beside the truth: a town lives a month under its policy, what-if foretells the month under a draft, and the same town lives it under the
/// draft: same people, same days, same seeds, but they answer anew. Deterministic. Cost: two months of the town per draft.
#include "api/demo/simulation.h"
#include "engine/what_if/what_if.h"

#include <functional>
#include <string>
#include <vector>

namespace takt::simulation {

struct TruthOptions {
  std::uint64_t seed = 7;
  std::uint32_t customers = 400, days = 28, items = 400;
  std::uint64_t pilot_customers = 60;
  std::size_t threads = 1;
  std::function<void(Policy&, SymbolTable&)> change_policy = {}; ///< of the month that is logged; drafts start from what it leaves
};

struct TruthDraft {
  std::string name;
  std::function<void(Policy&, SymbolTable&)> change;
};
/// Of the n-th kind, with numbers drawn from the seed: caps tightened and loosened, gaps, wear-out, chance, rest after a purchase, nights.
TruthDraft draft_of(std::uint64_t seed);

/// Looser than a log under `at_most_ten_a_week`: they fill slots that nobody saw anything in, so habits of looking have to be guessed.
void at_most_ten_a_week(Policy& policy, SymbolTable& symbols);
std::vector<TruthDraft> looser_drafts();

struct Foretold {
  std::string draft;
  double exposures_before = 0, exposures_foretold = 0, exposures_true = 0;  ///< per customer
  what_if::WeightedEstimate weighted;
  double value_true = 0;                               ///< of the town's observed responses under the draft
  double error() const { return exposures_true > 0 ? exposures_foretold / exposures_true - 1 : 0; }
  bool can_tell() const { return weighted.doubts.empty(); }
  bool covers() const { return value_true >= weighted.value.low && value_true <= weighted.value.high; }
};

/// The logged month once, then each draft.
std::vector<Foretold> foretell(const TruthOptions& options, const std::vector<TruthDraft>& drafts, const std::function<void(const Foretold&)>& told = {});

} // namespace takt::simulation
