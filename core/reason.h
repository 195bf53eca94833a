#pragma once
/// Why: every drop, discount, boost and detour has a Reason. Enums are append-only and their texts are the API's codes.
#include "core/symbol.h"
#include "core/time.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

enum class Stage : std::uint8_t { profile, features, retrieve, eligibility, caps, score, fatigue, arbitrate, compose, log };
constexpr std::size_t stages_count = 10;
std::string_view to_text(Stage stage);

enum class ReasonCode : std::uint8_t {
  capped, gap, fatigued, post_purchase, gated, quiet_hours, consent, ineligible, inactive, out_of_schedule, out_of_stock,
  placement_mismatch, excluded, filtered, duplicate, group_duplicate, diversity, holdout, below_hold, dismissed,
  budget_exhausted, paused, hidden, outranked, not_retrieved, unknown_item,
  // appended by us; never renamed
  anchor, no_rate, deadline_skipped, contention, no_candidates, store_unavailable, bot, calibration, launch, boosted, pinned,
};
constexpr std::size_t reason_codes_count = static_cast<std::size_t>(ReasonCode::pinned) + 1;
std::string_view to_text(ReasonCode code);

/// Where a candidate came from; append-only (contract.md §3).
enum class Source : std::uint8_t {
  similar, bought_together, viewed_together, taste, session, recently_viewed, trending, new_items, popular, pinned, service, list, caller,
  relevance, launch, // appended by us
};
constexpr std::size_t sources_count = static_cast<std::size_t>(Source::launch) + 1;
std::string_view to_text(Source source);
std::optional<Source> parse_source(std::string_view text);

struct Reason {
  Stage stage = Stage::eligibility;
  ReasonCode code = ReasonCode::ineligible;
  std::string rule;                          ///< id of the cap, gate or pause; empty where there is none
  std::optional<std::uint32_t> observed;     ///< n(t)
  std::optional<std::uint32_t> limit;
  std::optional<double> factor;              ///< discounts and boosts
  std::optional<UtcTime> eligible_again;
  bool provisional = false;
  bool operator==(const Reason&) const = default;
};

/// One sentence for a person, in `locale` ("de", "de-DE", anything else: English).
std::string describe(const Reason& reason, std::string_view locale);

/// Why an item is shown, for the customer: code and the item it refers to.
enum class Because : std::uint8_t { viewed, bought, similar_to, popular, trending, new_item, category, brand, chosen_for_you, service, picked };
std::string_view to_text(Because because);
std::string describe(Because because, std::string_view subject, std::string_view locale);

} // namespace takt
