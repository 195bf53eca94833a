#include "engine/train/learn_rates.h"

#include <algorithm>

namespace takt {
namespace {

bool ordered_after(const CustomerRecord& record, const LabelSet& labels, UtcTime shown, UtcTime now) {
  for (const Order& order : record.orders) {
    if (order.at < shown || order.at >= shown + order_after_impression || order.at > now) continue;
    for (const OrderLine& line : order.lines)
      if (line.quantity > 0 && (line.item == labels.item || (labels.group != Symbol::none && line.group == labels.group))) return true;
  }
  return false;
}

} // namespace

void RateCounter::Counts::add(const Counts& other) {
  impressions += other.impressions;
  clicks += other.clicks;
  orders += other.orders;
}

Response RateCounter::Counts::smoothed(const Response& prior, double prior_impressions) const {
  const double all = impressions + prior_impressions;
  return {static_cast<float>((clicks + prior_impressions * static_cast<double>(prior.click)) / all),
          static_cast<float>((orders + prior_impressions * static_cast<double>(prior.order)) / all)};
}

/// P(intended) of the surest click on the entry; 0 without one. The same event stands in the journey, with what its dwell says.
double RateCounter::intent_of(const CustomerRecord& record, const Entry& entry, Symbol item) const {
  double surest = 0;
  for (const Mark& mark : entry.marks) {
    if (mark.kind != MarkKind::clicked || mark.at > now_) continue;
    const auto same = std::find_if(record.journey.rbegin(), record.journey.rend(), [&](const JourneyEvent& event) {
      const bool is_click = event.kind == JourneyKind::promotion_click || event.kind == JourneyKind::message_click;
      return is_click && event.item == item && event.at == mark.at;
    });
    double intent = intent_.of(std::nullopt, Device::unknown);
    if (same != record.journey.rend()) intent = same->dwell_ms ? intent_.of(same->dwell_ms, same->device) : static_cast<double>(same->weight);
    surest = std::max(surest, intent);
  }
  return surest;
}

void RateCounter::add(const CustomerRecord& record) {
  if (record.version == 0 || record.is_bot || record.sealed_into) return;
  for (const Entry& entry : record.ledger.entries) {
    if (entry.origin == EntryOrigin::ghost || entry.origin == EntryOrigin::unverified) continue;
    const LabelSet& labels = record.ledger.labels_of(entry);
    const std::optional<UtcTime> shown = shown_at(entry, labels.medium);
    if (!shown || *shown > now_ || labels.item == Symbol::none) continue;
    items_[labels.item].add({1, intent_of(record, entry, labels.item), ordered_after(record, labels, *shown, now_) ? 1.0 : 0.0});
  }
}

/// Categories from the top down, so that the one above is known.
void RateCounter::rate_kinds(const Catalogue& catalogue, ResponseRates& rates) const {
  std::map<std::pair<std::size_t, Symbol>, std::pair<Counts, Symbol>> categories; // depth, prefix → counts, the one above
  std::map<Symbol, Counts> brands;
  for (const auto& [item, counts] : items_) {
    const auto index = catalogue.find(item);
    if (!index) continue; // gone: it says something of everything, and of nothing that is left
    const LabelSet& labels = catalogue.at(*index).labels;
    for (std::size_t depth = 0; depth < labels.category.size(); ++depth) {
      auto& [sum, above] = categories[{depth, labels.category[depth]}];
      sum.add(counts);
      above = depth == 0 ? Symbol::none : labels.category[depth - 1];
    }
    if (labels.brand != Symbol::none) brands[labels.brand].add(counts);
  }
  for (const auto& [place, entry] : categories) {
    const Response* above = entry.second == Symbol::none ? nullptr : rates.by_category.find(entry.second);
    rates.by_category.emplace(place.second, entry.first.smoothed(above ? *above : rates.of_all, category_rate_prior));
  }
  for (const auto& [brand, counts] : brands) rates.by_brand.emplace(brand, counts.smoothed(rates.of_all, category_rate_prior));
}

LearntRates RateCounter::learnt(const Catalogue& catalogue) const {
  Counts all;
  for (const auto& [item, counts] : items_) all.add(counts);
  LearntRates learnt{{}, static_cast<std::size_t>(all.impressions), static_cast<std::size_t>(all.orders), all.clicks};
  if (all.impressions == 0) return learnt;
  for (const auto& [item, counts] : items_)
    if (catalogue.find(item)) learnt.shown.emplace(item, static_cast<std::uint32_t>(counts.impressions));
  ResponseRates& rates = learnt.rates;
  rates.of_all = all.smoothed({}, item_rate_prior);
  rate_kinds(catalogue, rates);
  for (const auto& [item, counts] : items_)
    if (const auto index = catalogue.find(item)) rates.by_item.emplace(item, counts.smoothed(rates.of_kind(catalogue.at(*index).labels), item_rate_prior));
  return learnt;
}

Result<LearntRates> learn_rates(Store& store, const Catalogue& catalogue, const IntentModel& intent, UtcTime now, const std::function<void(double)>& progress) {
  std::vector<CustomerId> customers;
  TAKT_TRY_VOID(store.records().for_each_customer([&](CustomerId customer) {
    customers.push_back(customer);
    return true;
  }));
  RateCounter counter(now, intent);
  constexpr std::size_t report_every = 1024;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    TAKT_TRY(record, store.records().read(customers[i], Deadline{}));
    counter.add(*record);
    if (i % report_every == 0) progress(static_cast<double>(i) / static_cast<double>(customers.size()));
  }
  return counter.learnt(catalogue);
}

} // namespace takt
