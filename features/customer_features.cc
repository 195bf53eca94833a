#include "core/evidence.h"
#include "core/limits.h"
#include "features/feature_row.h"

#include <algorithm>
#include <cmath>

namespace takt {
namespace {

constexpr std::size_t recent_items_max = 50;
/// Less than that is an accident (features/intent.h), not a visit to an item.
constexpr float evidence_min = 0.1F;
constexpr Duration views_half_life = days(14);
/// A shoe is bought again after months, not days.
constexpr Duration purchases_half_life = days(90);

double decay(UtcTime now, UtcTime at, Duration half_life) {
  // An event of the future is a clock that runs ahead: it counts as of now.
  const double age = static_cast<double>(std::max((now - at).count(), std::int64_t{0}));
  return std::exp2(-age / static_cast<double>(half_life.count()));
}

bool is_view(JourneyKind kind) {
  return kind == JourneyKind::view || kind == JourneyKind::click || kind == JourneyKind::promotion_click || kind == JourneyKind::message_click;
}

/// Evidence of the journey per dimension: what the shares are shares of.
struct Evidence {
  double with_category = 0, with_brand = 0;
};

Evidence read_journey(const CustomerRecord& record, const SessionState& session, UtcTime now, CustomerFeatures& features) {
  Evidence evidence;
  const bool session_runs = session.ordinal > 0 && session.start_for(now) == session.start;
  FlatSymbolMap<std::uint32_t> place; // item → row in recent_items
  FlatSymbolMap<char> in_session;
  features.viewed.reserve(record.journey.size());
  features.recent_items.reserve(recent_items_max);
  features.recent_weights.reserve(recent_items_max);
  for (auto event = record.journey.rbegin(); event != record.journey.rend(); ++event) {
    const double weight = evidence_of(event->kind) * static_cast<double>(event->weight);
    if (weight <= 0) continue;
    const double worth = weight * decay(now, event->at, affinity_half_life);
    if (event->category != Symbol::none) evidence.with_category += worth;
    if (event->brand != Symbol::none) evidence.with_brand += worth;
    if (event->item == Symbol::none) continue;
    if (is_view(event->kind)) features.viewed[event->item] += event->weight * static_cast<float>(decay(now, event->at, views_half_life));
    if (event->weight <= evidence_min) continue;
    if (const std::uint32_t* known = place.find(event->item)) {
      features.recent_weights[*known] += static_cast<float>(worth);
    } else if (features.recent_items.size() < recent_items_max) {
      place.emplace(event->item, static_cast<std::uint32_t>(features.recent_items.size()));
      features.recent_items.push_back(event->item);
      features.recent_weights.push_back(static_cast<float>(worth));
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
    const double worth = decay(now, order.at, purchases_half_life);
    for (const OrderLine& line : order.lines) {
      if (line.quantity <= 0 || line.item == Symbol::none) continue; // returned, or nobody said what it was
      const auto quantity = static_cast<float>(worth * static_cast<double>(line.quantity));
      features.bought[line.item] += quantity;
      if (line.group != Symbol::none && line.group != line.item) features.bought[line.group] += quantity;
      if (line.price_micros <= 0) continue;
      paid += static_cast<double>(line.price_micros) / 1e6 * static_cast<double>(line.quantity);
      pieces += static_cast<double>(line.quantity);
    }
  }
  if (pieces > 0) features.mean_price = static_cast<float>(paid / pieces);
}

void read_ledger(const Ledger& ledger, UtcTime now, CustomerFeatures& features) {
  std::vector<ContactId> contacts;
  features.exposures.reserve(ledger.label_sets.size());
  for (const Entry& entry : ledger.entries) {
    if (entry.origin == EntryOrigin::ghost || entry.origin == EntryOrigin::unverified) continue;
    const LabelSet& labels = ledger.labels_of(entry);
    const std::optional<UtcTime> shown = shown_at(entry, labels.medium);
    if (!shown || *shown > now) continue;
    if (labels.item != Symbol::none) ++features.exposures[labels.item]; // a call, or a mail that names no item, is a contact only
    if (now - *shown < days(7)) contacts.push_back(entry.id.contact());
  }
  for (const Tally& tally : ledger.tallies)
    if (const Symbol item = ledger.label_sets[tally.labels].item; item != Symbol::none && tally.counted == MarkKind::viewed && !tally.unverified)
      features.exposures[item] += tally.count;
  std::sort(contacts.begin(), contacts.end());
  const auto distinct = std::unique(contacts.begin(), contacts.end()) - contacts.begin();
  features.contacts_last_week = static_cast<float>(distinct);
}

} // namespace

CustomerFeatures build_customer_features(const CustomerRecord& record, const SessionState& session, UtcTime now, bool profile_allowed) {
  CustomerFeatures features;
  read_ledger(record.ledger, now, features);
  if (!profile_allowed) return features;
  const Evidence evidence = read_journey(record, session, now, features);
  read_affinities(record, now, evidence, features);
  read_orders(record, now, features);
  if (session.last_activity && *session.last_activity < now)
    features.hours_since_last_visit = static_cast<float>(static_cast<double>((now - *session.last_activity).count()) / 3.6e6);
  features.is_new = record.journey.empty() && record.orders.empty();
  return features;
}

} // namespace takt
