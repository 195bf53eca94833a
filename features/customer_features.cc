// The customer's part of the row, from one pass over the journey and one over the orders; customer_ledger.cc reads the ledger.
#include "features/customer_parts.h"

#include "core/evidence.h"
#include "core/limits.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

constexpr std::size_t recent_items_max = 50;
/// Less than that is an accident (features/intent.h), not a visit to an item.
constexpr float evidence_min = 0.1F;
/// A shoe is bought again after months, not days.
constexpr Duration purchases_half_life = days(90);
constexpr Duration order_recency_half_life = days(30);

/// What is left of something that happened at `at`, per half-life of the counters.
DecayedCounts decays(UtcTime now, UtcTime at) {
  static_assert(counter_half_lives[1].count() == 7 * counter_half_lives[0].count() && counter_half_lives[3].count() == 3 * counter_half_lives[2].count());
  const double week = decay(now, at, days(7)), season = decay(now, at, days(90));
  const double two = week * week, four = two * two; // two powers give all four
  return {four * two * week, week, season * season * season, season};
}
constexpr std::size_t of_week = 1, of_season = 3;
static_assert(affinity_half_life == counter_half_lives[of_week] && purchases_half_life == counter_half_lives[of_season]);

void add(DecayedCounts& counts, const DecayedCounts& worth, double weight) {
  for (std::size_t c = 0; c < counts.size(); ++c) counts[c] += weight * worth[c];
}

bool is_view(JourneyKind kind) {
  return kind == JourneyKind::view || kind == JourneyKind::click || kind == JourneyKind::promotion_click || kind == JourneyKind::message_click;
}

CategoryHistory& history_of(CustomerFeatures& features, Symbol category) {
  if (const std::uint32_t* row = features.category_row.find(category)) return features.categories[*row];
  features.category_row.emplace(category, static_cast<std::uint32_t>(features.categories.size()));
  return features.categories.emplace_back();
}

/// Evidence of the journey per dimension: what the shares are shares of.
struct Evidence {
  double with_category = 0, with_brand = 0;
};

/// Views are counted over 14 days: long enough to come back to an undecided purchase.
double views_worth(const DecayedCounts& worth) { return std::sqrt(worth[of_week]); }

/// 1 = bought; what training calls the weight of an act.
float strength_of(double weight) { return static_cast<float>(weight / evidence_of(JourneyKind::purchase)); }

Evidence read_journey(const CustomerRecord& record, const SessionState& session, UtcTime now, CustomerFeatures& features) {
  Evidence evidence;
  const bool session_runs = session.ordinal > 0 && session.start_for(now) == session.start;
  FlatSymbolMap<std::uint32_t> place; // item → row in recent_items
  FlatSymbolMap<char> in_session;
  features.viewed.reserve(record.journey.size());
  features.recent_items.reserve(recent_items_max);
  for (auto* numbers : {&features.recent_weights, &features.recent_strengths}) numbers->reserve(recent_items_max);
  features.recent_times.reserve(recent_items_max);
  for (auto event = record.journey.rbegin(); event != record.journey.rend(); ++event) {
    const double weight = evidence_of(event->kind) * static_cast<double>(event->weight);
    if (weight <= 0 || event->at > now) continue;
    const DecayedCounts worths = decays(now, event->at);
    const double worth = weight * worths[of_week];
    if (event->category != Symbol::none) evidence.with_category += worth;
    if (event->brand != Symbol::none) evidence.with_brand += worth;
    if (is_view(event->kind)) {
      add(features.views, worths, static_cast<double>(event->weight));
      if (event->category != Symbol::none) add(history_of(features, event->category).views, worths, static_cast<double>(event->weight));
    }
    if (event->item == Symbol::none) continue;
    if (is_view(event->kind)) features.viewed[event->item] += event->weight * static_cast<float>(views_worth(worths));
    if (event->weight <= evidence_min) continue;
    if (const std::uint32_t* known = place.find(event->item)) {
      features.recent_weights[*known] += static_cast<float>(worth);
      features.recent_strengths[*known] = std::max(features.recent_strengths[*known], strength_of(weight));
    } else if (features.recent_items.size() < recent_items_max) {
      place.emplace(event->item, static_cast<std::uint32_t>(features.recent_items.size()));
      features.recent_items.push_back(event->item);
      features.recent_weights.push_back(static_cast<float>(worth));
      features.recent_strengths.push_back(strength_of(weight));
      features.recent_times.push_back(event->at);
    }
    if (session_runs && event->session == session.ordinal && in_session.emplace(event->item, 1))
      features.session_items.push_back(event->item);
  }
  return evidence;
}

