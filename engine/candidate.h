#pragma once
/// The hand-over types between the stages. Their order is the order of the pipeline: Candidates → Ranked → Slate.
/// Nothing changes a Slate after *compose*, because the logged propensity is true only for what is shown.
#include "core/decision.h"
#include "core/ledger.h"
#include "engine/catalogue.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace takt {

constexpr std::uint32_t not_scored = UINT32_MAX;

struct Candidate {
  ItemIndex index = 0;
  LabelSet labels;                                    ///< of the item now, with this call's channel and placement
  Source source = Source::popular;                    ///< the one that ranked it best
  float retrieval_score = 0;                          ///< in [0,1] within its source
  std::optional<double> caller_score;
  std::optional<std::uint32_t> pinned_slot;           ///< from 1
  Because because = Because::chosen_for_you;
  Symbol because_item = Symbol::none;                 ///< the item or label it refers to
  ScoreTerms terms;                                   ///< filled by score, fatigue, arbitrate
  double boost = 1;                                   ///< of merchandising; a factor of terms.lever
  double score = 0;                                   ///< terms.score()
  std::vector<Reason> reasons;                        ///< discounts and boosts, not drops
  std::uint32_t row = not_scored;                     ///< of the feature rows
};

struct Dropped {
  ItemIndex index = 0;
  std::vector<Reason> reasons;                        ///< at least one; all that block
};

/// What the scorer saw: travels beside the candidates until the log takes the rows it keeps.
struct ScoredRows {
  struct Sample { ItemIndex index = 0; std::uint32_t row = 0; };
  std::vector<float> values;                          ///< row-major, the columns of feature_schema()
  std::vector<float> custom;                          ///< beside them: the configured columns of the World; empty where it has none
  std::vector<Sample> sampled;                        ///< logged whether or not they are chosen
};

/// Unordered in meaning (kept ascending by item id where no stage has ranked them): what may still be shown, and what may not.
struct Candidates {
  std::vector<Candidate> alive;
  std::vector<Dropped> dropped;                       ///< of all stages so far
  std::vector<std::string> unknown;                   ///< caller candidates that are not in the catalogue
  ScoredRows scored = {};
};

/// Candidates by descending score, ties by item id.
struct Ranked {
  std::vector<Candidate> alive;
  std::vector<Dropped> dropped;
  std::vector<std::string> unknown;
  ScoredRows scored = {};
};

struct SlateChoice {
  Candidate candidate;
  std::uint32_t slot = 0;
  double propensity = 1;
  bool usable_for_evaluation = true;
};

struct Slate {
  std::vector<SlateChoice> choices;
  std::optional<Hold> hold;
  Outcome outcome = Outcome::items;
  std::vector<Reason> reasons;                        ///< why shorter than asked, why nothing
  std::vector<Dropped> dropped;
  std::vector<std::string> unknown;
  double merchandising_cost = 0;                      ///< score given up by boosts and pins
  double diversity_cost = 0;                          ///< score given up so that the slate is mixed, in the account's currency
  ScoredRows scored = {};
};

} // namespace takt
