#pragma once
/// The feature row of one (customer, item, placement): named columns with a fingerprint; a model refuses the wrong one.
/// One code path for live decisions, training export and replay. Pure: no store, no clock.
#include "core/cap.h"
#include "core/flat_symbol_map.h"
#include "core/record.h"
#include "core/symbol.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace takt {

/// The customer's part, computed once per decision.
struct CustomerFeatures {
  std::vector<Symbol> recent_items;                    ///< distinct, newest first, at most 50: views, clicks, adds, orders by weight > 0.1
  std::vector<float> recent_weights;                   ///< same length: decayed evidence, accidental clicks near 0
  std::vector<Symbol> session_items;                   ///< of the running session, newest first
  FlatSymbolMap<float> category_affinity;              ///< share of decayed evidence in [0,1]
  FlatSymbolMap<float> brand_affinity;
  FlatSymbolMap<float> bought;                         ///< item or group → decayed quantity
  FlatSymbolMap<float> viewed;                         ///< item → decayed views
  FlatSymbolMap<std::uint32_t> exposures;              ///< item → shown so far (ledger)
  std::vector<float> taste;                            ///< unit length, in the space of the served model's items; empty = unknown
  float mean_price = 0;                                ///< of bought items; 0 = unknown
  float hours_since_last_visit = 0;
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
  bool from_session = false, from_anchor = false, is_service = false;
};

struct FeatureColumn { std::string_view name; std::string_view meaning; };
struct FeatureSchema {
  std::span<const FeatureColumn> columns;
  std::uint64_t fingerprint = 0;
};
const FeatureSchema& feature_schema();

/// `profile_allowed == false`: nothing about the person is read but exposures (caps and fatigue stay on).
CustomerFeatures build_customer_features(const CustomerRecord& record, const SessionState& session, UtcTime now, bool profile_allowed);
/// Writes feature_schema().columns.size() floats.
void write_feature_row(const CustomerFeatures& customer, const ItemFeatures& item, std::span<float> row);

} // namespace takt
