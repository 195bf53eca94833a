#pragma once
/// The stages between the record and the log, each a pure function: what it reads is in its arguments. One .cc per stage.
/// `call` is changed by compose only (chosen items, caps consumed). Order and meaning: docs/life_of_a_decision.md.
#include "engine/call.h"
#include "engine/candidate.h"
#include "features/feature_row.h"

namespace takt {

/// 3 retrieve: every source of the placement that applies, merged (best normalised score wins, then source order, then id),
/// bounded by limits::candidates_max. With request.candidates only the caller's. Statically impossible items (kind, removed)
/// are left out. `without` (ascending) are items a first pass dropped, excluded exactly when widening.
/// A late source is skipped and noted in call.degraded.
Candidates retrieve_items(Call& call, const Opening& opening, const CustomerFeatures& features, std::span<const ItemIndex> without, bool popular_only);

/// 4 eligibility: active, schedule, stock, placement/channel/region, consent, gates, dismissals, purchase pause, exclude, filter,
/// taken by an earlier placement. Organic placements drop only inactive, stock, consent-to-personalise and what the caller excluded.
/// All reasons that block are reported, each with eligible_again where the item's own data say so.
Candidates drop_ineligible(const Call& call, const Opening& opening, Candidates items);

/// 5 caps: hard limits of the exposure ledger. Not for organic placements.
Candidates apply_caps(const Call& call, const Opening& opening, Candidates items);

/// 6 score: item part of the feature row + the scorer, one batch. Fills terms.p_act, p_nothing, value, contact_cost, attention_price.
/// Columns that the scorer does not look at are written for the sample only; its rows are `scored`.
Candidates score_items(const Call& call, const Opening& opening, const CustomerFeatures& features, Candidates items);

/// 7 fatigue: discount by F(t) over shown entries (core/policy.h FatiguePolicy). Fills terms.fatigue_factor and a Reason.
Candidates apply_fatigue(const Call& call, const Opening& opening, Candidates items);

/// 8 arbitrate: value of acting against nothing: score = terms.score(); drops what does not beat hold where the placement allows
/// hold (never_hold kinds stay, below every positive score); orders the rest.
Ranked arbitrate(const Call& call, const Opening& opening, Candidates items);

/// 9 compose: slot by slot: diversity gain (MMR or greedy DPP; calibration to the person's mix of categories), the slate's own caps, softmax draw keyed by (seed, placement,
/// slot, item) with its exact propensity; hold takes part where allowed. What is not chosen is `outranked`, `group_duplicate` or capped
/// by the slate. Empty → hold{no_candidates}, or what the blocking rule asks for (nothing, defer). Changes `call`: items, groups
/// and caps consumed. Balanced: choices + what it drops = what came in, which is why the fallback is a step of its own.
Slate compose(Call& call, const Opening& opening, const CustomerFeatures& features, Ranked ranked);

/// 9a What the log keeps of what the scorer saw: the whole rows of the choices join those of the sample, and `row` of each says which is its
/// own. Cost: ~0.3 µs a choice.
Slate keep_rows(const Call& call, const Opening& opening, const CustomerFeatures& features, Slate slate);

/// 9b After compose, outside the count: an empty slate gets the placement's fallback items, through eligibility and caps like all
/// others; propensity 1, not usable for evaluation. A hold that was chosen, `nothing` and `defer` stay as they are.
Slate add_fallback(Call& call, const Opening& opening, Slate slate);

/// Everything that blocks this item here in time, as obstacles for eligible_again (gates, pauses, dismissals, schedule).
/// The obstacles refer to `call`, which must outlive them.
std::vector<std::unique_ptr<Obstacle>> obstacles_for(const Call& call, const Opening& opening, const CatalogueItem& item);

/// When this item could be shown here again: every rule and obstacle together, this call's slots left out. nullopt inside where
/// nothing blocks or no end is known. Cost: see core/cap.h; for explanations, not for every dropped item of every decision.
EligibleAgain eligible_again_at(const Call& call, const Opening& opening, const CatalogueItem& item);

/// Labels of an item at this opening.
LabelSet labels_at(const ItemFront& item, const PlacementRules& rules);

} // namespace takt
