#include "core/evidence.h"
#include "core/fold_steps.h"
#include "core/limits.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

namespace takt::fold_steps {

namespace {

double half_lives(Duration duration) { return static_cast<double>(duration.count()) / static_cast<double>(affinity_half_life.count()); }

auto key_of(const Affinity& affinity) { return std::tuple(affinity.dimension, affinity.label); }

/// Decayed to one common instant, as a logarithm: comparable across any span of time without underflow.
double size_of(const Affinity& affinity) { return std::log2(affinity.value) + half_lives(affinity.at.time_since_epoch()); }

} // namespace

void cut_session(CustomerRecord& record, UtcTime t) {
  if (!record.last_activity || t - *record.last_activity >= limits::session_silence) {
    const std::uint32_t ordinal = record.sessions.empty() ? 1 : record.sessions.back().ordinal + 1;
    if (record.sessions.size() >= limits::sessions_max) record.sessions.erase(record.sessions.begin());
    record.sessions.push_back({ordinal, t});
  }
  record.last_activity = std::max(record.last_activity.value_or(t), t);
}

void bound_journey(CustomerRecord& record) {
  auto& journey = record.journey;
  if (journey.size() <= limits::journey_events_max) return;
  journey.erase(journey.begin(), journey.end() - static_cast<std::ptrdiff_t>(limits::journey_events_max));
}

void add_affinity(CustomerRecord& record, const Affinity& amount) {
  auto& all = record.affinities;
  const auto place = std::lower_bound(all.begin(), all.end(), amount, [](const Affinity& a, const Affinity& b) { return key_of(a) < key_of(b); });
  if (place == all.end() || key_of(*place) != key_of(amount)) {
    all.insert(place, amount);
    return;
  }
  // Backward decay (Cormode, Shkapenyuk, Srivastava, Xu 2009): the older of the two shrinks to the time of the younger.
  const double apart = half_lives(amount.at - place->at);
  if (apart >= 0) {
    place->value = place->value * std::exp2(-apart) + amount.value;
    place->at = amount.at;
  } else {
    place->value += amount.value * std::exp2(apart);
  }
}

void bound_affinities(CustomerRecord& record) {
  auto& all = record.affinities;
  if (all.size() <= limits::affinities_max) return;
  std::vector<std::pair<double, std::size_t>> by_size; // ties: the smallest key stays
  by_size.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) by_size.emplace_back(-size_of(all[i]), i);
  const auto first_out = by_size.begin() + static_cast<std::ptrdiff_t>(limits::affinities_max);
  std::nth_element(by_size.begin(), first_out, by_size.end());
  std::vector<bool> leaves(all.size(), false);
  std::for_each(first_out, by_size.end(), [&](const auto& one) { leaves[one.second] = true; });
  std::erase_if(all, [&](const Affinity& one) { return leaves[static_cast<std::size_t>(&one - all.data())]; });
}

void add_journey(CustomerRecord& record, const op::Journey& journey) {
  JourneyEvent event = journey.event;
  event.session = session_at(record, event.at);
  record.journey.push_back(event);
  bound_journey(record);
  const double weight = evidence_of(event.kind) * static_cast<double>(event.weight);
  if (!(weight > 0)) return;
  const auto add = [&](Affinity::Dimension dimension, Symbol label) {
    if (label != Symbol::none) add_affinity(record, {dimension, label, weight, event.at});
  };
  for (const Symbol prefix : journey.category) add(Affinity::Dimension::category, prefix);
  for (const Symbol tag : journey.tags) add(Affinity::Dimension::tag, tag);
  add(Affinity::Dimension::brand, event.brand);
  add(Affinity::Dimension::group, event.group);
  bound_affinities(record);
}

} // namespace takt::fold_steps
