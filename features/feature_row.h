#pragma once
/// The feature row of one (customer, item, placement): named columns with a fingerprint; a model refuses the wrong one.
/// One code path for live decisions, the log, training and replay. Pure: no store, no clock, nothing later than `now`.
#include "core/cap.h"
#include "core/flat_symbol_map.h"
#include "core/record.h"
#include "core/symbol.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace takt {

/// Half-lives of the decayed counters: today, this week, this month, this season.
constexpr std::array<Duration, 4> counter_half_lives{days(1), days(7), days(30), days(90)};
/// One sum per half-life: Σ weight · 2^(-age / half-life). The order of the events does not matter.
using DecayedCounts = std::array<double, counter_half_lives.size()>;

/// What the person did in one category (its deepest prefix).
struct CategoryHistory {
  DecayedCounts views{}, orders{};
  std::array<float, 2 * counter_half_lives.size()> logarithms{}; ///< ln(1 + each of them), once per category and not per candidate
};
/// How often an item or a category was shown, and the last time.
struct SeenBefore {
  std::uint32_t count = 0;
  UtcTime last = UtcTime::min();
  bool operator==(const SeenBefore&) const = default;
};
/// Contacts of one channel: one decision × placement, one message, one talk.
struct ChannelContacts {
  Symbol channel = Symbol::none;
  float last_day = 0, last_week = 0;
  bool operator==(const ChannelContacts&) const = default;
};

/// The customer's part, computed once per decision.
struct CustomerFeatures {
  std::vector<Symbol> recent_items;                    ///< distinct, newest first, at most 50: views, clicks, adds, orders by weight > 0.1
  std::vector<float> recent_weights;                   ///< same length: decayed evidence, accidental clicks near 0
  std::vector<float> recent_strengths;                 ///< same length: the strongest evidence, not decayed; 1 = bought
  std::vector<UtcTime> recent_times;                   ///< same length: of the last time
  std::vector<Symbol> session_items;                   ///< of the running session, newest first
  FlatSymbolMap<float> category_affinity;              ///< share of decayed evidence in [0,1]
  FlatSymbolMap<float> brand_affinity;
  FlatSymbolMap<float> bought;                         ///< item or group → decayed quantity
  FlatSymbolMap<float> viewed;                         ///< item → decayed views
  FlatSymbolMap<std::uint32_t> category_row;           ///< category → row of `categories`
  std::vector<CategoryHistory> categories;
  FlatSymbolMap<SeenBefore> exposures;                 ///< item → shown so far (ledger)
  FlatSymbolMap<SeenBefore> category_exposures;        ///< category → the same
  std::vector<ChannelContacts> channel_contacts;       ///< one per channel that had any within a week
  FlatSymbolMap<float> relevance;                      ///< item → what the learnt methods say, 1 = the best; the best few hundred
  std::vector<Symbol> relevant_items;                  ///< those, best first
  std::vector<float> taste;                            ///< unit length, in the space of the served model's items; empty = unknown
  DecayedCounts views{}, orders{};                     ///< over all items
  double spent = 0;                                    ///< decayed over purchases_half_life
  float mean_price = 0;                                ///< of bought items; 0 = unknown
  float hours_since_last_visit = 0;
  float order_recency = 0;                             ///< 2^(-age / 30 d) of the last order; 0 = none
  float contacts_last_week = 0;                        ///< pressure over all channels
  bool is_new = true;
};

/// The item's part, as the engine knows it.
struct ItemFeatures {
  Symbol item = Symbol::none;
  Symbol group = Symbol::none;
  Symbol brand = Symbol::none;
  std::span<const Symbol> category;
  float popularity = 0;                                ///< [0,1]
  float taste_match = 0;                               ///< cosine in [-1,1]
  float retrieval_score = 0;                           ///< [0,1]
  float price = 0;                                     ///< 0 = none
  float age_days = 0;                                  ///< large = old or unknown
  float caller_score = 0;                              ///< squashed to [0,1]
  float click_rate = 0, order_rate = 0;                ///< smoothed responses per impression; 0 where nobody learnt them
  float category_click_rate = 0, category_order_rate = 0;
  bool from_session = false, from_anchor = false, is_service = false;
};

/// What is the same for all candidates of one placement.
struct FeatureContext {
  const CustomerFeatures& customer;
  const CustomerRecord& profile;                       ///< the record; an empty one where the person did not allow a profile
  SessionState session;
  UtcTime now{};
  Symbol channel = Symbol::none;                       ///< of the placement
  Duration utc_offset{};                               ///< of the clock on the person's wall
};

/// What a family looks at: `profile` needs consent, `ledger` is what caps and fatigue count (frequency).
enum class Reads : std::uint8_t { item, request, profile, ledger };
std::string_view to_text(Reads reads);

struct FeatureColumn { std::string_view name, meaning, range; };
struct SchemaColumn : FeatureColumn {
  std::string_view family;
  Reads reads = Reads::item;
};
struct FeatureSchema {
  std::vector<SchemaColumn> columns;                   ///< first those that all candidates share, then the candidate's own
  std::size_t shared_count = 0;
  std::uint64_t fingerprint = 0;                       ///< of families, their versions and columns, in order
  /// columns.size() where there is none of that name.
  std::size_t find(std::string_view name) const;
};
const FeatureSchema& feature_schema();

/// `profile_allowed == false`: nothing about the person is read but exposures (caps and fatigue stay on). Events after `now` are not read.
CustomerFeatures build_customer_features(const CustomerRecord& record, const SessionState& session, UtcTime now, bool profile_allowed);
/// One row of feature_schema().columns.size() floats per item, row-major; the low 8 bits of each are 0. Cost: ~100 ns a row.
void write_feature_rows(const FeatureContext& context, std::span<const ItemFeatures> items, std::span<float> rows);
/// The same bits in `columns` (ascending) of rows that were zero; the others mean nothing then. For a scorer that looks at few of them.
void write_feature_columns(const FeatureContext& context, std::span<const ItemFeatures> items, std::span<const std::size_t> columns,
                           std::span<float> rows);

} // namespace takt
