#pragma once
/// What is asked, what is answered, and what the log keeps so that it can be replayed, explained and evaluated.
#include "core/condition.h"
#include "core/id.h"
#include "core/record.h"
#include "core/reason.h"
#include "core/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace takt {

enum class Explain : std::uint8_t { none, summary, full };

struct CallerCandidate { ItemId item; std::optional<double> score; bool operator==(const CallerCandidate&) const = default; };

struct PlacementRequest {
  PlacementId placement;
  std::optional<std::uint32_t> limit;
  std::vector<ItemId> anchor_items;
  std::optional<std::vector<CallerCandidate>> candidates;
  bool operator==(const PlacementRequest&) const = default;
};

struct RequestContext {
  std::string channel, device, locale, timezone, session_id, page_path;
  std::vector<std::pair<Purpose, bool>> consent;        ///< of this call only
  bool operator==(const RequestContext&) const = default;
};

struct DecisionRequest {
  std::string request_id;                               ///< "" = none
  std::string user_id, anonymous_id;
  CustomerId customer;                                  ///< set: forced by id (CLI "c-…", replay)
  std::vector<PlacementRequest> placements;
  RequestContext context;
  std::vector<ItemId> exclude;
  std::optional<Condition> filter;
  DecisionId after;                                     ///< next page of that decision
  std::vector<DecisionId> replaces;
  Explain explain = Explain::none;
  bool dry_run = false;
  UtcTime now{};                                        ///< enters at the edge
  std::uint64_t seed = 0;
  std::uint64_t body_hash = 0;                          ///< of customer, placements, candidates, exclude, filter
  std::string key_name;                                 ///< of the API key; request ids are unique per key and customer
  bool operator==(const DecisionRequest&) const = default;
};

/// Everything that the score is made of; they reproduce it to 1e-9 (design.md §4 "Worth").
struct ScoreTerms {
  double p_act = 0, p_nothing = 0, value = 0, context = 1, lever = 1, contact_cost = 0, attention_price = 0, fatigue_factor = 1;
  double score() const { return (p_act * fatigue_factor - p_nothing) * value * context * lever - contact_cost - attention_price; }
  bool operator==(const ScoreTerms&) const = default;
};

struct Choice {
  ItemId item;
  std::uint32_t slot = 0;                               ///< from 1
  double score = 0;
  double propensity = 1;                                ///< P(item at this slot | slots before it in the call, features, arms, policy)
  bool usable_for_evaluation = true;                    ///< false: pinned, fallback
  Source source = Source::popular;
  UtcTime reserved_until{};
  ScoreTerms terms;
  Because because = Because::chosen_for_you;
  std::string because_item;                             ///< item id or label it refers to
  std::vector<Reason> reasons;
  bool operator==(const Choice&) const = default;
};

enum class Outcome : std::uint8_t { items, hold, fallback, defer };
std::string_view to_text(Outcome outcome);
enum class HoldKind : std::uint8_t { chosen, no_candidates, holdout, degraded };
std::string_view to_text(HoldKind kind);
struct Hold { std::uint32_t slot = 0; HoldKind kind = HoldKind::chosen; double propensity = 1; bool operator==(const Hold&) const = default; };

struct DroppedItem {
  ItemId item;
  std::vector<Reason> blocked_by;
  std::optional<UtcTime> eligible_again;
  bool provisional = false;
  bool operator==(const DroppedItem&) const = default;
};

struct StageTiming {
  Stage stage = Stage::profile;
  std::uint32_t in = 0, out = 0;
  std::int64_t nanos = 0;                               ///< not part of what replay compares
  bool operator==(const StageTiming&) const = default;
};

/// What the scorer saw, bit for bit, of the slate's items and of a few others that passed all rules (log-and-wait: training reads these rows
/// and computes none again; replay must reproduce them). Items that were not scored, such as a fallback, are not there.
struct LoggedFeatures {
  std::uint64_t schema = 0;                             ///< fingerprint of the columns; 0 = nothing was scored, or logged before there were rows
  std::vector<float> shared;                            ///< columns that are the same for all candidates
  std::vector<ItemId> items;
  std::vector<float> own;                               ///< items.size() rows of the columns that are the item's
  std::vector<std::uint64_t> custom_columns;            ///< print_of each configured column (core/custom_feature.h), in order
  std::vector<float> custom;                            ///< items.size() rows of those
  bool operator==(const LoggedFeatures&) const = default;
};

struct PlacementDecision {
  PlacementId placement;
  Outcome outcome = Outcome::items;
  std::optional<UtcTime> not_before;
  std::optional<Hold> hold;
  std::vector<Choice> choices;
  std::vector<Reason> reasons;                          ///< why short, why nothing
  std::vector<StageTiming> funnel;
  std::map<ReasonCode, std::uint32_t> drops;            ///< counts by code
  std::vector<DroppedItem> dropped;                     ///< explain=full; in the log: bounded
  std::vector<std::string> unknown_candidates;
  std::optional<double> diversity_cost;                 ///< score given up so that the slate is mixed; none where nothing was
  std::optional<double> merchandising_cost;             ///< score given up by boosts and pins; none where nothing was
  LoggedFeatures features;
  bool operator==(const PlacementDecision&) const = default;
};

/// Everything global that a decision read, by version: replay needs the same.
struct Versions {
  std::uint64_t rules = 0;
  std::uint64_t rules_hash = 0;
  std::uint64_t catalogue = 0;
  std::uint64_t artefacts = 0;
  std::string model, index;
  bool operator==(const Versions&) const = default;
};

/// What a cap over more than one customer had counted when this decision asked, and what the answer took of it: an input that nobody could
/// find again in the customer's record (semantics.md "Total caps"). Kept of keys that could have blocked here, or that the answer counts in.
struct TotalSeen {
  std::string rule;
  SymbolList key;                                       ///< in the order of `per`; before that the group, where the rule is per group of customers
  std::uint32_t count = 0;                              ///< n(t) before the answer, without what the call released itself
  std::uint32_t taken = 0;                              ///< tokens that the answer takes
  std::uint32_t needed = 0;                             ///< so many had to be free: less than taken where some of it is exempt
  std::optional<UtcTime> free_at;                       ///< of a full one: when it is not, if nothing more happens; none: no end is known
  bool provisional = false;                             ///< it is free then because a reservation expires
  bool operator==(const TotalSeen&) const = default;
};

struct Degraded { Stage stage = Stage::retrieve; ReasonCode code = ReasonCode::deadline_skipped; bool operator==(const Degraded&) const = default; };

struct Decision {
  DecisionId id;                                        ///< none for dry runs
  DecisionId supersedes;
  CustomerId customer;
  Version record_version = 0;                           ///< that was read
  std::string session_id;
  UtcTime now{};                                        ///< max(clock, record.clock)
  Versions versions;
  std::vector<PlacementDecision> placements;
  std::vector<TotalSeen> totals;                        ///< by rule, then key
  std::vector<Degraded> degraded;
  bool replayed = false;
  bool operator==(const Decision&) const = default;
};

/// One line of the decision log.
struct DecisionRecord {
  DecisionRequest request;
  Decision decision;
  bool operator==(const DecisionRecord&) const = default;
};

/// Bytes of the log; evolves as docs/formats.md says. Errors: corrupt.
std::string encode_decision(const DecisionRecord& record);
Result<DecisionRecord> decode_decision(std::string_view bytes);

} // namespace takt
