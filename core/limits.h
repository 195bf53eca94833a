#pragma once
/// Every maximum in one place, with its reason. What a limit cuts is refused or counted, never silently lost.
#include "core/time.h"

#include <cstddef>

namespace takt::limits {

// ---- what comes in (ecosystem.md §1.1: Segment's public limits, and the sizes SDKs really send)
constexpr std::size_t event_bytes_max = 32 * 1024;
constexpr std::size_t batch_events_max = 2500;
constexpr std::size_t body_bytes_max = 1024 * 1024;          ///< compressed or plain
constexpr std::size_t body_inflated_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t json_depth_max = 32;                   ///< nlohmann's copy and dump recurse; real requests need 6
constexpr std::size_t id_bytes_max = 128;
constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t import_line_bytes_max = 1024 * 1024;   ///< an item with i18n and attributes
constexpr Duration future_tolerance = days(1);               ///< later than that is a wrong clock: rejected; up to it: clamped

// ---- one decision
constexpr std::size_t placements_per_call_max = 10;
constexpr std::size_t slots_max = 50;                        ///< per placement; a longer list is a page, see `after`
constexpr std::size_t caller_candidates_max = 1000;
constexpr std::size_t candidates_max = 400;                  ///< after merging the sources: 400 rows of features stay in L2
constexpr std::size_t per_source_max = 100;
constexpr std::size_t exclude_max = 1000;
constexpr std::size_t condition_nodes_max = 200;
constexpr std::size_t condition_depth_max = 10;
constexpr Duration condition_window_max = days(400);         ///< as far as eligible_again looks ahead; without `within` a condition looks back further
constexpr int commit_attempts_max = 4;                       ///< first try and three reruns (semantics.md RESERVE 3)

// ---- one customer
constexpr std::size_t journey_events_max = 200;              ///< recency windows of the models end well before
constexpr std::size_t ledger_entries_max = 4000;             ///< 40 a day over the horizon; beyond it the record is saturated
constexpr std::size_t label_sets_max = 4000;
constexpr std::size_t traits_max = 100;
constexpr std::size_t trait_bytes_max = 1024;
constexpr std::size_t identities_max = 100;
constexpr std::size_t merges_max = 200;                      ///< absorbed records; the oldest cannot be un-merged any more
constexpr Duration unmerge_window = days(30);                ///< semantics.md "Identity"; the journal is kept longer
constexpr std::size_t orders_max = 200;
constexpr std::size_t facts_max = 100;
constexpr std::size_t fact_switches_max = 32;                ///< per fact; only the latest decides, a few more serve late arrivals
constexpr std::size_t order_refunds_max = 64;                ///< per order
constexpr std::size_t zones_max = 200;                       ///< a calendar period looks back one month at most
constexpr std::size_t dismissals_max = 200;
constexpr std::size_t marks_per_entry_max = 64;              ///< a page that re-renders for ever must not grow the record
constexpr std::size_t sessions_max = 400;                    ///< only the newest are asked for
constexpr std::size_t affinities_max = 64;
constexpr std::size_t requests_max = 64;                     ///< live request ids
constexpr Duration ledger_horizon = days(100);
constexpr Duration request_mark_life = days(1);
constexpr Duration dedupe_mark_life = days(7);

// ---- rules
constexpr std::size_t cap_rules_max = 50;
constexpr std::size_t merchandising_parts_max = 20;         ///< boosts of one rule: more are a lever each
constexpr std::size_t timed_rules_max = 50;                 ///< quiet hours, pauses: each is asked for every candidate
constexpr std::size_t selector_values_max = 1000;
constexpr std::size_t custom_features_max = 32;             ///< read for every candidate of every decision, and logged
constexpr std::size_t audiences_max = 1000;                  ///< all are compiled into every World
constexpr std::size_t audience_members_max = 50'000;         ///< of an imported list: a body of 1 MB holds about as many
constexpr std::size_t audience_chain_max = 10;               ///< one names another, which names another …
constexpr std::size_t audience_scan_max = 100'000;           ///< customers that one call of count or export reads: about a second
constexpr Duration session_silence = minutes(30);
constexpr Duration reshow_silence = minutes(30);
constexpr Duration eligible_again_horizon = days(400);
constexpr Duration confirm_grace_screen = minutes(5);
constexpr Duration confirm_grace_message = hours(6);

// ---- store
constexpr std::size_t snapshot_every = 32;                   ///< entries folded per cold read at most
constexpr std::size_t item_title_bytes_max = 512;

} // namespace takt::limits
