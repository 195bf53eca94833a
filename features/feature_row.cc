#include "features/feature_row.h"

#include "core/check.h"
#include "core/hash.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace takt {
namespace {

// Order is part of the fingerprint: append, never reorder or rename, and retrain. The enum is the order of the table.
enum Column : std::size_t {
  taste_match, retrieval_score, session, anchor, service, category_affinity, brand_affinity, popularity, freshness,
  price_distance, bought_before, viewed_before, caller_score, exposures, contacts_last_week, days_since_visit, is_new, columns_count,
};

constexpr FeatureColumn columns[] = {
    {"taste_match", "cosine of the item's vector and the decayed mean of recent items, -1 to 1"},
    {"retrieval_score", "score within the source that found it best, 0 to 1"},
    {"session", "1 where it was found from the running session"},
    {"anchor", "1 where it was found from the anchor of the request"},
    {"service", "1 for items that serve and do not sell"},
    {"category_affinity", "share of the person's decayed evidence in the item's category, 0 to 1"},
    {"brand_affinity", "share of the person's decayed evidence for the item's brand, 0 to 1"},
    {"popularity", "decayed popularity on a log scale, 0 to 1"},
    {"freshness", "2^(-age / 14 days), 0 to 1"},
    {"price_distance", "|ln(price / the person's mean price)|, at most 3; 0 where one is unknown"},
    {"bought_before", "ln(1 + decayed quantity of the item or its group)"},
    {"viewed_before", "ln(1 + decayed views of the item)"},
    {"caller_score", "the caller's own score, squashed to 0 to 1"},
    {"exposures", "ln(1 + times shown so far)"},
    {"contacts_last_week", "ln(1 + contacts over all channels within 7 days)"},
    {"days_since_visit", "ln(1 + days since the last visit)"},
    {"is_new", "1 where nothing is known about the person"},
};
static_assert(std::size(columns) == columns_count);

constexpr float freshness_half_life_days = 14;
constexpr float price_distance_max = 3;

template <class Value>
float look_up(const FlatSymbolMap<Value>& map, Symbol key) {
  const Value* found = map.find(key);
  return found ? static_cast<float>(*found) : 0.0F;
}

/// Most counts are zero, and the logarithm would be asked five times a candidate.
float log_count(float count) { return count > 0 ? std::log1p(count) : 0.0F; }

float price_distance_of(float price, float mean_price) {
  if (price <= 0 || mean_price <= 0) return 0; // one is unknown
  return std::min(std::fabs(std::log(price / mean_price)), price_distance_max);
}

std::uint64_t fingerprint_of(std::span<const FeatureColumn> all) {
  std::string names;
  for (const FeatureColumn& column : all) {
    names += column.name;
    names += '\n';
  }
  return hash64(names);
}

} // namespace

const FeatureSchema& feature_schema() {
  static const FeatureSchema schema{columns, fingerprint_of(columns)};
  return schema;
}

void write_feature_row(const CustomerFeatures& customer, const ItemFeatures& item, std::span<float> row) {
  TAKT_CHECK(row.size() == columns_count, "a feature row has the schema's width");
  const float bought = std::max(look_up(customer.bought, item.item), look_up(customer.bought, item.group));
  // The deepest known prefix speaks for the item; a share of a parent holds all its children, so it is never smaller.
  float category = 0;
  for (std::size_t depth = item.category.size(); depth > 0 && category <= 0; --depth)
    category = look_up(customer.category_affinity, item.category[depth - 1]);
  row[taste_match] = item.taste_match;
  row[retrieval_score] = item.retrieval_score;
  row[session] = item.from_session ? 1.0F : 0.0F;
  row[anchor] = item.from_anchor ? 1.0F : 0.0F;
  row[service] = item.is_service ? 1.0F : 0.0F;
  row[category_affinity] = category;
  row[brand_affinity] = look_up(customer.brand_affinity, item.brand);
  row[popularity] = item.popularity;
  row[freshness] = std::exp2(-std::max(item.age_days, 0.0F) / freshness_half_life_days);
  row[price_distance] = price_distance_of(item.price, customer.mean_price);
  row[bought_before] = log_count(bought);
  row[viewed_before] = log_count(look_up(customer.viewed, item.item));
  row[caller_score] = item.caller_score;
  row[exposures] = log_count(look_up(customer.exposures, item.item));
  row[contacts_last_week] = log_count(customer.contacts_last_week);
  row[days_since_visit] = log_count(customer.hours_since_last_visit / 24);
  row[is_new] = customer.is_new ? 1.0F : 0.0F;
}

} // namespace takt