void read_affinities(const CustomerRecord& record, UtcTime now, const Evidence& evidence, CustomerFeatures& features) {
  const auto share = [](double part, double whole) { return static_cast<float>(std::min(part / whole, 1.0)); };
  for (const Affinity& affinity : record.affinities) {
    if (affinity.label == Symbol::none) continue;
    const double value = affinity.value * decay(now, affinity.at, affinity_half_life);
    if (affinity.dimension == Affinity::Dimension::category && evidence.with_category > 0)
      features.category_affinity.emplace(affinity.label, share(value, evidence.with_category));
    if (affinity.dimension == Affinity::Dimension::brand && evidence.with_brand > 0)
      features.brand_affinity.emplace(affinity.label, share(value, evidence.with_brand));
  }
}

void read_orders(const CustomerRecord& record, UtcTime now, CustomerFeatures& features) {
  double paid = 0, pieces = 0;
  for (const Order& order : record.orders) {
    if (order.at > now) continue;
    const DecayedCounts worths = decays(now, order.at);
    bool kept = false;
    for (const OrderLine& line : order.lines) {
      if (line.quantity <= 0 || line.item == Symbol::none) continue; // returned, or nobody said what it was
      kept = true;
      const double quantity = static_cast<double>(line.quantity);
      const auto worth = static_cast<float>(worths[of_season] * quantity);
      features.bought[line.item] += worth;
      if (line.group != Symbol::none && line.group != line.item) features.bought[line.group] += worth;
      if (!line.category.empty()) add(history_of(features, line.category.back()).orders, worths, quantity);
      if (line.price_micros <= 0) continue;
      const double price = static_cast<double>(line.price_micros) / 1e6;
      paid += price * quantity;
      pieces += quantity;
      features.spent += price * quantity * worths[of_season];
    }
    if (!kept) continue;
    add(features.orders, worths, 1);
    features.order_recency = std::max(features.order_recency, static_cast<float>(decay(now, order.at, order_recency_half_life)));
  }
  if (pieces > 0) features.mean_price = static_cast<float>(paid / pieces);
}

void take_logarithms(CustomerFeatures& features) {
  for (CategoryHistory& history : features.categories) {
    for (std::size_t c = 0; c < history.views.size(); ++c) {
      if (history.views[c] > 0) history.logarithms[c] = static_cast<float>(std::log1p(history.views[c]));
      if (history.orders[c] > 0) history.logarithms[history.views.size() + c] = static_cast<float>(std::log1p(history.orders[c]));
    }
  }
}

} // namespace

CustomerFeatures build_customer_features(const CustomerRecord& record, const SessionState& session, UtcTime now, bool profile_allowed) {
  CustomerFeatures features;
  read_ledger(record.ledger, now, features);
  if (!profile_allowed) return features;
  const Evidence evidence = read_journey(record, session, now, features);
  read_affinities(record, now, evidence, features);
  read_orders(record, now, features);
  take_logarithms(features);
  if (session.last_activity && *session.last_activity < now)
    features.hours_since_last_visit = static_cast<float>(static_cast<double>((now - *session.last_activity).count()) / 3.6e6);
  features.is_new = record.journey.empty() && record.orders.empty();
  return features;
}

} // namespace takt
